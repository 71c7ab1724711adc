"""A new model's mean over a whole pool of samples, from its results on some of them.

Where other models have seen the samples, results that are not there are completed (`aggregate.completion`);
elsewhere the results of a group speak for the rest of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy.special import expit, logit, stdtrit, xlog1py, xlogy

from aggregate.completion import Pool, Prior, posterior
from aggregate.intervals import check_level, cluster_variance, korn_graubard

_STRANGE = 0.05
"""Chance, before anything is seen, that a new model is of another kind than the others."""

_LEAST = 5
"""Results below which a group does not speak for itself."""

_NEGLIGIBLE = 1e-4

Method = Literal["completed", "plain", "both", "all"]
_Ends = tuple[float, float, float]
"""Mean, low, high."""


@dataclass(frozen=True)
class Estimate:
    """A model's mean over all samples of a part of the pool."""

    mean: float | None
    """None where nothing is known."""

    low: float
    high: float

    samples: int
    observed: int
    """Of the samples, those with a result of the model itself."""

    method: Method
    """`completed`: with what other models tell; `plain`: by the results alone; `both`: the one where other
    models have seen the samples, the other elsewhere; `all`: every sample has its result."""


def estimate(pool: Pool, chosen: np.ndarray, value: np.ndarray, *, level: float = 0.95) -> list[Estimate]:
    """The model's mean over the whole pool, then over each group.

    chosen: (n,) distinct indices. value: (n,) the model's results in [0, 1]; NaN where one is missing (a
    refusal, a timeout): it is completed like those that were not asked for.

    The intervals are about what running every sample would give. Assumes that which samples were chosen, and
    which results are missing, depends on the model's results only through curves and groups. Completed: the
    posterior of a logistic model by Laplace's method, with a prior learned from other models and, beside it, one
    for a model unlike them (chance .05 beforehand); normal on the log-odds scale, with Student's quantile for the
    number of models. Plain: each group's results speak for the rest of it; the interval of `korn_graubard` for
    the mean of the rest, its width times sqrt(1 - n/N) where all groups have their share.

    Raises ValueError for values outside [0, 1], a sample chosen twice, a level not in (0, 1).
    """
    check_level(level)
    chosen, value = np.asarray(chosen), np.asarray(value, np.float64)
    if chosen.shape != value.shape or np.unique(chosen).size != chosen.size:
        raise ValueError("give one value for each chosen sample, and no sample twice")
    there = ~np.isnan(value)
    if not ((value[there] >= 0) & (value[there] <= 1)).all():
        raise ValueError("values must lie in [0, 1], or be NaN where they are missing")
    result = np.full(pool.known.size, np.nan)
    result[chosen] = value
    posteriors = _posteriors(pool, pool.prior, pool.stranger, result) if pool.prior and pool.stranger else []
    groups = [pool.group_of == group for group in range(int(pool.group_of.max()) + 1)]
    return [_of_part(pool, posteriors, result, part, level) for part in (np.ones(result.size, bool), *groups)]


class _Posterior:
    """What a new model's coefficients may be under one prior, and the results that it did not give.

    Args:
        prior: of the coefficients.
        start: where the search for them begins.
        result: (N,) NaN where there is none.
    """

    def __init__(self, pool: Pool, prior: Prior, start: np.ndarray, result: np.ndarray) -> None:
        self._pool, self._prior = pool, prior
        self._seen = pool.known & ~np.isnan(result)
        easiness, features, value = pool.easiness[self._seen], pool.features[self._seen], result[self._seen]
        self.found, self._covariance = posterior(prior, easiness, features, value, start)
        self._chance = expit(pool.easiness + pool.features @ self.found)
        self._weight = self._chance * (1 - self._chance)
        self._result = np.where(self._seen, result, self._chance)
        fitted, away = self._chance[self._seen], self.found - prior.mean
        self.dispersion = float(np.sum((value - fitted) ** 2) / max(np.sum(self._weight[self._seen]), 1e-9))
        self.evidence = float(
            np.sum(xlogy(value, fitted) + xlog1py(1 - value, -fitted)) / prior.dispersion
            - away @ np.linalg.solve(prior.covariance, away) / 2
            + (np.linalg.slogdet(self._covariance)[1] - np.linalg.slogdet(prior.covariance)[1]) / 2
        )

    def mean(self, part: np.ndarray) -> tuple[float, float]:
        """Mean over a part of the known samples, and its variance."""
        size = part.sum()
        rest = part & ~self._seen
        slope = self._weight[rest] @ self._pool.features[rest] / size
        towards = self._covariance @ slope
        variance = slope @ towards + self._prior.dispersion * self._weight[rest].sum() / size**2
        if self._prior.together:
            # How each deviation of a result from its chance moves the error; those of a cluster go together.
            moves = np.where(rest, 1 / size, 0.0)
            moves[self._seen] -= self._pool.features[self._seen] @ towards / self._prior.dispersion
            moves *= np.sqrt(self._weight)
            by_cluster = np.bincount(self._pool.cluster_of, moves)
            variance += self._prior.together * (np.sum(by_cluster**2) - np.sum(moves**2))
        return float(self._result[part].mean()), float(max(variance, 0.0))


