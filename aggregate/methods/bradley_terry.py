"""Bradley-Terry: strengths from who beat whom on the samples that two models share."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from aggregate.bootstrap import cluster_weights, resampling_units
from aggregate.caveats import named
from aggregate.estimates import Estimates, make_ranking
from aggregate.intervals import check_level
from aggregate.measurements import Measurements
from aggregate.method import Intervals, check_intervals
from aggregate.ranking import Ranking
from aggregate.sandwich import centring
from kernels.bradley_terry import fit_bradley_terry
from kernels.wins import win_counts


class BradleyTerry:
    """Score: log-odds of beating the average model. Ties are half a win to each side.

    Each sample shared by two models is one comparison; samples that one model saw alone say nothing. Where
    no finite maximum exists, because somebody was never beaten or never won, every model is also given half
    a sample won and half a sample lost against an imaginary average model, and a warning says so. Bootstrap
    replicates always hold such an imaginary sample, of random outcome (two standard exponential weights):
    it keeps every replicate finite, and keeps a model that never loses from looking certain.
    """

    name = "bradley-terry"
    assumes = (
        "one strength per model decides every comparison on a shared sample, and which samples two models "
        "share does not depend on how they do on them"
    )
    unit = "log-odds of beating the average model on a sample, a tie being half a win"
    pairwise = True

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
        check_level(level)
        check_intervals(intervals)
        shared = measurements.of_samples(measurements.observers > 1)
        wins = _half_wins(shared, None)
        graph = _Graph(measurements.models, wins)
        prior = np.full((len(measurements.models), 2), graph.half_a_sample(shared))
        # The last digits are the solver's; equal records are to tie.
        scores = np.round(fit_bradley_terry(wins, prior if graph.needs_prior else None), 9)

        units = resampling_units(shared)
        rng = np.random.default_rng([seed, 1])
        draws = np.concatenate(
            [
                fit_bradley_terry(
                    _half_wins(shared, weights[:, units.of_sample]),
                    prior * rng.standard_exponential((len(weights), *prior.shape)),
                    scores,
                )
                for weights in cluster_weights(units.number, replicates, seed, cells=4 * wins.size)
            ]
        )
        zero = centring(shared.samples_per_model)
        scores = zero @ scores
        estimates = Estimates(
            scores=scores,
            draws=draws @ zero.T,
            comparable=graph.same_group,
            warnings=(*_left_out(measurements, shared), *graph.warnings(scores)),
        )
        used = shared if shared.samples else measurements
        return make_ranking(self, measurements, estimates, level=level, seed=seed, used=used)


def _left_out(measurements: Measurements, shared: Measurements) -> list[str]:
    """Whether samples say nothing because nobody shares them."""
    lone = len(measurements.samples) - len(shared.samples)
    if not shared.samples or not lone:
        return []
    return [
        f"{lone} of {len(measurements.samples)} measured samples are left out: only one model was measured on each"
    ]


def _half_wins(shared: Measurements, weights: np.ndarray | None) -> np.ndarray:
    wins, ties = win_counts(
        shared.model,
        shared.sample,
        shared.upward,
        len(shared.models),
        len(shared.samples),
        chances=bool(shared.chances.all()),
        weights=weights,
    )
    half: np.ndarray = wins + ties / 2
    return half


class _Graph:
    """Who met and who beat whom: what the comparisons can and cannot order."""

    def __init__(self, models: tuple[str, ...], half_wins: np.ndarray) -> None:
        self.models, self.half_wins = models, half_wins
        # Weighted sums of rates can leave dust where there was no win.
        edges = sparse.csr_matrix(half_wins > 1e-9)
        self.groups, self.group = csgraph.connected_components(edges, connection="weak")
        self.knots, self.knot = csgraph.connected_components(edges, connection="strong")
        self.same_group = self.group[:, None] == self.group
        self.needs_prior = self.knots > 1 or len(models) == 1

    def half_a_sample(self, shared: Measurements) -> float:
        """Half the comparisons that a model has on one sample, on average."""
        return float(self.half_wins.sum() / shared.value.size) if shared.value.size else 0.5

    def warnings(self, scores: np.ndarray) -> list[str]:
        """What stands in the way of one order of all models, and what was done about it."""
        if not self.needs_prior or len(self.models) == 1:
            return []
        met = (self.half_wins + self.half_wins.T).sum(axis=1)
        won = self.half_wins.sum(axis=1)
        found = []
        if (met == 0).any():
            found.append(f"no sample shared with another model, nothing places: {self._names(met == 0)}")
        groups = self._sets(self.group, scores, met > 0)
        if len(groups) > 1:
            found.append(
                f"{len(groups)} groups of models share no sample, their order across groups is not measured: "
                + named(groups)
            )
        knots = self._sets(self.knot, scores, met > 0)
        if len(knots) > len(groups):
            found.append(
                f"the graph of wins is not strongly connected, in {len(knots)} parts a win never came back "
                f"from one to another: {named(knots)}"
            )
        if ((met > 0) & (won >= met - 1e-9)).any():
            found.append(f"won every comparison: {self._names((met > 0) & (won >= met - 1e-9))}")
        if ((met > 0) & (won <= 1e-9)).any():
            found.append(f"lost every comparison: {self._names((met > 0) & (won <= 1e-9))}")
        found.append(
            "no finite strengths fit these wins, so each model was given half a sample won and half a sample "
            "lost against an imaginary average model: the distances between such models are this prior's"
        )
        return found

    def _names(self, which: np.ndarray) -> str:
        return named([self.models[i] for i in np.flatnonzero(which)])

    def _sets(self, label: np.ndarray, scores: np.ndarray, which: np.ndarray) -> list[str]:
        """Models of each label in brackets, the label of the best model first."""
        order = [i for i in np.argsort(-scores, kind="stable") if which[i]]
        return [f"[{self._names(label == one)}]" for one in dict.fromkeys(label[order].tolist())]
