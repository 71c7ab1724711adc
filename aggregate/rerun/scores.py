"""What models score on all samples of a release, where some of their results are not there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from aggregate.columns import refuse
from aggregate.completion import learn
from aggregate.intervals import check_level
from aggregate.measurements import Measurements
from aggregate.pool_mean import estimate

_ROUNDS = 200
_CLOSE = 1e-7


@dataclass(frozen=True, eq=False)
class Scores:
    """M models on N samples."""

    mean: np.ndarray
    """(M,) of all samples."""

    low: np.ndarray
    high: np.ndarray
    """(M,) interval of what answering every sample would give; the mean itself where every sample is answered."""

    variance: np.ndarray
    """(M,) of that; 0 where every sample is answered."""

    answered: np.ndarray
    """(M,) samples with a result."""


def check_chances(m: Measurements) -> None:
    """Raise MeasurementsError unless these are values of one metric in [0, 1], without votes."""
    if len(m.metrics) > 1:
        names = ", ".join(repr(metric.name) for metric in m.metrics)
        refuse(f"there are several metrics ({names}): name the one to predict")
    if m.votes.outcome.size:
        refuse("votes say no score: give a value for each model and sample, and no votes")
    if m.value.min() < 0 or m.value.max() > 1:
        refuse("values must lie in [0, 1], passed or not or a rate; rescale others")


def drawn_scores(m: Measurements, level: float) -> Scores:
    """Scores of models each of which answered all samples or some drawn at random.

    A model's results speak for the samples of the same tag that it did not answer, by `pool_mean.estimate`: the
    interval takes clusters for drawn as a whole and is wide for a tag without any result.
    Raises ValueError for a level not in (0, 1).
    """
    check_level(level)
    samples, models = len(m.samples), len(m.models)
    answered = m.samples_per_model
    mean = np.bincount(m.model, m.value, models) / answered
    low, high = mean.copy(), mean.copy()
    none = np.empty(0, np.int64)
    # Of no other model: every model speaks for itself.
    pool = learn(none, none, none, samples, group_of=m.tag_of if m.tags else None, cluster_of=m.cluster_of)
    by_model = np.split(np.argsort(m.model, kind="stable"), np.cumsum(answered)[:-1])
    for i in np.flatnonzero(answered < samples):
        own = by_model[i]
        found = estimate(pool, m.sample[own], m.value[own], level=level)[0]
        assert found.mean is not None
        mean[i], low[i], high[i] = found.mean, found.low, found.high
    spread = (high - low) / 2 / special.ndtri((1 + level) / 2)
    return Scores(mean, low, high, spread**2, answered)


def completed_scores(m: Measurements) -> tuple[np.ndarray, np.ndarray]:
    """(M,) scores on all samples of models that may have answered any of them, and (M,) their variances.

    What is not there is taken for ability_i + easiness_s, both fitted by least squares in turn: a model that
    answered the easy half only is not taken for a good one. A score is the plain mean where a model answered
    everything, or shares no sample with another.
    """
    samples, models = len(m.samples), len(m.models)
    answered = m.samples_per_model
    value = m.value.astype(np.float64)
    ability, easiness = np.bincount(m.model, value, models) / answered, np.zeros(samples)
    residual = value - ability[m.model]
    spread = np.bincount(m.model, residual**2, models) / answered
    variance = np.maximum(spread, 0.25 / (answered + 1)) * (1 - answered / samples) / answered
    if (answered == samples).all():
        return ability, np.zeros(models)
    for _ in range(_ROUNDS):
        easiness = np.bincount(m.sample, value - ability[m.model], samples) / m.observers
        before, ability = ability, np.bincount(m.model, value - easiness[m.sample], models) / answered
        if np.abs(ability - before).max() < _CLOSE:
            break
    rest = (samples - answered) * ability + easiness.sum() - np.bincount(m.model, easiness[m.sample], models)
    return np.clip((np.bincount(m.model, value, models) + rest) / samples, 0, 1), variance
