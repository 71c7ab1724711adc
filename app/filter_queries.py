"""What the filters of the ranking page offer: every value that a snapshot has of it."""

from __future__ import annotations

from app.queries import frame_of
from app.snapshot import Snapshot, cached

MOST_TAGS = 500
"""Tags offered; a filter on the page Build names any."""

_OF_SOURCE = "$source = '' OR list_contains(source, $source)"


@cached
def licences(snapshot: Snapshot) -> list[str]:
    """The licences of models, by name."""
    found = frame_of(
        snapshot, "SELECT DISTINCT licence FROM model WHERE licence <> '' ORDER BY lower(licence), licence"
    )
    return found["licence"].to_list()


@cached
def modalities(snapshot: Snapshot, source: str) -> list[str]:
    """The modalities of a source's samples that are not private; '' is the whole pool."""
    query = f"SELECT DISTINCT modality FROM laid_out WHERE {_OF_SOURCE} ORDER BY modality"
    return frame_of(snapshot, query, source=source)["modality"].to_list()


@cached
def tags(snapshot: Snapshot, source: str) -> list[str]:
    """The most frequent tags of the same samples, most samples first."""
    found = frame_of(
        snapshot,
        f"""
        SELECT tag FROM (SELECT unnest(tags) AS tag FROM laid_out WHERE {_OF_SOURCE})
        GROUP BY tag ORDER BY count(*) DESC, tag LIMIT {MOST_TAGS}
        """,
        source=source,
    )
    return found["tag"].to_list()
