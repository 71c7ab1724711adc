"""What the page of laws asks of a snapshot."""

from __future__ import annotations

import json

import polars as pl

from aggregate.laws.law import HeldOut, Law
from app.queries import frame_of, tables
from app.snapshot import LAWS, Snapshot, cached


def held(snapshot: Snapshot) -> bool:
    """Whether the snapshot was published by an evalhub that puts laws into it."""
    return tables(snapshot) >= LAWS


@cached
def laws(snapshot: Snapshot) -> pl.DataFrame:
    """By name: name, law (JSON), command, fitted_at, since (models of it that have been measured since)."""
    return frame_of(
        snapshot,
        """
        SELECT name, law, command, fitted_at, (
            SELECT count(DISTINCT model_id) FROM measurement
            WHERE measured_at > fitted_at AND list_contains(
                list_transform(json_extract_string(law, '$.models[*]'), lambda one: split_part(one, ' [', 1)),
                model_id
            )
        ) AS since
        FROM law ORDER BY name
        """,
    )


def law_of(row: dict[str, str]) -> Law:
    """The law of one of these rows."""
    return Law.from_json(json.loads(row["law"]))


def verdicts(kept: pl.DataFrame) -> pl.DataFrame:
    """Of the rows of `laws`: family, models, samples, alpha with its ends, verdict, p, laid."""
    found = [(row, law_of(row)) for row in kept.iter_rows(named=True)]
    rows = [
        (
            *(row["name"], len(law.models), law.samples, law.alpha, law.alpha_low, law.alpha_high),
            *(law.verdict, law.p, f"{row['fitted_at']:%Y-%m-%d}"),
        )
        for row, law in found
    ]
    numbers = dict.fromkeys(("alpha", "low", "high"), pl.Float64)
    ends = {"verdict": pl.String, "p": pl.Float64, "laid": pl.String}
    schema = {"family": pl.String, "models": pl.Int64, "samples": pl.Int64, **numbers, **ends}
    return pl.DataFrame(rows, schema=schema, orient="row")


def forecasts(held: HeldOut) -> pl.DataFrame:
    """Of the largest model by the smaller ones: way, forecast, low, high, error."""
    rows = [
        (one.way, one.rate, one.low, one.high, None if one.rate is None else one.rate - held.rate)
        for one in held.forecasts
    ]
    numbers = dict.fromkeys(("forecast", "low", "high", "error"), pl.Float64)
    return pl.DataFrame(rows, schema={"way": pl.String, **numbers}, orient="row")
