"""Scores that are shares of comparisons won, without a model of strengths: what win rate and Borda share."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from aggregate.bootstrap import cluster_weights
from aggregate.connectivity import Links
from aggregate.estimates import Estimates, make_ranking
from aggregate.intervals import korn_graubard
from aggregate.measurements import Measurements
from aggregate.method import Intervals, check_options
from aggregate.paired import left_out
from aggregate.pairs import Gains, Pairs
from aggregate.ranking import Ranking


class Shares(NamedTuple):
    """Scores as weighted sums over comparisons: each adds scale x (1 if won, 1/2 if tied)."""

    score: np.ndarray
    """(..., M)"""

    scale: np.ndarray
    """(..., M, M) what a comparison with the column counts in the row's score."""

    expected: np.ndarray
    """(..., M, M) what a comparison with the column must bring to leave the row's score as it is."""


class ShareMethod:
    """A method whose score is a share of comparisons won, a tie being half a win.

    The interval is that of a mean of values in [0, 1] (Korn & Graubard), with the variance linearised over
    clusters; rank ranges hold an imaginary further cluster of any outcome, as those of `Mean` do.
    """

    name: str
    assumes: str
    unit: str
    pairwise: bool

    def shares(self, half_wins: np.ndarray, met: np.ndarray) -> Shares:
        """From (..., M, M) half-wins and comparisons; a model without any has score 1/2."""
        raise NotImplementedError

    def weighed(self, measurements: Measurements) -> Measurements:
        """The measurements with the weights of this method."""
        return measurements

    def caution(self, shared: Measurements, met: np.ndarray) -> list[str]:
        """Whether models were compared on unequal terms."""
        raise NotImplementedError

    def __call__(
        self,
        measurements: Measurements,
        *,
        level: float = 0.95,
        intervals: Intervals = "sandwich",
        replicates: int = 1000,
        seed: int = 0,
    ) -> Ranking:
        """See `aggregate.method.Method`."""
        check_options(level, intervals, replicates)
        shared = self.weighed(measurements.of_shared())
        used = shared if shared.sample_count else measurements
        pairs = shared.pairs()
        half_wins = _half_wins(*pairs.counts())
        met = half_wins + half_wins.T
        shares = self.shares(half_wins, met)
        links = Links(measurements.models, half_wins, np.zeros(len(measurements.models)))
        clusters, rows = np.maximum(shared.units_per_model, 1), np.maximum(pairs.rows(), 1)

        gains = Gains(
            win=shares.scale * (1 - shares.expected),
            lose=shares.scale * (0 - shares.expected),
            tie=shares.scale * (0.5 - shares.expected),
        )
        spread = pairs.meat(gains)
        variance = np.diag(spread) * clusters / np.maximum(clusters - 1, 1)
        low, high = korn_graubard(shares.score, variance, rows, clusters, level)
        lone = met.sum(axis=1) == 0
        draws = None
        if intervals == "bootstrap":
            draws = self._draws(pairs, shares.score, replicates, seed)
            draws += np.random.default_rng([seed, 1]).standard_normal(draws.shape) / clusters
        estimates = Estimates(
            scores=np.round(shares.score, 12),
            covariance=spread + np.diag(1.0 / clusters**2),
            draws=draws,
            low=np.where(lone, 0.0, low),
            high=np.where(lone, 1.0, high),
            comparable=links.comparable,
            warnings=(
                *left_out(measurements, shared),
                *links.group_warnings(shares.score),
                *self.caution(shared, met),
            ),
        )
        return make_ranking(self, measurements, estimates, level=level, seed=seed, used=used)

    def _draws(self, pairs: Pairs, score: np.ndarray, replicates: int, seed: int) -> np.ndarray:
        """(B, M) scores of replicates; one without any of a model's comparisons gets its score."""
        found = []
        for weights in cluster_weights(pairs.units, replicates, seed, cells=8 * score.size**2):
            half_wins = _half_wins(*pairs.counts(weights))
            met = half_wins + np.swapaxes(half_wins, -1, -2)
            found.append(np.where(met.sum(axis=-1) > 0, self.shares(half_wins, met).score, score))
        return np.concatenate(found)


def _half_wins(wins: np.ndarray, ties: np.ndarray) -> np.ndarray:
    return wins + ties / 2