def _posteriors(pool: Pool, prior: Prior, stranger: Prior, result: np.ndarray) -> list[tuple[float, _Posterior]]:
    """Posteriors under the prior and under the one for strangers, each with its probability."""
    first = _Posterior(pool, prior, prior.mean, result)
    # A new model may be measured with fewer attempts than the others were.
    prior = replace(prior, dispersion=max(prior.dispersion, first.dispersion))
    stranger = replace(stranger, dispersion=prior.dispersion)
    found = [_Posterior(pool, prior, first.found, result), _Posterior(pool, stranger, stranger.mean, result)]
    odds = np.log([1 - _STRANGE, _STRANGE]) + [one.evidence for one in found]
    weights = np.exp(odds - odds.max())
    weights /= weights.sum()
    return [(float(weight), one) for weight, one in zip(weights, found, strict=True) if weight > _NEGLIGIBLE]


def _completed(
    posteriors: list[tuple[float, _Posterior]], part: np.ndarray, result: np.ndarray, models: int, level: float
) -> _Ends:
    means = [(weight, *one.mean(part)) for weight, one in posteriors]
    mean = sum(weight * centre for weight, centre, _ in means)
    variance = sum(weight * (spread + (centre - mean) ** 2) for weight, centre, spread in means)
    half = stdtrit(models - 1, (1 + level) / 2) * np.sqrt(variance) / (mean * (1 - mean))
    low, high = expit(logit(mean) + np.array([-half, half]))
    given = result[part & ~np.isnan(result)]
    # What is there is certain, and what is not lies between 0 and 1.
    least, rest = given.sum() / part.sum(), 1 - given.size / part.sum()
    low = least if not given.any() else max(float(low), least)
    high = least + rest if (given == 1).all() else min(float(high), least + rest)
    return mean, float(low), float(high)


def _of_part(
    pool: Pool, posteriors: list[tuple[float, _Posterior]], result: np.ndarray, part: np.ndarray, level: float
) -> Estimate:
    """The completed and the plain half of a part, put together."""
    samples, observed = int(part.sum()), int((part & ~np.isnan(result)).sum())
    if samples == observed:
        mean = float(result[part].mean())
        return Estimate(mean, mean, mean, samples, observed, "all")
    known, unknown = part & pool.known, part & ~pool.known
    halves: list[tuple[float, _Ends]] = []
    if pool.prior and known.any():
        halves.append((known.sum() / samples, _completed(posteriors, known, result, pool.prior.models, level)))
    if (unknown & ~np.isnan(result)).any():
        spoken, ends = _plain(pool, result, unknown, level)
        halves.append((spoken * unknown.sum() / samples, ends))
    method: Method = "both" if len(halves) == 2 else "completed" if known.any() else "plain"
    if not halves:
        return Estimate(None, 0.0, 1.0, samples, observed, method)
    share = sum(weight for weight, _ in halves)
    mean = sum(weight * ends[0] for weight, ends in halves) / share
    # The errors of independent halves add in squares (Zou & Donner 2008, Stat. Med. 27:1693); what nothing is
    # known of may have any mean.
    down = sum((weight * (ends[0] - ends[1])) ** 2 for weight, ends in halves) ** 0.5 + (1 - share) * mean
    up = sum((weight * (ends[2] - ends[0])) ** 2 for weight, ends in halves) ** 0.5 + (1 - share) * (1 - mean)
    return Estimate(float(mean), float(max(mean - down, 0)), float(min(mean + up, 1)), samples, observed, method)


def _plain(pool: Pool, result: np.ndarray, part: np.ndarray, level: float) -> tuple[float, _Ends]:
    """How much of a part its results can speak for, as a share, and the mean of that.

    A group's results speak for the rest of the group. Groups with fewer than `_LEAST` speak together, so that it
    hardly matters whether a small one got a sample more or less than its share.
    """
    there = ~np.isnan(result[part])
    group = pool.group_of[part]
    few = np.bincount(group, there)[group] < _LEAST
    stratum = np.where(few, 0, group + 1)
    seen, size = np.bincount(stratum, there), np.bincount(stratum)
    spoken = int(size[seen > 0].sum())
    value = result[part][there]
    weight = (size / np.maximum(seen, 1) - 1)[stratum[there]]
    rest = spoken - value.size
    if not rest:
        return spoken / part.sum(), (float(value.mean()),) * 3
    mean = weight @ value / rest
    _, cluster = np.unique(pool.cluster_of[part][there], return_inverse=True)
    count = np.bincount(cluster, weight)
    variance = cluster_variance(np.bincount(cluster, weight * value), count, np.zeros(count.size, np.int64), 1)
    worth, clusters = rest**2 / (weight @ weight), rest**2 / (count @ count)
    low, high = korn_graubard(np.array([mean]), variance, np.array([worth]), np.array([clusters]), level)
    whole = (value.sum() + rest * mean) / spoken
    left = rest / spoken * (1 + worth / rest) ** 0.5
    ends = whole + left * np.array([0.0, low[0] - mean, high[0] - mean])
    # What is there is certain.
    least, most = value.sum() / spoken, (value.sum() + rest) / spoken
    found, down, up = np.clip(ends, least, most).tolist()
    return spoken / part.sum(), (found, down, up)
