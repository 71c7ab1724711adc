"""What other models' results tell of a pool's samples, and how a new model's results on some complete the rest.

Each sample has a curve (`aggregate.curves`) and thereby a few features: its slope and easiness, their squares
and product, and its group. A model is a logistic regression on these features. The prior of its coefficients
is how those of the other models vary, each fitted to curves that know nothing of it: it holds how able models
are and how far they stray from the curves, and so how far a completed result can be trusted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit

from aggregate.curves import fit_curves

LEAST_MODELS = 5
"""Other models below which nothing is learned from them."""

_LEAST_RESULTS = 20
"""Results below which a model is not learned from."""

_MOST_RESULTS = 20_000
"""Results of a model that the prior is learned from; more would only take time."""

_MOST_GROUPS = 32
"""Groups, the largest, that a model may be better or worse at than at the others."""

_CURVE = 6
"""Features that come from a curve; those of the groups follow."""

_STRAY = 0.2
"""Standard deviation of a coefficient (but ability's) while no model has told anything of it ..."""

_WORTH = 4.0
"""... and how many models that is worth."""

_ANY = 3.0
"""Standard deviation of the log-odds to pass of a model of which nothing is known."""

_ROUNDS = 12


@dataclass(frozen=True, eq=False)
class Prior:
    """How the Q coefficients of models vary."""

    mean: np.ndarray
    """(Q,)"""

    covariance: np.ndarray
    """(Q, Q), that of the mean's own uncertainty added."""

    dispersion: float
    """Variance of a result about its chance p, as a multiple of p(1-p): 1 for 0/1 results, less for rates."""

    together: float
    """The same multiple for the covariance of two results in one cluster."""

    models: int
    """Other models that it was learned from."""


@dataclass(frozen=True, eq=False)
class Pool:
    """N samples and what is known of them. Made by `learn`."""

    group_of: np.ndarray
    """(N,) group of each sample, from 0: parts that a model may be better or worse at."""

    cluster_of: np.ndarray
    """(N,) cluster of each sample, from 0."""

    known: np.ndarray
    """(N,) bool: whether other models have shown its curve; nowhere if `prior` is None."""

    easiness: np.ndarray
    """(N,) log-odds that the average model passes, where known."""

    features: np.ndarray
    """(N, Q) what one more unit of a coefficient adds to the log-odds, where known."""

    prior: Prior | None
    """None where there are fewer than `LEAST_MODELS` other models."""

    stranger: Prior | None
    """Beside it, that of a model for which easiness need not mean anything: any log-odds to pass, whatever the
    sample, as likely as not. A model that fails everything or has learned answers by heart is of this kind."""


def learn(
    model: np.ndarray,
    sample: np.ndarray,
    value: np.ndarray,
    samples: int,
    *,
    group_of: np.ndarray | None = None,
    cluster_of: np.ndarray | None = None,
) -> Pool:
    """Read what M models' R results tell of a pool of N samples.

    model, sample: (R,) indices from 0, no pair twice; a model may have seen any part of the pool. value: (R,)
    in [0, 1], passed or not, or a pass rate; missing ones must be left out. samples: N.
    group_of, cluster_of: (N,) indices from 0; if None, one group, and every sample a cluster of its own.

    Models with fewer than 20 results are left out. Time and memory grow with R.
    Raises ValueError for values outside [0, 1], lists of different lengths, indices out of range.
    """
    model, sample, value = np.asarray(model), np.asarray(sample), np.asarray(value, np.float64)
    group_of = np.zeros(samples, np.int64) if group_of is None else np.asarray(group_of)
    cluster_of = np.arange(samples) if cluster_of is None else np.asarray(cluster_of)
    if not model.shape == sample.shape == value.shape or not group_of.shape == cluster_of.shape == (samples,):
        raise ValueError("give model, sample and value of each result, group_of and cluster_of of each sample")
    if not ((value >= 0) & (value <= 1)).all():
        raise ValueError("values must lie in [0, 1]; leave missing ones out and rescale others")
    if sample.size and not 0 <= sample.min() <= sample.max() < samples:
        raise ValueError(f"indices of samples must lie between 0 and {samples - 1}")
    enough = np.bincount(model) >= _LEAST_RESULTS
    models, rows = int(enough.sum()), enough[model]
    known = np.zeros(samples, bool)
    if models < LEAST_MODELS:
        return Pool(group_of, cluster_of, known, np.zeros(samples), np.zeros((samples, 0)), None, None)
    model, sample, value = (np.cumsum(enough) - 1)[model[rows]], sample[rows], value[rows]
    known[sample] = True
    curves = fit_curves(model, sample, value, models, samples)
    groups = np.argsort(-np.bincount(group_of[known]), kind="stable")[:_MOST_GROUPS]
    groups = groups if groups.size > 1 else groups[:0]
    scale = np.sqrt(np.diag(curves.covariance))

    def features(easiness: np.ndarray, slope: np.ndarray, group: np.ndarray) -> np.ndarray:
        z, u = (easiness - curves.mean[0]) / scale[0], (slope - curves.mean[1]) / scale[1]
        return np.column_stack([slope, np.ones_like(z), z, z * z, z * u, u * u, group[:, None] == groups])

    kept = _thin(model)
    model, sample, value = model[kept], sample[kept], value[kept]
    easiness, slope = curves.own_easiness[kept], curves.own_slope[kept]
    prior = _learn_prior(
        model, easiness, features(easiness, slope, group_of[sample]), value, cluster_of[sample], curves.ability
    )
    # The offset is easiness = mean + scale z: taken away, the same chance is left for every sample.
    mean, free = np.zeros_like(prior.mean), np.zeros_like(prior.mean)
    mean[1:3], free[1:3] = [-curves.mean[0], -scale[0]], [_ANY, scale[0]]
    stranger = replace(prior, mean=mean, covariance=prior.covariance + np.diag(free**2))
    full = features(curves.easiness, curves.slope, group_of)
    return Pool(group_of, cluster_of, known, curves.easiness, full, prior, stranger)


def posterior(
    prior: Prior, offset: np.ndarray, features: np.ndarray, value: np.ndarray, start: np.ndarray, rounds: int = 30
) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients (Q,) and their covariance (Q, Q) from n results, by Newton's method from `start`.

    offset: (n,) log-odds; features: (n, Q); value: (n,) in [0, 1].
    """
    precision = np.linalg.inv(prior.covariance)
    coefficients = start
    for _ in range(rounds):
        chance = expit(offset + features @ coefficients)
        weight = chance * (1 - chance) / prior.dispersion
        curvature = (features * weight[:, None]).T @ features + precision
        pull = features.T @ (value - chance) / prior.dispersion - precision @ (coefficients - prior.mean)
        step = np.linalg.solve(curvature, pull)
        coefficients = coefficients + step * min(1.0, 2 / max(np.abs(step).max(), 1e-9))
        if np.abs(step).max() < 1e-6:
            break
    return coefficients, np.linalg.inv(curvature)


def _thin(model: np.ndarray) -> np.ndarray:
    """Rows that the prior is learned from: of each model at most `_MOST_RESULTS`, by chance."""
    shuffled = np.random.default_rng(0).permutation(model.size)
    shuffled = shuffled[np.argsort(model[shuffled], kind="stable")]
    first = np.searchsorted(model[shuffled], model[shuffled])
    return shuffled[np.arange(model.size) - first < _MOST_RESULTS]


def _learn_prior(
    model: np.ndarray,
    offset: np.ndarray,
    features: np.ndarray,
    value: np.ndarray,
    cluster: np.ndarray,
    ability: np.ndarray,
) -> Prior:
    """The prior by expectation-maximisation over models; rows are sorted by model, features know nothing of
    their row's model. A covariance of `_WORTH` models of our own stands beside theirs, so that few models, or
    groups that few have seen, leave a sane one."""
    models, q = ability.size, features.shape[1]
    parts = [slice(*ends) for ends in np.searchsorted(model, np.arange(models)[:, None] + [0, 1])]
    guess = np.full(q, _STRAY**2)
    guess[0] = ability.var() + 0.25
    found = np.zeros((models, q))
    found[:, 0] = ability
    prior = Prior(np.zeros(q), np.diag(guess), 1.0, 0.0, models)
    for _ in range(_ROUNDS):
        spread = np.zeros((q, q))
        for i, part in enumerate(parts):
            found[i], covariance = posterior(prior, offset[part], features[part], value[part], found[i], 2)
            spread += covariance
        mean = np.where(np.arange(q) < _CURVE, found.mean(axis=0), 0.0)
        spread += (found - mean).T @ (found - mean)
        new = np.zeros((q, q))
        curve, group = slice(_CURVE), slice(_CURVE, q)
        new[curve, curve] = (spread[curve, curve] + _WORTH * np.diag(guess[curve])) / (models + _WORTH)
        if q > _CURVE:  # groups are exchangeable: one variance for all
            count = models * (q - _CURVE)
            new[group, group] = (
                np.eye(q - _CURVE) * (np.trace(spread[group, group]) + _WORTH * guess[-1]) / (count + _WORTH)
            )
        chance = expit(offset + (features * found[model]).sum(axis=1))
        weight, error = chance * (1 - chance), value - chance
        prior = Prior(mean, new, float(np.sum(error**2) / np.sum(weight)), 0.0, models)
    _, pair = np.unique(np.stack([model, cluster]), axis=1, return_inverse=True)
    shared = np.bincount(pair, np.sqrt(weight)) ** 2 - np.bincount(pair, weight)
    excess = np.bincount(pair, error) ** 2 - np.bincount(pair, error**2)
    together = float(excess.sum() / shared.sum()) if shared.sum() > 1e-9 else 0.0
    return Prior(
        prior.mean,
        prior.covariance * (1 + 1 / models),
        prior.dispersion,
        float(np.clip(together, 0, prior.dispersion)),
        models,
    )
