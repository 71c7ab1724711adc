"""Measurements and votes that logs tell of."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from evalhub.store.hub import Hub
from evalhub.store.measurements import add_measurements
from ingest.importer import Log
from ingest.metrics import Scale

_SAME = """
    model_id = model AND sample_id = sample AND measurement.metric = given.metric AND condition_id = condition
"""


def directions_before(hub: Hub, scales: Mapping[str, Scale]) -> list[tuple[str, str]]:
    """Metrics that the hub has in another direction, and that direction."""
    given = pl.DataFrame(
        [(name, scale.direction) for name, scale in scales.items()],
        schema={"metric": pl.String, "here": pl.String},
        orient="row",
    )
    rows = hub.select(
        "SELECT DISTINCT metric, direction FROM series JOIN given USING (metric) WHERE direction <> here", given
    )
    return [(metric, direction) for metric, direction in rows]


def votes_before(hub: Hub, votes: pl.DataFrame) -> bool:
    """Whether the hub has every one of these votes, each as often as it is here. Equal votes may be two people's:
    so a part of them says nothing."""
    columns = ["model_a", "model_b", "sample", "outcome", "judge"]
    counted = votes.group_by(columns).len("here")
    lacking = hub.select(
        """
        WITH there AS (
            SELECT model_a, model_b, sample_id, outcome, judge, count(*) AS there FROM comparison GROUP BY ALL
        )
        SELECT count(*) FROM given LEFT JOIN there
        ON there.model_a = given.model_a AND there.model_b = given.model_b AND sample_id = sample
           AND there.outcome IS NOT DISTINCT FROM given.outcome AND there.judge = given.judge
        WHERE coalesce(there, 0) < here
        """,
        counted,
    )
    return not votes.is_empty() and lacking[0][0] == 0


def not_told_before(hub: Hub, import_id: str, frame: pl.DataFrame, log: Log) -> pl.DataFrame:
    """The rows of `evalhub.imports.rows.tallied` that no earlier import has told. Equal ones are duplicates;
    where they contradict, what was there first stays. The log hears of both."""
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
    before = pl.DataFrame(
        found,
        schema={
            "place": pl.UInt32,
            "other": pl.String,
            "measured": pl.Boolean,
            "differs": pl.Boolean,
            "there": pl.Float64,
        },
        orient="row",
    )
    # What was missing is there now where only this row has a value.
    twice = placed.join(before, on="place").filter(pl.col("value").is_null() | pl.col("measured"))
    for (other,), rows in twice.group_by("other", maintain_order=True):
        where = "another log of this import" if other == import_id else f"import {other}"
        against = rows.filter(pl.col("differs").fill_null(False))
        told = (
            f"{row['model']} on {row['name']} by {row['metric']} is {row['value']}, there {row['there']}"
            for row in against.iter_rows(named=True)
        )
        log.refuse(f"contradicts {where}", int(against["rows"].sum()), told)
        log.refuse(f"duplicate of {where}", int(rows["rows"].sum()) - int(against["rows"].sum()))
    return placed.join(twice, on="place", how="anti", maintain_order="left").drop("place")


def add_told(hub: Hub, import_id: str, frame: pl.DataFrame) -> None:
    """Keep measurements: the columns of `evalhub.imports.rows.tallied`, kind and direction."""
    names = {"model": "model_id", "sample": "sample_id", "condition": "condition_id"}
    add_measurements(hub, import_id, frame.rename(names).with_columns(seed=pl.lit(0, pl.Int64)))


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
