"""Which samples of a pool a new model is to be run on, and what its results on them say of the whole pool.

What other models have shown of the samples (`aggregate.completion`) serves twice: samples that tell most are
chosen with the highest probability, and the results of those not chosen are completed. Samples that no other
model has seen are chosen evenly and speak through their plain mean.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from aggregate.completion import Pool, Prior

_ABILITIES = (-1.5, -0.75, 0.0, 0.75, 1.5)
"""Abilities that a choice must serve, in standard deviations of the prior."""

_TELLING = 0.3
"""Share of the choice that goes where the curves promise most; the rest goes where outcomes vary most, which
is right whatever the curves."""

_ROUNDS = 40
_GOLDEN = (5**0.5 - 1) / 2


def select(pool: Pool, budget: int, *, seed: int = 0, among: np.ndarray | None = None) -> np.ndarray:
    """(min(budget, N),) distinct indices of the samples to run, by chance, in an order to run them in.

    among: (N,) bool, those that may be chosen; if None, all.

    Stopped early, what was run is a choice by the same probabilities. With one seed a larger budget chooses
    mostly the same samples and more. Each group gets its share of the probabilities, to about a sample.

    A sample is chosen with a probability that depends on others' results only: where known, .3 times that
    which minimises the posterior variance to be expected, averaged over abilities, and .7 times one in
    proportion to sqrt(p(1-p)) (Neyman 1934); elsewhere the same for all. The draw: u/probability, smallest
    first (sequential Poisson sampling, Ohlsson 1998, J. Off. Stat. 14:149), with numbers u in (0, 1) that are
    spread evenly over each group in order of difficulty, from a random start.

    Raises ValueError for a budget below 1.
    """
    if budget < 1:
        raise ValueError(f"a budget of {budget} samples runs nothing")
    among = np.ones(pool.known.size, bool) if among is None else among
    samples = int(among.sum())
    size = np.full(pool.known.size, min(budget / max(samples, 1), 1.0))
    known = pool.known & among
    if pool.prior and budget < samples:
        size[known] = _sizes(pool.prior, pool.easiness[known], pool.features[known], budget / samples)
    rng = np.random.default_rng(seed)
    difficulty = np.where(pool.known, -pool.easiness, np.inf)
    order = np.lexsort((rng.random(size.size), difficulty, pool.group_of))
    order = order[among[order]]
    even = (rng.random() + _GOLDEN * np.arange(samples)) % 1
    chosen: np.ndarray = order[np.argsort(even / size[order], kind="stable")[:budget]]
    return chosen


def _sizes(prior: Prior, easiness: np.ndarray, features: np.ndarray, share: float) -> np.ndarray:
    """(n,) probabilities of known samples, `share` on average."""
    n = easiness.size
    middle = expit(easiness + features @ prior.mean)
    towards = prior.covariance @ ((middle * (1 - middle)) @ features)
    towards /= np.sqrt(towards @ np.linalg.solve(prior.covariance, towards))
    chances = [expit(easiness + features @ (prior.mean + at * towards)) for at in _ABILITIES]
    weights = [chance * (1 - chance) for chance in chances]
    varied = _capped(np.sqrt(np.mean(weights, axis=0)), share * n)
    precision = np.linalg.inv(prior.covariance)
    telling = np.full(n, share)
    for _ in range(_ROUNDS):
        # Multiplicative steps by the square root of the gain (Silvey, Titterington & Torsney 1978).
        gain = np.zeros(n)
        for weight in weights:
            known = (features * (weight * telling / prior.dispersion)[:, None]).T @ features + precision
            lever = features @ np.linalg.solve(known, ((1 - telling) * weight) @ features / n)
            gain += weight * (lever + prior.dispersion / n) ** 2
        telling = _capped(telling * np.sqrt(gain), share * n)
    return _TELLING * telling + (1 - _TELLING) * varied


def _capped(size: np.ndarray, total: float) -> np.ndarray:
    """Sizes in proportion, none above 1, that add up to `total`."""
    size = size * (total / size.sum())
    while (size > 1 + 1e-9).any():
        full = size >= 1
        size[full] = 1
        size[~full] *= (total - full.sum()) / size[~full].sum()
    return size
