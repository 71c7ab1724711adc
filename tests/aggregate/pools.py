"""Simulated pools: models of one family, samples with curves, groups that a model may be better or worse at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aggregate.completion import Pool, learn


@dataclass(frozen=True, eq=False)
class Truth:
    """Chances to pass, and the results that came of them."""

    chance: np.ndarray
    """(M, N)"""

    value: np.ndarray
    """(M, N) 0/1."""

    easiness: np.ndarray
    """(N,)"""

    slope: np.ndarray
    """(N,)"""

    group_of: np.ndarray
    """(N,)"""


def simulated(
    seed: int, models: int, samples: int, *, groups: int = 4, stray: float = 0.3, spread: float = 1.0
) -> Truth:
    """Two-parameter logistic results. stray, spread: of models over groups, and of their abilities."""
    rng = np.random.default_rng(seed)
    easiness, slope = rng.normal(0, 1.5, samples), np.exp(rng.normal(0, 0.3, samples))
    group_of = rng.permutation(np.arange(samples) % groups)
    log_odds = easiness + slope * rng.normal(0, spread, (models, 1))
    log_odds += rng.normal(0, stray, (models, groups))[:, group_of]
    chance = 1 / (1 + np.exp(-log_odds))
    return Truth(chance, (rng.random(chance.shape) < chance).astype(float), easiness, slope, group_of)


def learned(truth: Truth, *, without: int = 0, seen: np.ndarray | None = None) -> Pool:
    """What all models but one show of the pool. seen: (M, N) bool, the cells that there are; if None, all."""
    cells = np.ones(truth.value.shape, bool) if seen is None else seen.copy()
    cells[without] = False
    model, sample = np.nonzero(cells)
    return learn(model, sample, truth.value[model, sample], truth.group_of.size, group_of=truth.group_of)
