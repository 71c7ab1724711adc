"""The unbiased pass rate of a sample that was stopped at so many passes, or when its interval was narrow.

Passes/attempts is biased wherever the number of attempts depends on how they ended. The share of a pass as the
first outcome among all the ways that lead to where the sample stopped, without stopping before, is not: given the
end, all these ways are equally likely whatever the rate (Girshick, Mosteller & Savage 1946, Ann. Math. Statist.
17:13). For a stop at passes it is the estimate of `aggregate.rates`; for one at a width the ways are counted.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from aggregate.anytime import Narrow

_COUNTED = 5000
"""Attempts up to which ways are counted. Beyond, passes/attempts is too far off by less than one in so many."""


def stopped_rates(passes: ArrayLike, attempts: ArrayLike, narrow: Narrow, target: int | None = None) -> np.ndarray:
    """(n,) estimates of samples that were stopped at `target` passes, if given, or as `narrow` says, or by a cap
    that has nothing to do with how their attempts ended. NaN without an attempt.

    passes, attempts: (n,) where they stopped.

    Raises ValueError for an end that lies behind an earlier stop.
    """
    x, n = np.broadcast_arrays(np.asarray(passes, np.int64), np.asarray(attempts, np.int64))
    if (x < 0).any() or (x > n).any():
        raise ValueError("passes must lie between 0 and attempts")
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.where(x == target, (x - 1) / (n - 1), x / n) if target and target > 1 else x / n
    counted = (n > 0) & (n <= _COUNTED)
    if counted.any():
        rate[counted] = _first_passes(x[counted], n[counted], narrow, target)
    if np.isnan(rate[counted]).any():
        raise ValueError("a sample went on behind a stop: count its attempts only up to there")
    return rate


def _first_passes(x: np.ndarray, n: np.ndarray, narrow: Narrow, target: int | None) -> np.ndarray:
    """Share of the ways to each end that begin with a pass; NaN where none leads there."""
    longest = int(n.max())
    size = min(target or longest, longest) + 1
    found = np.full(x.shape, np.nan)
    ways = np.full(size, -np.inf)
    ways[0] = 0.0
    """Their logarithm, by passes, after as many attempts as the loop has made."""
    first = np.zeros(size)
    number = np.arange(size)
    for made in range(1, longest + 1):
        failed, passed = ways, np.r_[-np.inf, ways[:-1]]
        with np.errstate(invalid="ignore"):
            ways = np.logaddexp(failed, passed)
            share = np.where(ways > -np.inf, np.exp(passed - ways), 0.0)
        before = np.r_[0.0, first[:-1]] if made > 1 else np.ones(size)
        first = share * before + (1 - share) * first
        here = (n == made) & (x < size)
        found[here] = np.where(ways[x[here]] > -np.inf, first[x[here]], np.nan)
        edge = narrow.most(made)
        stops = (np.minimum(number, made - number) <= edge) | (number == target)
        ways = np.where(stops, -np.inf, ways)
    return found
