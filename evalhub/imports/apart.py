"""Contradicting rows of a table that are of several runs: which unread column tells them apart."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import polars as pl

from ingest.tables import frames

_MOST_RUNS = 20
"""A column of more different texts numbers rows; it is no name of a run."""


def telling_column(path: Path, unread: Collection[str], contradicting: pl.DataFrame) -> str | None:
    """The unread column of a table by which no two of the rows contradict each other any more; of several, the one
    that makes the fewest runs.

    contradicting: columns rows and given, lists of row numbers from 1 and of values, for each attempt.
    """
    if not unread:
        return None
    wanted = contradicting.with_row_index("attempt").explode("rows", "given")
    runs: dict[str, set[str]] = {name: set() for name in unread}
    parts, before = [], 0
    for frame in frames(path, spared=("model", "sample", "value"), more=sorted(unread)):
        there = [name for name in runs if name in frame.columns and not frame[name].dtype.is_nested()]
        texts = frame.select(pl.col(there).cast(pl.String))
        for name in there:
            if len(runs[name]) <= _MOST_RUNS:
                runs[name].update(texts[name].drop_nulls().unique().head(_MOST_RUNS + 1))
        numbered = texts.with_columns(rows=pl.int_range(before + 1, before + 1 + frame.height, dtype=pl.Int64))
        parts.append(numbered.join(wanted, on="rows"))
        before += frame.height
    placed = pl.concat(parts, how="diagonal")
    fit = [
        name
        for name in sorted(runs, key=lambda name: (len(runs[name]), name))
        if 1 < len(runs[name]) <= _MOST_RUNS and name in placed.columns and _tells_apart(placed, name)
    ]
    return fit[0] if fit else None


def _tells_apart(placed: pl.DataFrame, column: str) -> bool:
    """Whether every row has a text there, and rows of one attempt with the same one agree."""
    if placed[column].null_count():
        return False
    return placed.group_by("attempt", column).agg(pl.col("given").n_unique())["given"].max() == 1
