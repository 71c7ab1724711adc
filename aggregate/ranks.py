"""Ranks, and the ranges of ranks that the data allow for all models of a group at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, dataclass

import numpy as np
from scipy import special
from scipy.linalg import lapack

from kernels.largest import largest_difference

_LEAST_DRAWS, _MOST_DRAWS, _CELLS = 2000, 20_000, 5e7
"""Normal draws behind a critical value: so many differences in all."""

_STEP = 1e-6
"""By how much less a model counts than the one before where the order of a factor is chosen."""

_LEAST_BEYOND = 5
"""Draws beyond a critical value that it must rest on."""

_BAND_SHARE = 0.1
"""Of the error that a range may make, what is spent on finding the pairs that are far apart."""


@dataclass(frozen=True, eq=False)
class Ranks:
    """Of M models, in the order of the scores given: all arrays (M,) int64."""

    rank: np.ndarray
    """1 is the best of its group; equal scores share a rank and the next one is skipped."""

    rank_low: np.ndarray
    """1 + the models significantly above."""

    rank_high: np.ndarray
    """The models of its group, less those significantly below."""

    tie_group: np.ndarray
    """From the top, a model opens a new group when it is significantly below the first of the present one."""


def ranks_from_draws(
    scores: np.ndarray,
    draws: np.ndarray,
    *,
    level: float,
    clusters: np.ndarray,
    comparable: np.ndarray | None = None,
) -> Ranks:
    """Ranks, simultaneous rank ranges and tie groups from bootstrap draws.

    scores: (M,) estimates, higher is better, equal where they tie.
    draws: (B, M) bootstrap replicates of them, all models of a row resampled together.
    clusters: (M,) clusters that each model was measured on, which widen the intervals where they are few.
    comparable: (M, M) bool, True within groups and nowhere else: of models of different groups there is no
    evidence. Each group is ranked as if it were alone.
    """

    def of_group(at: np.ndarray | slice) -> Ranks:
        wobble = draws[:, at] - scores[at]
        second = np.atleast_2d(np.cov(wobble, rowvar=False))
        return _ranks(scores[at], wobble, second, level, clusters[at])

    return _by_group(comparable, scores.size, of_group)


def ranks_from_covariance(
    scores: np.ndarray,
    covariance: np.ndarray,
    *,
    level: float,
    clusters: np.ndarray,
    comparable: np.ndarray | None = None,
    seed: int = 0,
) -> Ranks:
    """The same from normal draws of a covariance (M, M) of the scores, as `sandwich` gives it.

    What they come to depends neither on the models' names nor on the scores' unit.
    """

    def of_group(at: np.ndarray | slice) -> Ranks:
        spread = covariance[at][:, at]
        return _ranks(scores[at], _normal(scores[at], spread, seed), spread, level, clusters[at])

    return _by_group(comparable, scores.size, of_group)


def _by_group(
    comparable: np.ndarray | None, models: int, of_group: Callable[[np.ndarray | slice], Ranks]
) -> Ranks:
    first = np.zeros(models, np.int64) if comparable is None else comparable.argmax(axis=1)
    groups, sizes = np.unique(first, return_counts=True)
    if groups.size == 1:
        return of_group(slice(None))
    found = np.ones((4, models), np.int64)
    for group in groups[sizes > 1].tolist():
        at = np.flatnonzero(first == group)
        found[:, at] = astuple(of_group(at))
    return Ranks(*found)


def _normal(scores: np.ndarray, covariance: np.ndarray, seed: int) -> np.ndarray:
    """(B, M) normal draws of what the scores are off by."""
    models = scores.size
    deviation = np.sqrt(np.maximum(np.diag(covariance), 0))
    unit = np.divide(1, deviation, where=deviation > 0, out=np.zeros_like(deviation))
    best = np.lexsort((deviation, -scores))
    # Of a matrix that may lack full rank, as where scores add up to 0: Cholesky's, the largest rest first. Of
    # correlations, so that scores in large units do not drown others; they are a little smaller from model to
    # model, so that not rounding, but the score decides who of several equal ones is first.
    weight = 1 / (1 + _STEP * np.arange(models))
    scale = unit[best] * weight
    factor, order, rank, _ = lapack.dpstrf(covariance[np.ix_(best, best)] * scale * scale[:, None], lower=1)
    root = np.tril(factor)[:, :rank]
    normal = np.random.default_rng([seed, 2]).standard_normal((_draws(models), rank))
    wobble = np.empty((len(normal), models))
    wobble[:, best[order - 1]] = normal @ root.T / weight[order - 1]
    wobble *= deviation
    return wobble


def _draws(models: int) -> int:
    """More of them where they cost little: a critical value from 2,000 varies by 2 %, from 20,000 by .6 %."""
    return int(np.clip(_CELLS / max(models, 1) ** 2, _LEAST_DRAWS, _MOST_DRAWS))


def _ranks(
    scores: np.ndarray,
    wobble: np.ndarray,
    covariance: np.ndarray,
    level: float,
    clusters: np.ndarray,
) -> Ranks:
    """Of models that can all be compared."""
    variance = np.diag(covariance)
    gap = scores[:, None] - scores
    se = np.sqrt(np.maximum(variance[:, None] + variance - 2 * covariance, 0))
    # Differences in the last digits of equal draws are rounding, not spread.
    told = se > 1e-12 * np.maximum(1.0, np.abs(gap)) + 1e-7 * np.sqrt(np.maximum(variance[:, None] + variance, 0))
    np.fill_diagonal(told, False)
    per_se = np.divide(1, se, where=told, out=np.zeros_like(se))
    above = _as_normal(gap * per_se, np.minimum(clusters[:, None], clusters))
    better = told & (above > _critical(wobble, above, per_se, told, level))

    rank = 1 + (gap < 0).sum(axis=1)
    tie_group = np.ones(scores.size, np.int64)
    order = np.lexsort((better.sum(axis=0), -better.sum(axis=1), rank)).tolist()
    first = order[0]
    for i in order:
        tie_group[i] = tie_group[first] + better[first, i]
        if better[first, i]:
            first = i
    return Ranks(rank, 1 + better.sum(axis=0), scores.size - better.sum(axis=1), tie_group)


def _as_normal(t: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    """Normal quantiles of the same tails as Student's t of so many clusters, whose variance divides by their
    number: far out, where the largest of many differences lies, no one factor would do."""
    c = np.maximum(clusters, 2)
    tail = special.stdtr(c - 1, -np.abs(t) * np.sqrt((c - 1) / c))
    found: np.ndarray = np.where(t == 0, 0.0, np.sign(t) * -special.ndtri(tail))
    return found


def _critical(wobble: np.ndarray, above: np.ndarray, per_se: np.ndarray, told: np.ndarray, level: float) -> float:
    """How many standard errors i must stand above j, for all pairs, so that with `level` none is wrong.

    The hypotheses are "i is not above j" for each ordered pair. First all differences get bands that hold at
    once with a tenth of the error (Bonferroni): where even the band's end is below 0, i is that far below j and
    its hypothesis is tested from there, not from 0 (Romano, Shaikh & Wolf 2014, Econometrica 82:1979). Then
    the largest T over the hypotheses not yet rejected gives the critical value, until nothing new is
    rejected (step-down: Romano & Wolf 2005, Econometrica 73:1237; for ranks Mogstad, Romano, Shaikh & Wilhelm
    2024, Rev. Econ. Stud. 91:476). The rest of the error is spent there.
    """
    pairs = np.count_nonzero(told)
    if not pairs:
        return np.inf
    share = (1 - level) * _BAND_SHARE
    band = float(special.ndtri(1 - share / pairs))
    # What stands a band's width below 0 even at the band's end is never rejected while the bands hold.
    left = np.nonzero(told & (above > -2 * band))
    columns = np.ascontiguousarray(wobble.T, np.float32)
    while True:
        slack = np.minimum(above[left] + band, 0)
        largest = largest_difference(columns, left[0], left[1], per_se[left], slack)
        critical = max(float(np.quantile(largest, level + share)), 0.0)
        if (1 - level) * len(largest) < _LEAST_BEYOND:  # draws cannot tell; Bonferroni
            critical = float(special.ndtri(1 - (1 - level - share) / left[0].size))
        kept = above[left] <= critical
        if kept.all() or not kept.any():
            return critical
        left = left[0][kept], left[1][kept]
