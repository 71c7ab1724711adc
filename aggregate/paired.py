"""Strengths from comparisons of models in pairs: what Bradley-Terry and its kin with ties share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol, Self, TypeVar

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from aggregate.basis import Basis
from aggregate.bootstrap import cluster_weights
from aggregate.connectivity import Links
from aggregate.estimates import Estimates, make_ranking
from aggregate.method import Intervals, check_options
from aggregate.pairs import Gains, PairCounts
from aggregate.ranking import Ranking
from aggregate.sandwich import sandwich
from aggregate.strengths import strengths
from kernels.bradley_terry import HalfTies, PairModel, Strengths, curvature, fit_pairs

_NO_TIE_RATE = (
    "no win comes back in a circle, so that no finite tie rate fits: each model was given half a sample won and "
    "half a sample lost against an imaginary average model, and distances are this prior's"
)


class Compared(Basis, Protocol):
    """Results whose comparisons can be counted: `Measurements`, or what was `Counted` of them before."""

    def of_shared(self) -> Self:
        """The part on samples that two models or more were measured on; all votes stay."""
        ...

    def pairs(self, members: np.ndarray | None = None) -> PairCounts:
        """Their comparisons between all models, or those where `members` ((M,) bool) holds."""
        ...


_Compared = TypeVar("_Compared", bound=Compared)


class PairedMethod:
    """A method that fits a model of paired comparisons; a subclass says which, and what it assumes.

    Each sample shared by two models is one comparison, each vote is one; samples that one model saw alone say
    nothing. Groups of models that share nothing are fitted apart. What has no finite fit is tied by the prior of
    `Links`. The variance always holds one imaginary sample more for each model, against an average one and of
    random outcome: it keeps bootstrap replicates finite, and keeps models that only ever tie from looking
    certain.
    """

    name: str
    assumes: str
    unit: str
    pairwise = True

    model: PairModel
    ties = True
    """Whether ties count at all."""

    def __call__(
        self,
        measurements: Compared,
        *,
        level: float = 0.95,
        intervals: Intervals = "sandwich",
        replicates: int = 1000,
        seed: int = 0,
    ) -> Ranking:
        """See `aggregate.method.Method`."""
        check_options(level, intervals, replicates)
        estimates, used = self.estimate(
            measurements, level=level, draws=replicates if intervals == "bootstrap" else 0, seed=seed
        )
        return make_ranking(self, measurements, estimates, level=level, seed=seed, used=used)

    def estimate(
        self, measurements: _Compared, *, level: float = 0.95, draws: int = 0, seed: int = 0
    ) -> tuple[Estimates, _Compared]:
        """Scores with their covariance or, if `draws` are asked for, that many bootstrap replicates instead; and
        the part of the measurements that they rest on."""
        shared = measurements.of_shared()
        used = shared if shared.sample_count else measurements
        pairs = shared.pairs()
        wins, ties = self._counted(pairs.counts())
        half_wins = wins + ties / 2
        met = half_wins + half_wins.T
        half_sample = met.sum(axis=1) / np.maximum(pairs.rows(), 1) / 2
        links = Links(measurements.models, half_wins, half_sample)
        prior = links.prior()
        notes: list[str] = []

        def part(here: np.ndarray) -> _Part:
            block = np.ix_(here, here)
            if self._no_tie_rate(wins[block], ties[block]):
                prior[here, :2] = np.maximum(prior[here, :2], half_sample[here, None])
                notes[:] = [_NO_TIE_RATE]
            return _Part(
                model=self.model if ties[block].any() else HalfTies(),  # without ties all agree
                pairs=pairs if links.groups == 1 else shared.pairs(here),
                wins=wins[block],
                ties=ties[block] if self.ties else None,
                prior=prior[here],
                half_sample=half_sample[here],
            )

        estimates = strengths(
            links,
            half_wins,
            part,
            used,
            level=level,
            draws=draws,
            seed=seed,
            warnings=left_out(measurements, shared),
        )
        return replace(estimates, warnings=(*estimates.warnings, *notes)), used

    def _counted(self, counts: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        wins, ties = counts
        return wins, ties if self.ties else np.zeros_like(ties)

    def _no_tie_rate(self, wins: np.ndarray, ties: np.ndarray) -> bool:
        """Whether the tie parameter has no finite value: no win comes back in a circle, so that strengths far
        apart explain all wins, and any tie rate the ties."""
        if self.model.least is None or not ties.any():
            return False
        return bool(csgraph.connected_components(sparse.csr_matrix(wins > 0), connection="strong")[0] == len(wins))


@dataclass(frozen=True, eq=False, kw_only=True)
class _Part:
    """A group of M models that met; arrays are of these models."""

    model: PairModel
    pairs: PairCounts
    wins: np.ndarray
    ties: np.ndarray | None
    """None where they do not count."""

    prior: np.ndarray
    half_sample: np.ndarray

    @cached_property
    def fitted(self) -> Strengths:
        return self._fit(self.wins, self.ties, self.prior, None)

    def _fit(
        self, wins: np.ndarray, ties: np.ndarray | None, prior: np.ndarray, start: Strengths | None
    ) -> Strengths:
        if ties is not None and self.model.least is None:
            return fit_pairs(self.model, wins + ties / 2, None, prior, start)
        return fit_pairs(self.model, wins, ties, prior, start)

    @property
    def theta(self) -> np.ndarray:
        """(M,) log-strengths."""
        return self.fitted.theta

    def covariance(self) -> np.ndarray:
        """(M, M) of the strengths, from the scores of the units."""
        theta, extra = self.fitted
        models = theta.size
        gap = theta[:, None] - theta
        win, tie = self.model.win(gap, extra), self.model.tie(gap, extra)
        gains = Gains(
            win=win.gap,
            lose=-win.gap.T,
            tie=np.zeros_like(gap) if self.ties is None else tie.gap,
            win_extra=win.extra,
            tie_extra=tie.extra,
        )
        imaginary = self._imaginary_scores()
        meat = self.pairs.meat(gains) + imaginary.T @ imaginary
        bread = curvature(self.model, self.wins, self.ties, self.prior, self.fitted).information
        flat = np.zeros((gains.size, 1))
        flat[:models] = 1
        return sandwich(bread, meat, flat)[:models, :models]

    def _imaginary_scores(self) -> np.ndarray:
        """(K, P) scores of half a sample won and of half a sample lost (and tied) against an average model."""
        theta, extra = self.fitted
        own = theta - theta.mean()
        outcomes = [(1, self.model.win(own, extra)), (-1, self.model.win(-own, extra))]
        if extra is not None:
            outcomes.append((1, self.model.tie(own, extra)))
        away = np.eye(theta.size) - 1 / theta.size
        rows = []
        for sign, slopes in outcomes:
            scores = (sign * self.half_sample * slopes.gap)[:, None] * away
            if slopes.extra is not None:
                scores = np.column_stack([scores, self.half_sample * slopes.extra])
            rows.append(scores)
        return np.concatenate(rows)

    def draws(self, replicates: int, seed: int) -> np.ndarray:
        """(B, M) strengths of replicates; the imaginary outcomes have standard exponential weights."""
        models = self.prior.shape[0]
        outcomes = np.array([1, 1, self.model.least is not None])
        rng = np.random.default_rng([seed, 1])
        found = []
        for weights in cluster_weights(self.pairs.units, replicates, seed, cells=8 * models**2):
            wins, ties = self.pairs.counts(weights)
            chance = rng.standard_exponential((len(weights), models, 3))
            prior = self.half_sample[:, None] * outcomes * chance
            found.append(self._fit(wins, None if self.ties is None else ties, prior, self.fitted).theta)
        return np.concatenate(found)


def left_out(results: Basis, shared: Basis) -> list[str]:
    """Whether samples say nothing because nobody shares them."""
    lone = results.measured_count - shared.measured_count
    if not shared.sample_count or not lone:
        return []
    return [
        f"{lone} of {results.measured_count} measured samples are left out: only one model was measured on each"
    ]
