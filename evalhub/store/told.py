"""Measurements and votes that logs tell of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import polars as pl

from evalhub.store.hub import Hub
from evalhub.store.measurements import add_measurements
from ingest.metrics import Scale

_SAME = """
    model_id = model AND sample_id = sample AND measurement.metric = given.metric AND condition_id = condition
"""


class Counts(Protocol):
    """Hears of rows that are not kept."""

    def add(self, reason: str, rows: int, details: list[str]) -> None:
        """So many, for this reason; each with its place."""
        ...


def told_before(hub: Hub, frame: pl.DataFrame, refused: Counts) -> pl.DataFrame:
    """The rows of `evalhub.imports.rows.tallied` that no earlier import has told. Equal ones are duplicates;
    where they contradict, what was there first stays."""
    models = frame["model"].dtype.categories.to_list()
    metrics = frame["metric"].dtype.categories.to_list()
    some = hub.database.execute(
        """
        SELECT count(*) FROM measurement
        WHERE import_id <> '' AND metric IN (SELECT unnest(?::VARCHAR[]))
              AND model_id IN (SELECT unnest(?::VARCHAR[]))
        """,
        [metrics, models],
    ).fetchall()[0][0]
    if not some:
        return frame
    placed = frame.with_row_index("place")
    found = hub.select(
        f"""
        SELECT place, min(import_id), bool_or(measurement.value IS NOT NULL),
               bool_or(measurement.value IS DISTINCT FROM given.value
                       OR measurement.attempts IS DISTINCT FROM given.attempts)
                   FILTER (measurement.value IS NOT NULL AND given.value IS NOT NULL),
               any_value(measurement.value)
        FROM given JOIN measurement ON {_SAME}
        WHERE import_id <> '' GROUP BY place ORDER BY place
        """,
        placed,
    )
    drop = []
    for place, import_id, measured, differs, value in found:
        row = placed.row(place, named=True)
        if row["value"] is not None and not measured:
            continue  # what was missing is there now
        drop.append(place)
        if differs:
            refused.add(
                f"contradicts import {import_id}",
                row["rows"],
                [f"{row['model']} on {row['name']} by {row['metric']} is {row['value']}, there {value}"],
            )
        else:
            refused.add(f"duplicate of import {import_id}", row["rows"], [])
    return placed.filter(~pl.col("place").is_in(drop)).drop("place") if drop else frame


def add_told(hub: Hub, import_id: str, frame: pl.DataFrame, scales: Mapping[str, Scale]) -> None:
    """Keep measurements: the columns of `evalhub.imports.rows.tallied`."""
    metrics = frame["metric"]
    known = [scales[name] for name in metrics.dtype.categories]
    # Names as codes all the way: a join, or texts, would take most of the time of ten million rows.
    frame = frame.with_columns(
        _coded("kind", metrics, [scale.kind for scale in known]),
        _coded("direction", metrics, [scale.direction for scale in known]),
    )
    names = {"model": "model_id", "sample": "sample_id", "condition": "condition_id"}
    add_measurements(hub, import_id, frame.rename(names).with_columns(seed=pl.lit(0, pl.Int64)))


def _coded(name: str, metrics: pl.Series, words: list[str]) -> pl.Series:
    """A column that says a word of each metric."""
    distinct = list(dict.fromkeys(words))
    code = np.array([distinct.index(word) for word in words], np.uint32)
    return pl.Series(name, code[metrics.to_physical().to_numpy()]).cat.to(pl.Enum(distinct))


def add_votes(hub: Hub, import_id: str, source: str, votes: pl.DataFrame) -> None:
    """Keep votes: columns model_a, model_b, sample (an id, or ''), outcome, judge. `source` is that of votes
    without a sample."""
    hub.insert(
        f"""
        INSERT INTO comparison BY NAME
        SELECT model_a, model_b, sample AS sample_id, coalesce(pool.source, vote_source) AS source, outcome, judge,
               '{import_id}' AS import_id, now() AS compared_at
        FROM given LEFT JOIN sample AS pool ON pool.sample_id = sample
        """,
        votes.with_columns(vote_source=pl.lit(source)),
    )
