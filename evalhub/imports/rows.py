"""Rows of a log: doubled ones told, contradicting ones refused, attempts added up to measurements."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl

from aggregate.rates import rates
from ingest.importer import Log

DUPLICATE = "duplicate"
CONTRADICTING = "contradicting duplicates"
_KEY = ("model", "sample", "condition", "metric")


def renamed(column: pl.Series, new: Callable[[list[str]], list[str]]) -> pl.Series:
    """A column of names as an Enum of what `new` makes of its distinct names, in order; two may become one."""
    if column.dtype != pl.Enum:
        column = column.cast(pl.Enum(column.unique(maintain_order=True)))
    names = new(column.dtype.categories.to_list())
    places = {name: place for place, name in enumerate(dict.fromkeys(names))}
    code = np.array([places[name] for name in names], np.uint32)
    return pl.Series(column.name, code[column.to_physical().to_numpy()]).cat.to(pl.Enum(list(places)))


def distinct(frame: pl.DataFrame, log: Log) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Each attempt once. Equal values are duplicates; of different ones nobody knows which is right, and none is
    kept; a value goes before a row that has none. The log hears of what is not kept.

    frame: columns of `ingest.importer.RESULTS`, with names as Enum, and name: what the log calls the sample.

    Returns:
        the rows kept, and for each attempt with contradicting ones their numbers, rows, and values, given: lists.
    """
    twice = _occurs_twice(frame)
    if twice is None:
        return frame, pl.DataFrame(schema={"rows": pl.List(pl.Int64), "given": pl.List(pl.Struct([]))})
    doubled = frame.filter(twice).with_row_index("place")
    key = [*_KEY, "attempt"]
    given = pl.struct("value", "passes", "attempts")
    told = doubled.group_by(key, maintain_order=True).agg(
        given.filter(pl.col("value").is_not_null()).n_unique().alias("values"),
        given.alias("given"),
        pl.col("place").sort_by(pl.col("value").is_null(), "place").first().alias("best"),
        pl.col("row").alias("rows"),
        pl.col("value").alias("all"),
        pl.col("name").first(),
    )
    against = told.filter(pl.col("values") > 1)
    log.refuse(
        CONTRADICTING,
        int(against["rows"].list.len().sum()),
        (
            f"{row['model']} on {row['name']} is {', '.join(map(str, row['all']))} in rows "
            f"{', '.join(map(str, row['rows']))}: none is kept"
            for row in against.iter_rows(named=True)
        ),
    )
    agreeing = told.filter(pl.col("values") <= 1)
    kept = doubled[agreeing["best"].to_list()].drop("place")
    log.refuse(DUPLICATE, int(agreeing["rows"].list.len().sum()) - kept.height)
    return pl.concat([frame.filter(~twice), kept]), against.select("rows", "given")


def _occurs_twice(frame: pl.DataFrame) -> pl.Series | None:
    """Whether each row's attempt is there more than once; None where none is. On numbers, which are sorted much
    faster than rows are grouped."""
    key = np.zeros(frame.height, np.int64)
    size = 1
    for name in _KEY:
        count = len(frame[name].dtype.categories)
        size *= count
        key *= count
        key += frame[name].to_physical().to_numpy()
    count = int(frame["attempt"].max() or 0) + 1
    if size * count >= 2**63:
        found = frame.select(*_KEY, "attempt").is_duplicated()
        return found if found.any() else None
    key *= count
    key += frame["attempt"].to_numpy()
    ordered = np.sort(key)
    if not (ordered[1:] == ordered[:-1]).any():
        return None
    return pl.Series(key).is_duplicated()


def tallied(frame: pl.DataFrame, log: Log) -> pl.DataFrame:
    """One row for each model, sample, condition and metric, as in the store: columns model, sample, condition,
    metric, main, value, passes, attempts, missing, reason, low, high, name, rows (of the log, behind it)."""
    if frame["attempt"].n_unique() <= 1:
        single = frame.with_columns(
            missing=pl.col("value").is_null().cast(pl.Int64), rows=pl.lit(1, pl.Int64)
        ).drop("attempt", "row")
        if single["attempts"].null_count() == single.height:
            none = pl.lit(None, pl.Float64)
            return single.with_columns(low=none, high=none)
        return _with_intervals(single)
    passing = [name for name, scale in log.scales.items() if scale.kind == "binary"]
    counted = pl.col("value").drop_nulls()
    made = (
        frame.group_by(_KEY, maintain_order=True)
        .agg(
            pl.col("main").first(),
            counted.mean().alias("value"),
            counted.sum().cast(pl.Int64).alias("passes"),
            counted.len().cast(pl.Int64).alias("attempts"),
            counted.is_in([0.0, 1.0]).all().alias("whole"),
            pl.col("value").is_null().sum().cast(pl.Int64).alias("missing"),
            pl.col("reason").filter(pl.col("reason") != "").first().fill_null("").alias("reason"),
            pl.col("name").first(),
            pl.len().cast(pl.Int64).alias("rows"),
        )
        .with_columns(
            passes=pl.when(pl.col("metric").cast(pl.String).is_in(passing) & pl.col("whole")).then("passes"),
            reason=pl.when(pl.col("attempts") > 0).then(pl.lit("")).otherwise("reason"),
        )
        .drop("whole")
    )
    return _with_intervals(made)


def _with_intervals(frame: pl.DataFrame) -> pl.DataFrame:
    """With exact intervals of the rates that rest on passes of attempts."""
    counts = frame.select("passes", "attempts").unique().drop_nulls().filter(pl.col("attempts") > 0)
    found = rates(counts["passes"], counts["attempts"], counts["attempts"] + 1)
    known = counts.with_columns(low=pl.Series(found.low), high=pl.Series(found.high))
    return frame.join(known, on=["passes", "attempts"], how="left", maintain_order="left")
