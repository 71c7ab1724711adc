"""The chances that at least one of k attempts passes, and that all do, from the counts that a snapshot holds."""

from __future__ import annotations

import numpy as np
import polars as pl

from aggregate.intervals import mean_interval
from aggregate.rates import pass_all, pass_at

MOST_LEFT_OUT = 0.05
"""The curve ends where a larger share of the samples has too few attempts to say."""


class NoCurve(Exception):
    """The counts do not say how often k attempts would pass; the message says why."""


def pass_curve(tallies: pl.DataFrame) -> pl.DataFrame:
    """k (powers of two, and the last one that can be told), score, low, high (95 %, over clusters of samples),
    samples: the same ones for every k. Beside them all, all_low, all_high: the chance that all of k pass, null
    where samples stopped at fewer passes than k.

    tallies: value, passes, attempts, cluster; see `pair_queries.tallies`. Whether attempts stopped at a pass is
    told from the stored rate: (r-1)/(K-1) where they did, passes/attempts where they did not.

    Raises NoCurve.
    """
    told = tallies.with_columns(targets(tallies)).drop_nulls("target")
    if told.is_empty():
        raise NoCurve("Its rates are not of attempts that were counted here.")
    if told["attempts"].max() == 1:
        raise NoCurve("Every sample had a single attempt: nothing tells what a second one would do.")
    if told["passes"].max() == 1:
        raise NoCurve("No sample has two passes: whether attempts stopped at the first one cannot be told.")
    last = _last(told)
    told = told.filter(_allowed(last))
    counts = [told[name].to_numpy() for name in ("passes", "attempts", "target")]
    cluster = told["cluster"].to_numpy()
    in_a_row = counts[2].min()
    rows = []
    for k in sorted({*(1 << power for power in range(last.bit_length())), last}):
        mean = mean_interval(np.clip(pass_at(k, *counts), 0, 1), cluster)
        every = mean_interval(pass_all(k, *counts), cluster) if k <= in_a_row else None
        ends = (every.mean, every.low, every.high) if every else (None, None, None)
        rows.append((k, mean.mean, mean.low, mean.high, *ends, mean.n))
    names = ["k", "score", "low", "high", "all", "all_low", "all_high", "samples"]
    return pl.DataFrame(rows, schema=names, orient="row")


def targets(tallies: pl.DataFrame) -> pl.Series:
    """Passes at which each sample stopped; one more than its attempts where it did not stop at one, null where its
    rate is neither of these."""
    value, passes, attempts = (tallies[name].to_numpy().astype(float) for name in ("value", "passes", "attempts"))
    whole = np.isclose(value, passes / attempts)
    stopped = (passes > 1) & np.isclose(value, (passes - 1) / np.maximum(attempts - 1, 1))
    sure = passes[stopped & ~whole]
    if sure.size:  # where all attempts pass, both rates are 1: it stopped if others did at as many
        stopped &= ~whole | np.isin(passes, sure)
    else:
        stopped &= ~whole
    target = np.where(stopped, passes, attempts + 1)
    return pl.Series("target", np.where(stopped | whole, target, np.nan)).fill_nan(None).cast(pl.Int64)


def _allowed(k: int) -> pl.Expr:
    """Samples that tell of k attempts."""
    return (pl.col("passes") == pl.col("target")) | (pl.col("attempts") >= k)


def _last(told: pl.DataFrame) -> int:
    """The largest k that enough samples tell of, and not above the most attempts that one had."""
    ends = told.filter(pl.col("passes") != pl.col("target"))["attempts"].sort()
    spared = int(MOST_LEFT_OUT * len(told))
    return int(ends[spared] if len(ends) > spared else told["attempts"].max())
