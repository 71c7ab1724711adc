"""Which sources have a sample: the one that brought it first, and all that brought it again."""

from __future__ import annotations

from collections.abc import Sequence

from evalhub.store.hub import Hub

OF_SOURCE = "source = $source OR sample_id IN (SELECT sample_id FROM origin WHERE source = $source)"
"""SQL condition on sample_id and source, of samples and votes alike: $source has it."""

NAMED = """
    SELECT sample_id, min(source) AS named, arg_min(source_id, source) AS named_id
    FROM origin WHERE list_contains($sources::VARCHAR[], source) GROUP BY sample_id
"""
"""SQL: of each sample that one of $sources has, the first of these by name, and the sample's name in it."""


def sources(hub: Hub) -> dict[str, int]:
    """Number of samples in the pool by source, in order of name. A sample that several have counts for each."""
    rows = hub.database.execute(
        "SELECT source, count(DISTINCT sample_id) FROM origin GROUP BY source ORDER BY source"
    ).fetchall()
    return dict(rows)


def first_sources(hub: Hub, named: Sequence[str] = ()) -> dict[str, set[str]]:
    """By source, of those named or of all, which sources brought its samples first: itself alone, where it shares
    none that another one had before."""
    rows = hub.database.execute(
        """
        SELECT DISTINCT origin.source, sample.source FROM origin JOIN sample USING (sample_id)
        WHERE len($named::VARCHAR[]) = 0 OR list_contains($named::VARCHAR[], origin.source)
        """,
        {"named": list(named)},
    ).fetchall()
    found: dict[str, set[str]] = {}
    for source, first in rows:
        found.setdefault(source, set()).add(first)
    return found
