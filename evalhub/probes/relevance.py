"""How likely a sample is what a query means: before any answer, and with the user's answers.

A Bayesian logistic regression in the manner of Rasmussen and Williams 2006 (Gaussian Processes for Machine
Learning, algorithms 3.1 and 3.2, linear covariance). Before any answer the log odds are a line over similarity,
which held on average over queries whose right samples are known (benchmarks/probes.py); how uncertain its level
and slope are, and which directions of meaning matter, is the prior that answers sharpen. Probabilities are at the
mode.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_solve, solve_triangular
from scipy.special import expit

_LEVEL, _SLOPE = -3.6, 1.45
"""Log odds of a sample at similarity 0, and what a unit of it adds."""

_LEVEL_VARIANCE, _SLOPE_VARIANCE, _DIRECTION_VARIANCE = 1.0, 0.3, 10.0
"""Of the level, of the slope, and of the weight of each coordinate of meaning."""

_Z = 1.959964

_MOST_STEPS = 100
_SHORTEST = 1e-6
"""Part of a Newton step below which it is no use."""

_STILL = 1e-10
"""Gain in log probability below which the mode is reached."""


@dataclass(frozen=True)
class Answered:
    """What the user said of some samples, and what is known of them."""

    similarity: np.ndarray
    """(n,)"""

    directions: np.ndarray
    """(n, D), each of length 1."""

    relevant: np.ndarray
    """(n,) of 0 and 1."""


@dataclass(frozen=True)
class Relevance:
    """Log odds over samples, a linear function of similarity and direction."""

    pivot: float
    """The similarity about which the slope turns."""

    level: float
    slope: float

    weights: np.ndarray
    """(D,) of the directions."""

    _answered: Answered
    _factor: np.ndarray
    """Lower Cholesky factor of I + W^1/2 K W^1/2, (n, n)."""

    _root: np.ndarray
    """(n,) W^1/2: the root of p (1 - p) at the answered samples."""

    @classmethod
    def fit(cls, answered: Answered, pivot: float) -> Relevance:
        """The posterior's mode, by Newton's method; without answers, the prior."""
        turned = answered.similarity - pivot
        prior = _LEVEL + _SLOPE * answered.similarity
        covariance = (
            _LEVEL_VARIANCE
            + _SLOPE_VARIANCE * np.outer(turned, turned)
            + _DIRECTION_VARIANCE * (answered.directions @ answered.directions.T)
        ).astype(float)
        pull = _mode(covariance, prior, answered.relevant)
        chance = expit(prior + covariance @ pull)
        root = np.sqrt(chance * (1 - chance))
        factor = np.linalg.cholesky(np.eye(len(root)) + root[:, None] * covariance * root)
        return cls(
            pivot,
            _LEVEL + _LEVEL_VARIANCE * float(pull.sum()),
            _SLOPE_VARIANCE * float(pull @ turned),
            _DIRECTION_VARIANCE * (answered.directions.T @ pull),
            answered,
            factor,
            root,
        )

    def odds(self, similarity: np.ndarray, along: np.ndarray) -> np.ndarray:
        """(N,) log odds of samples, of their similarity (N,) and how far they lie along `weights` (N,)."""
        result: np.ndarray = self.level + _SLOPE * similarity + self.slope * (similarity - self.pivot) + along
        return result

    def precision(
        self, odds: np.ndarray, similarity: np.ndarray, directions: np.ndarray, certain: np.ndarray
    ) -> tuple[float, float, float]:
        """Share of some samples that is relevant, with a 95 % interval: (estimate, low, high).

        Of the mean over samples of p, a function of the weights that is linear near the mode; the interval is
        symmetric in log odds.

        Args:
            odds: (k,) of the samples.
            similarity: (k,)
            directions: (k, D)
            certain: (k,) 0 and 1 where the user said so, else nan.
        """
        if len(odds) == 0:
            return float("nan"), float("nan"), float("nan")
        open_ = np.isnan(certain)
        chance = np.where(open_, expit(odds), certain)
        share = float(chance.mean())
        pull = np.where(open_, chance * (1 - chance), 0) / len(odds)
        turned = similarity - self.pivot
        level, slope, direction = pull.sum(), pull @ turned, pull @ directions
        spread = (
            _LEVEL_VARIANCE * level**2
            + _SLOPE_VARIANCE * slope**2
            + _DIRECTION_VARIANCE * float(direction @ direction)
        )
        met = (
            _LEVEL_VARIANCE * level
            + _SLOPE_VARIANCE * slope * (self._answered.similarity - self.pivot)
            + _DIRECTION_VARIANCE * (self._answered.directions @ direction)
        )
        if len(met):
            spread -= float(np.sum(solve_triangular(self._factor, self._root * met, lower=True) ** 2))
        # What is left of chance once the weights are known: each sample is relevant or not.
        spread = max(spread, 0.0) + float(pull.sum()) / len(odds)
        within = share * (1 - share)
        if within <= 0:
            return share, share, share
        half = _Z * np.sqrt(spread) / within
        middle = np.log(share / (1 - share))
        return share, float(expit(middle - half)), float(expit(middle + half))


def _mode(covariance: np.ndarray, prior: np.ndarray, relevant: np.ndarray) -> np.ndarray:
    """(n,) a, such that the log odds at the mode of the posterior are prior + covariance @ a: by Newton's method,
    with steps halved until they lead up. The posterior is log-concave: there is one mode."""

    def height(pull: np.ndarray) -> float:
        moved = covariance @ pull
        odds = prior + moved
        return float(relevant @ odds - np.logaddexp(0, odds).sum() - pull @ moved / 2)

    pull, reached = np.zeros(len(prior)), -np.inf
    for _ in range(_MOST_STEPS):
        moved = covariance @ pull
        chance = expit(prior + moved)
        curved = chance * (1 - chance)
        root = np.sqrt(curved)
        factor = np.linalg.cholesky(np.eye(len(root)) + root[:, None] * covariance * root)
        aim = curved * moved + relevant - chance
        whole = aim - root * cho_solve((factor, True), root * (covariance @ aim)) - pull
        step = 1.0
        while (climbed := height(pull + step * whole)) < reached and step > _SHORTEST:
            step /= 2
        pull = pull + step * whole
        if climbed - reached < _STILL:
            break
        reached = climbed
    return pull
