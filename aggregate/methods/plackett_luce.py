"""Plackett-Luce: strengths from the order of all models that were measured on a sample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from aggregate.bootstrap import cluster_weights, resampling_units
from aggregate.connectivity import Links
from aggregate.estimates import Estimates, make_ranking
from aggregate.measurements import Measurements
from aggregate.method import Intervals, check_options
from aggregate.ranking import Ranking
from aggregate.sandwich import sandwich
from aggregate.strengths import strengths
from kernels.plackett_luce import fit_plackett_luce, make_orders, score_covariance
from kernels.wins import win_counts

_LAST_STEP = 1e-2
"""Of a bootstrap replicate: what is left after it is about its square."""


class PlackettLuce:
    """Score: log-strength; the chance of coming next is in proportion to the strengths of those still to come.

    Each sample is an order of the models measured on it, each vote one of two models. Equal values leave open who
    came first: their likelihood is that of all orders which agree with them, so that samples and votes without a
    difference say nothing. Rates count as values, not as chances. Groups of models that share nothing are fitted
    apart, and what has no finite fit is tied by the prior of `Links`. The variance always holds one imaginary
    order more for each model, against an average one and of random outcome, as with Bradley-Terry.
    """

    name = "plackett-luce"
    assumes = (
        "whoever comes next on a sample is drawn in proportion to strength, whatever came before; equal values "
        "only hide an order, and how many tie does not depend on it; which models were measured on a sample does "
        "not depend on how they do on it"
    )
    unit = "log-odds of coming before the average model on a sample, where no tie hides the order"
    pairwise = False

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
        estimates, used = self.estimate(
            measurements, level=level, draws=replicates if intervals == "bootstrap" else 0, seed=seed
        )
        return make_ranking(self, measurements, estimates, level=level, seed=seed, used=used)

    def estimate(
        self, measurements: Measurements, *, level: float = 0.95, draws: int = 0, seed: int = 0
    ) -> tuple[Estimates, Measurements]:
        """Scores with their covariance or, if `draws` are asked for, that many bootstrap replicates instead; and
        the part of the measurements that they rest on."""
        telling = measurements.of_samples(_differ(measurements))
        used = telling if telling.sample_count else measurements
        rows = _Rows.of(telling)
        wins = rows.wins()
        half_sample = rows.weight_of_a_sample() / 2
        links = Links(measurements.models, wins, half_sample)
        prior = links.prior()[:, :2]
        estimates = strengths(
            links,
            wins,
            lambda here: _Part(rows.among(here), prior[here], half_sample[here]),
            used,
            level=level,
            draws=draws,
            seed=seed,
            warnings=_left_out(measurements, telling),
        )
        return estimates, used


def _differ(m: Measurements) -> np.ndarray:
    """(S,) bool: samples on which not all models did the same."""
    start = np.searchsorted(m.sample, np.arange(len(m.samples), dtype=np.int32))
    if not start.size:
        return np.empty(0, bool)
    differ: np.ndarray = np.minimum.reduceat(m.upward, start) < np.maximum.reduceat(m.upward, start)
    return differ


def _left_out(measurements: Measurements, telling: Measurements) -> tuple[str, ...]:
    silent = len(measurements.samples) - len(telling.samples)
    if not telling.sample_count or not silent:
        return ()
    return (
        f"{silent} of {len(measurements.samples)} measured samples say nothing about the order and are left out: "
        "only one model was measured on each, or all did equally well",
    )


@dataclass(frozen=True, eq=False)
class _Rows:
    """Values and decided votes as samples of one kind, in the order of their units."""

    model: np.ndarray
    """(R,)"""

    sample: np.ndarray
    """(R,) never falling."""

    value: np.ndarray
    """(R,) higher is better."""

    weight: np.ndarray
    """(S,)"""

    unit: np.ndarray
    """(S,) never falling."""

    units: int
    models: int

    @classmethod
    def of(cls, m: Measurements) -> _Rows:
        units, votes = resampling_units(m), m.votes
        found = cls(m.model, m.sample, m.upward, m.weight, units.of_sample, units.number, len(m.models))
        decided = votes.outcome != 0.5
        if not decided.any():
            return found
        outcome, many = votes.outcome[decided], int(decided.sum())
        unit = np.concatenate([found.unit, units.of_vote[decided]])
        order = np.argsort(unit, kind="stable")
        place = np.empty_like(order)
        place[order] = np.arange(order.size)
        sample = place[np.concatenate([m.sample, np.repeat(np.arange(many) + len(m.samples), 2)])]
        row = np.argsort(sample, kind="stable")
        model = np.stack([votes.first[decided], votes.second[decided]], axis=1).ravel()
        value = np.stack([outcome, 1 - outcome], axis=1).ravel()
        return cls(
            np.concatenate([m.model, model])[row],
            sample[row],
            np.concatenate([m.upward, value])[row],
            np.concatenate([m.weight, np.ones(many)])[order],
            unit[order],
            units.number,
            len(m.models),
        )

    def wins(self) -> np.ndarray:
        """(M, M) how often the row came before the column."""
        if not self.weight.size:
            return np.zeros((self.models, self.models))
        weights = None if (self.weight == 1).all() else self.weight
        of = (self.model, self.sample, self.value, self.models, self.weight.size)
        return win_counts(*of, chances=False, weights=weights)[0]

    def weight_of_a_sample(self) -> np.ndarray:
        """(M,) on average over those that a model has."""
        total = np.bincount(self.model, self.weight[self.sample], self.models)
        return total / np.maximum(np.bincount(self.model, minlength=self.models), 1)

    def among(self, members: np.ndarray) -> _Rows:
        """The samples of some models (M,) that share none with others."""
        if members.all():
            return self
        rows = members[self.model]
        kept, sample = np.unique(self.sample[rows], return_inverse=True)
        model = (np.cumsum(members) - 1).astype(np.int32)[self.model[rows]]
        weight, unit = self.weight[kept], self.unit[kept]
        return _Rows(model, sample, self.value[rows], weight, unit, self.units, int(members.sum()))


class _Part:
    """A group of models that met."""

    def __init__(self, rows: _Rows, prior: np.ndarray, half_sample: np.ndarray) -> None:
        """prior: (M, 2) wins and losses against the average. half_sample: (M,)"""
        self.rows, self.half_sample = rows, half_sample
        self.orders = make_orders(rows.model, rows.sample, rows.value, rows.models, rows.weight.size)
        self.theta, self.information = fit_plackett_luce(self.orders, rows.weight, prior)

    def covariance(self) -> np.ndarray:
        """(M, M) of the strengths, from the scores of the units."""
        meat = score_covariance(self.orders, self.theta, self.rows.weight, self.rows.unit)
        away = np.eye(self.theta.size) - 1 / self.theta.size
        for side in (self.theta, -self.theta):
            imaginary = (self.half_sample * special.expit(side))[:, None] * away
            meat += imaginary.T @ imaginary
        return sandwich(self.information, meat, np.ones((self.theta.size, 1)))

    def draws(self, replicates: int, seed: int) -> np.ndarray:
        """(B, M) strengths of replicates; the imaginary outcomes have standard exponential weights."""
        rng = np.random.default_rng([seed, 1])
        found = []
        for weights in cluster_weights(self.rows.units, replicates, seed):
            for weight in weights:
                prior = self.half_sample[:, None] * rng.standard_exponential((self.theta.size, 2))
                drawn = self.rows.weight * weight[self.rows.unit]
                found.append(fit_plackett_luce(self.orders, drawn, prior, self.theta, _LAST_STEP)[0])
        return np.array(found)
