"""Single samples of a snapshot. To find one by its id the whole table is read, by its row nothing else is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
import streamlit as st

from app.queries import BEGINS, frame_of
from app.snapshot import Snapshot

_MOST = 100_000
"""Rows that are remembered, before more are sought."""

_AT = "rowid IN (SELECT unnest($rowids::BIGINT[]))"
"""SQL condition on samples: nothing is read of any others."""


def rowids(snapshot: Snapshot, sample_ids: Sequence[str]) -> list[int]:
    """Where those of these samples that there are stand in the table, in no order. They are sought together, and
    once."""
    known = _known(snapshot.key)
    found = {one: row for one in sample_ids if (row := known.get(one)) is not None}
    if missing := [one for one in sample_ids if one not in found]:
        rows = frame_of(
            snapshot,
            "SELECT sample_id, rowid FROM sample WHERE sample_id IN (SELECT unnest($ids::VARCHAR[]))",
            ids=missing,
        ).rows()
        found.update(rows)
        if len(known) > _MOST:
            known.clear()
        known.update(rows)
    return list(found.values())


def samples(snapshot: Snapshot, sample_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Those of these samples that there are, in order, with `images` as bytes (None where one has been lost)."""
    found = frame_of(
        snapshot,
        f"""
        SELECT sample_id, source, source_id, prompt, choices, reference::VARCHAR AS reference, grader, images,
               cluster, tags, licence, published_at
        FROM sample WHERE {_AT}
        """,
        rowids=rowids(snapshot, sample_ids),
    ).to_dicts()
    kept = frame_of(
        snapshot,
        "SELECT i.image, i.bytes FROM image i WHERE list_contains($images::VARCHAR[], i.image)",
        images=[image for row in found for image in row["images"]],
    )
    by_hash = dict(kept.iter_rows())
    shown = {row["sample_id"]: {**row, "images": [by_hash.get(image) for image in row["images"]]} for row in found}
    return [shown[one] for one in sample_ids if one in shown]


def sample(snapshot: Snapshot, sample_id: str) -> dict[str, Any]:
    """One sample, as `samples` has it."""
    (found,) = samples(snapshot, [sample_id])
    return found


def beginnings(snapshot: Snapshot, sample_ids: Sequence[str]) -> pl.DataFrame:
    """sample_id, source, source_id and how the prompt begins, of samples in this order."""
    found = frame_of(
        snapshot,
        f"SELECT sample_id, source, source_id, {BEGINS} AS question FROM sample WHERE {_AT}",
        rowids=rowids(snapshot, sample_ids),
    )
    wanted = pl.DataFrame({"sample_id": list(sample_ids)}, schema={"sample_id": pl.String})
    return wanted.join(found, on="sample_id", how="left", maintain_order="left")


@st.cache_resource(max_entries=1, show_spinner=False)
def _known(key: tuple[str, str]) -> dict[str, int]:
    """Rows by id of one snapshot; the next one pushes them out."""
    del key
    return {}
