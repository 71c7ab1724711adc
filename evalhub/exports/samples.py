"""The samples that go into an export, batch by batch."""

from __future__ import annotations

import json
from collections.abc import Iterator

from evalhub.errors import EvalhubError
from evalhub.exports.exported import Exported
from evalhub.store.exported import told_samples
from evalhub.store.hub import Hub
from evalhub.store.releases import private_samples
from evalhub.store.samples import load_samples
from evalhub.telling import Tell
from ingest.records import JSON, Sample

_TOGETHER = 200
"""Samples with their images that are in memory at once."""


def chosen_samples(hub: Hub, source: str, limit: int | None, done: Exported, tell: Tell) -> Iterator[list[Sample]]:
    """The samples of a source, or of all (''), in batches. Left out are those of which only the name is known, and
    those of a private release.

    limit: of each source, spread over its tags.

    Raises:
        EvalhubError: there are none.
    """
    told, named = told_samples(hub, source, limit)
    if named:
        done.left_out["only the sample's name is known"] = named
    private = private_samples(hub)
    done.left_out.update(f"private until {private[one]}" for one in told if one in private)
    ids = [one for one in told if one not in private]
    if told and not ids:
        raise EvalhubError(f"these samples are private until {max(private.values())}: export them then")
    if not ids:
        raise EvalhubError(
            f"there is nothing to export: of {named:,} samples only the names are known"
            if named
            else "the pool has no samples yet: evalhub ingest SOURCE brings some in"
        )
    for place in range(0, len(ids), _TOGETHER):
        tell(f"{place:,} of {len(ids):,} samples")
        yield load_samples(hub, ids[place : place + _TOGETHER], [source])


def as_text(value: JSON) -> str:
    """A reference as a text: itself, or JSON where it is none."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
