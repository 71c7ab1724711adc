"""PassUntil: the pass rate of one sample, tried until `target` passes came or the attempts ran out.

Stopping at a pass makes passes/attempts too high: by target/(target-1) for small rates, and without bound
for a target of 1. Here (target-1)/(K-1) is used where the target was reached at attempt K, and
passes/attempts where it was not, which together are unbiased for every target of 2 or more, whatever the
cap (Girshick, Mosteller & Savage 1946). Intervals are exact. A missing attempt (timeout, error, refusal,
truncation) is not counted at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from aggregate.intervals import check_level


@dataclass(frozen=True)
class Rate:
    """Pass rate of one sample."""

    rate: float | None
    """The estimate; None when no attempt counted. 0 only beside a positive `high`."""

    low: float
    high: float

    passes: int
    attempts: int
    """Counted attempts, up to the pass that reached the target."""

    reached: bool
    """Whether the target was reached, so that the last attempt is a pass."""

    @property
    def biased(self) -> bool:
        """True where the target was one pass and came: 1/K is too high, 4.7 times at a true rate of .01."""
        return self.reached and self.passes == 1


@dataclass(frozen=True, eq=False)
class Rates:
    """Pass rates of n samples: the fields of `Rate` as arrays of shape (n,), with NaN for None."""

    rate: np.ndarray
    low: np.ndarray
    high: np.ndarray
    passes: np.ndarray
    attempts: np.ndarray
    reached: np.ndarray


def rates(passes: ArrayLike, attempts: ArrayLike, target: ArrayLike, *, level: float = 0.95) -> Rates:
    """Estimates and exact two-sided intervals of n samples at once.

    passes, attempts: (n,) counted ones, up to and with the pass that reached the target.
    target: (n,) or one number; a sample with `passes == target` is one that stopped there. For a fixed
    number of attempts give a target that cannot be reached (attempts + 1).

    Interval, with a = 1 - level: reached at K, [Beta(a/2; r, K-r+1), Beta(1-a/2; r, K-r)]; else
    Clopper-Pearson over the attempts, which with no pass is [0, 1-(a/2)^(1/n)]; with no attempt, [0, 1].

    Raises ValueError for negative counts, passes above attempts or target, a target below 1.
    """
    check_level(level)
    x, n, r = np.broadcast_arrays(*(np.asarray(a, np.int64) for a in (passes, attempts, target)))
    if (r < 1).any():
        raise ValueError("target must be 1 pass or more")
    if (x < 0).any() or (x > n).any():
        raise ValueError("passes must lie between 0 and attempts")
    if (x > r).any():
        raise ValueError("more passes than the target: count attempts only up to the pass that reached it")
    reached = x == r
    tail = (1 - level) / 2

    with np.errstate(invalid="ignore", divide="ignore"):
        rate = np.where(reached & (r > 1), (x - 1) / (n - 1), x / n)
    # A stop at a pass leaves one failure less to the upper end than Clopper-Pearson has.
    low, high = np.zeros(x.shape), np.ones(x.shape)
    some = x > 0
    low[some] = special.betaincinv(x[some], n[some] - x[some] + 1, tail)
    a, b = np.where(reached, x, x + 1), n - x
    inner = b > 0
    high[inner] = special.betaincinv(a[inner], b[inner], 1 - tail)
    return Rates(rate, low, high, x, n, reached)


def rate(passes: int, attempts: int, target: int, *, level: float = 0.95) -> Rate:
    """`rates` of a single sample."""
    one = rates([passes], [attempts], [target], level=level)
    return Rate(
        float(one.rate[0]) if attempts else None,
        float(one.low[0]),
        float(one.high[0]),
        passes,
        attempts,
        bool(one.reached[0]),
    )


def rate_of(outcomes: Iterable[bool | None], target: int, *, level: float = 0.95) -> Rate:
    """`rate` from outcomes in order of SUBMISSION: True a pass, False a fail, None missing.

    What follows the pass that reaches the target is not looked at. Order of completion would bias the
    rate, since short outputs finish first and are more often right.
    """
    passes = attempts = 0
    for outcome in outcomes:
        if outcome is not None:
            attempts += 1
            passes += outcome
            if passes == target:
                break
    return rate(passes, attempts, target, level=level)


def pass_at(k: int, passes: ArrayLike, attempts: ArrayLike, target: ArrayLike) -> np.ndarray:
    """(n,) unbiased estimates of the chance that at least one of k attempts passes; arguments as for `rates`.

    One minus an estimate of (1-p)^k: where the target r was reached at K, C(K-1-k, r-1)/C(K-1, r-1); else
    C(n-k, x)/C(n, x). The formula for a fixed number of attempts would be biased by the stop. NaN where the target
    was not reached within k attempts: there is no unbiased estimate from so few.

    Raises ValueError for k below 1.
    """
    if k < 1:
        raise ValueError(f"pass@{k} is the chance of no attempt: k must be 1 or more")
    x, n, r = np.broadcast_arrays(*(np.asarray(a, np.int64) for a in (passes, attempts, target)))
    reached = x == r
    some, among = x - reached, n - reached
    # A stop at a pass says nothing new by that pass: it was bound to come.
    failed = _all_among(k, among - some, among)
    return np.where(~reached & (n < k), np.nan, 1 - failed)


def pass_all(k: int, passes: ArrayLike, attempts: ArrayLike, target: ArrayLike) -> np.ndarray:
    """(n,) unbiased estimates of the chance that all of k attempts pass (pass^k); arguments as for `rates`.

    The share of the ways to where a sample stopped that begin with k passes: where the target r was reached at K,
    C(r-1, k)/C(K-1, k), and for k = r whether K is r; else C(x, k)/C(n, k). NaN for k above r, where the only
    unbiased estimate takes values below 0 (-1/r where K is r+1, for k = r+1), and for fewer than k attempts
    without the target, where there is none.

    Raises ValueError for k below 1.
    """
    if k < 1:
        raise ValueError(f"pass^{k} is the chance of no attempt: k must be 1 or more")
    x, n, r = np.broadcast_arrays(*(np.asarray(a, np.int64) for a in (passes, attempts, target)))
    reached = x == r
    passed = np.where(reached & (r == k), n == k, _all_among(k, x - reached, n - reached))
    return np.where((k > r) | (~reached & (n < k)), np.nan, passed)


def _all_among(k: int, some: np.ndarray, among: np.ndarray) -> np.ndarray:
    """C(some, k)/C(among, k), the chance that k drawn from `among` are all of the `some`; 0 for fewer than k."""
    with np.errstate(invalid="ignore"):
        chance = np.exp(
            special.gammaln(some + 1)
            - special.gammaln(some - k + 1)
            - special.gammaln(among + 1)
            + special.gammaln(among - k + 1)
        )
    return np.where(some < k, 0.0, np.clip(chance, 0, 1))
