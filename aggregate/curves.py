"""Each sample's curve: how the chance of passing it grows with a model's ability.

The two-parameter logistic model P(model i passes sample j) = s(easiness_j + slope_j ability_i), by Newton
steps on all samples and all models in turn. Easiness and slope have a normal prior whose mean and covariance
come from the samples themselves (empirical Bayes), so that a sample that few models saw lies near the others
and no sample gets a wild slope from a handful of results.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

_ROUNDS = 30
_PRIOR_FROM = 3
"""Rounds before the prior and the abilities begin to move."""

_HELD = 4
"""Rounds at the end in which the abilities stay, so that the curves settle on them."""

_ABILITY_VARIANCE = 4.0
_STEP = 1.5


@dataclass(frozen=True, eq=False)
class Curves:
    """Curves of N samples, fitted to R results of M models."""

    ability: np.ndarray
    """(M,) in log-odds of a sample of slope 1; their mean is 0."""

    easiness: np.ndarray
    """(N,) log-odds that a model of ability 0 passes."""

    slope: np.ndarray
    """(N,)"""

    mean: np.ndarray
    """(2,) of easiness and slope over samples."""

    covariance: np.ndarray
    """(2, 2) of the same."""

    own_easiness: np.ndarray
    """(R,) as it would be for the row's sample without this row: what the model's own result says of the
    sample is left out, so that the model can be compared with the curve as a new one would be."""

    own_slope: np.ndarray
    """(R,) in the same way."""


def fit_curves(model: np.ndarray, sample: np.ndarray, value: np.ndarray, models: int, samples: int) -> Curves:
    """Fit the curves of `samples` samples.

    model, sample, value: (R,) rows, a chance in [0, 1] each; every model below `models` has one. A sample
    without a row gets the mean curve.

    The curve without a row is one Newton step away from the curve with it (Pregibon 1981, Ann. Statist. 9:705).
    """
    count = np.bincount(model, minlength=models)
    ability = logit((np.bincount(model, value, models) + 0.5) / (count + 1))
    ability -= ability.mean()
    seen = np.bincount(sample, minlength=samples) > 0
    mean, covariance = np.array([0.0, 1.0]), np.diag([4.0, 0.25])
    curve = np.tile(mean[:, None], samples)
    for done in range(_ROUNDS):
        at = ability[model]
        chance = expit(curve[0, sample] + curve[1, sample] * at)
        weight, error = chance * (1 - chance), value - chance
        precision = np.linalg.inv(covariance)
        gradient = _by(sample, (error, error * at), samples) - precision @ (curve - mean[:, None])
        spread = _inverse(
            _by(sample, (weight, weight * at, weight * at * at), samples) + precision[[0, 0, 1], [0, 1, 1], None]
        )
        curve = curve + np.clip(_times(spread, gradient), -_STEP, _STEP)
        if done < _PRIOR_FROM or done == _ROUNDS - 1:
            continue
        mean = curve[:, seen].mean(axis=1)
        covariance = np.cov(curve[:, seen], bias=True) + spread[:, seen].mean(axis=1)[[[0, 1], [1, 2]]]
        if done < _ROUNDS - _HELD:
            slope = curve[1, sample]
            pull, hold = _by(model, (error * slope, weight * slope**2), models)
            ability = ability + np.clip(
                (pull - ability / _ABILITY_VARIANCE) / (hold + 1 / _ABILITY_VARIANCE), -1.0, 1.0
            )
            ability -= ability.mean()
    at = ability[model]
    chance = expit(curve[0, sample] + curve[1, sample] * at)
    lever = _times(spread[:, sample], np.stack([np.ones_like(at), at]))
    share = chance * (1 - chance) * (lever[0] + lever[1] * at)
    own = curve[:, sample] - lever * (value - chance) / np.maximum(1 - share, 0.1)
    return Curves(ability, curve[0], curve[1], mean, covariance, own[0], own[1])


def _by(of: np.ndarray, columns: tuple[np.ndarray, ...], groups: int) -> np.ndarray:
    """(len(columns), groups) sums of columns by group."""
    return np.stack([np.bincount(of, column, groups) for column in columns])


def _inverse(matrix: np.ndarray) -> np.ndarray:
    """Inverses of K symmetric 2 x 2 matrices, kept as (3, K): first, mixed and second entry."""
    a, b, d = matrix
    return np.stack([d, -b, a]) / (a * d - b * b)


def _times(matrix: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """(2, K) products of K such matrices with K vectors (2, K)."""
    return np.stack([matrix[0] * vector[0] + matrix[1] * vector[1], matrix[1] * vector[0] + matrix[2] * vector[1]])
