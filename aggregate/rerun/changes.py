"""How the scores of models change together from one release of samples to the next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse, special

from aggregate.measurements import Measurements
from aggregate.rerun.scores import completed_scores

_ALIKE = (1.0, 10.0)
"""Variance of a change that all models share, in average variances of a result: little or much, as the models run
again tell."""

_ALONE = 0.3
"""Variance of a change of each model alone, in variances of its results."""

_SIZE = 2e-3
"""Variance of a change between releases before any model is run again, in the same unit: the standard deviation
of a score's change is then 3 to 4 points. So much it was between LiveXiv's first two versions (.0013 and .004)."""

_WORTH = 2.0
"""How many models run again that is worth."""

_SHARED = 20.0
"""Shared samples that the average correlation is worth beside that of two models."""

_SIZES = np.geomspace(1e-2, 1e3, 51)
"""Sizes of a change that are tried, as multiples of the one expected."""

_HALVINGS = 50


@dataclass(frozen=True, eq=False)
class Predicted:
    """K models that were not run again."""

    score: np.ndarray
    """(K,)"""

    low: np.ndarray
    high: np.ndarray
    """(K,) ends of the intervals, in [0, 1]."""


@dataclass(frozen=True, eq=False)
class Changes:
    """M models on a release, and how their scores may differ on the next one."""

    score: np.ndarray
    """(M,) on the release."""

    variance: np.ndarray
    """(M,) of these, where a model has not answered every sample."""

    apart: np.ndarray
    """(M, M) covariance of the changes, up to their size, but for what all models share."""

    result_variance: np.ndarray
    """(M,) of a single result."""

    samples: int
    """Of the release."""

    def predict(
        self, rerun: np.ndarray, score: np.ndarray, variance: np.ndarray, samples: int, level: float
    ) -> Predicted:
        """Scores on the next release of all models but those run again.

        rerun: (k,) distinct indices, of at least one model. score, variance: (k,) what these score there, and of
        what they have not answered. samples: of the next release.

        Changes are normal with mean 0 and covariance s (`apart` + a v), v the average variance of a result; to
        these the variances are added. So the best guess of a change is linear in those seen (kriging, Gaussian
        processes). The size s has an inverse gamma prior worth two models, the shared part a is little or much,
        and both are summed over a grid by their likelihood: scores and intervals are those of the mixture of
        normals. Assumes that models that were run again are like the others; one that changes in its own way
        (a new version behind an old name) lies outside any interval drawn from the others.
        """
        rest = np.setdiff1d(np.arange(self.score.size), rerun)
        moved = score - self.score[rerun]
        expected = self._expected(samples)
        size, alike = (grid.ravel()[:, None, None] for grid in np.meshgrid(expected * _SIZES, _ALIKE))
        shared = alike * self.result_variance.mean()
        cross = size * (self.apart[np.ix_(rest, rerun)] + shared)
        seen = size * (self.apart[np.ix_(rerun, rerun)] + shared) + np.diag(variance + self.variance[rerun])
        towards = np.linalg.solve(seen, np.swapaxes(cross, 1, 2))
        likely = (
            -np.linalg.slogdet(seen)[1] / 2
            - np.linalg.solve(seen, moved[None, :, None])[:, :, 0] @ moved / 2
            - (_WORTH / 2 * (np.log(size) + expected / size)).ravel()
        )
        weight = np.exp(likely - likely.max())
        weight /= weight.sum()
        centre = self.score[rest] + np.einsum("qrk,r->qk", towards, moved)
        left = (size * (np.diag(self.apart)[rest] + shared))[:, 0] - np.einsum("qkr,qrk->qk", cross, towards)
        spread = np.sqrt(np.maximum(left, 0) + self.variance[rest])
        ends = [_quantile(weight, centre, spread, tail) for tail in ((1 - level) / 2, (1 + level) / 2)]
        found = np.clip([weight @ centre, *ends], 0, 1)
        return Predicted(found[0], found[1], found[2])

    def expected_error(self, rerun: np.ndarray, variance: np.ndarray, samples: int) -> np.ndarray:
        """(M,) mean absolute error to expect of each model's score, before any model is run again.

        rerun: (k,) indices of the models that will be. variance: (k,) of their scores, 0 where they will answer
        all `samples` of the next release.
        """
        together = self._expected(samples) * (self.apart + _ALIKE[0] * self.result_variance.mean())
        left = np.diag(together) + self.variance
        seen = together[np.ix_(rerun, rerun)] + np.diag(variance + self.variance[rerun])
        left -= np.einsum("mr,rm->m", together[:, rerun], np.linalg.solve(seen, together[rerun]))
        left[rerun] = variance
        error: np.ndarray = np.sqrt(2 / np.pi * np.maximum(left, 0))
        return error

    def _expected(self, samples: int) -> float:
        """The size of a change to expect: of other samples, and of another time."""
        return 1 / self.samples + 1 / samples + _SIZE


def learn_changes(old: Measurements) -> Changes:
    """Read from M models' results on a release how their scores may change.

    On other samples, scores change together as results vary together over samples: models that fail the same
    samples gain or lose alike. Beside it all models may change alike, and each alone.
    """
    models = len(old.models)
    score, variance = completed_scores(old)
    residual = old.value - (np.bincount(old.model, old.value, models) / old.samples_per_model)[old.model]
    shape = (len(old.samples), models)
    table = sparse.csr_matrix((residual, (old.sample, old.model)), shape=shape)
    there = sparse.csr_matrix((np.ones(residual.size), (old.sample, old.model)), shape=shape)
    sums, shared = (table.T @ table).toarray(), (there.T @ there).toarray()
    result_variance = np.maximum(np.diag(sums) / np.diag(shared), 0.25 / (np.diag(shared) + 1))
    deviation = np.sqrt(result_variance)
    correlation = sums / np.outer(deviation, deviation)
    others = ~np.eye(models, dtype=bool)
    usual = correlation[others].sum() / max(shared[others].sum(), 1)
    correlation = (correlation + _SHARED * usual) / (shared + _SHARED)
    np.fill_diagonal(correlation, 1)
    size, direction = np.linalg.eigh(correlation)  # where models answered different samples, some may be below 0
    correlation = (direction * np.maximum(size, 0)) @ direction.T
    apart = correlation * np.outer(deviation, deviation) + _ALONE * np.diag(result_variance)
    return Changes(score, variance, apart, result_variance, len(old.samples))


def choose_models(score: np.ndarray, number: int) -> np.ndarray:
    """(number,) indices of the models to run again, spread over those there are.

    Models in order of their scores are cut into so many equal parts, and the middle of each is taken.
    Raises ValueError unless 1 <= number <= M.
    """
    if not 1 <= number <= score.size:
        raise ValueError(f"{number} of {score.size} models cannot be chosen")
    middle = ((np.arange(number) + 0.5) * score.size / number).astype(int)
    return np.sort(np.argsort(score, kind="stable")[middle])


def _quantile(weight: np.ndarray, centre: np.ndarray, spread: np.ndarray, share: float) -> np.ndarray:
    """(K,) quantiles of mixtures of normals; weight: (Q,), centre and spread: (Q, K)."""
    low, high = (centre - 40 * spread).min(axis=0), (centre + 40 * spread).max(axis=0)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        below = weight @ special.ndtr((middle - centre) / np.maximum(spread, 1e-12)) < share
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return low
