"""Every comparison of two models that measurements hold: chances, ordered values and votes, counted together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import sparse

from aggregate.bootstrap import resampling_units
from aggregate.measurements import Measurements
from kernels.pair_scores import score_covariance, unit_scores
from kernels.wins import win_counts

# Numbers held at once while the scores of several kinds are added.
_BLOCK_CELLS = 2**22


@dataclass(frozen=True, eq=False, kw_only=True)
class Gains:
    """What a comparison adds to the scores of the models in it; (M, M) each, diagonals are not looked at."""

    win: np.ndarray
    """[i, j]: what i gains by beating j."""

    lose: np.ndarray
    """[i, j]: what i gains by losing to j."""

    tie: np.ndarray
    """[i, j]: what i gains by a tie with j."""

    win_extra: np.ndarray | None = None
    """[i, j]: what one further entry, the last, gains when i beats j."""

    tie_extra: np.ndarray | None = None
    """[i, j]: what it gains, once, when i and j tie."""

    @property
    def size(self) -> int:
        """P: entries of a score."""
        return len(self.win) + (self.win_extra is not None)


class PairCounts(Protocol):
    """Comparisons between M models, of which all that a likelihood of pairs asks is additive over units."""

    units: int

    def counts(self, weights: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Wins and ties, (M, M) or, with (B, units) weights of the units, (B, M, M)."""
        ...

    def rows(self) -> np.ndarray:
        """(M,) values and votes of each model."""
        ...

    def meat(self, gains: Gains) -> np.ndarray:
        """(P, P) sum over units of u u', u the sum of the scores of all a unit's comparisons."""
        ...


class Pairs:
    """Comparisons between some of the models of measurements.

    A sample that k of them were measured on makes k(k-1)/2 comparisons, with its weight; a vote makes one, with
    weight 1.
    """

    def __init__(self, m: Measurements, members: np.ndarray | None = None) -> None:
        """members: (M,) bool, all models if not given. Results count them in their order."""
        units = resampling_units(m)
        kept = np.ones(len(m.models), bool) if members is None else members
        self.models, self.units = int(kept.sum()), units.number
        place = np.cumsum(kept) - 1
        mixed = bool(m.chances.any() and not m.chances.all())
        self.parts: list[_Values | _Votes] = [
            _Values(m, units.of_sample, kept, place, chances, m.chances == chances if mixed else None)
            for chances in (True, False)
            if (m.chances == chances).any()
        ]
        self.parts.append(_Votes(m, units.of_vote, kept, place))
        self.parts = [part for part in self.parts if part.unit.size]

    def counts(self, weights: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Wins and ties, (M, M) or, with (B, units) weights of the units, (B, M, M)."""
        shape = (self.models, self.models) if weights is None else (len(weights), self.models, self.models)
        wins, ties = np.zeros(shape), np.zeros(shape)
        for part in self.parts:
            more = part.counts(self.models, weights)
            wins += more[0]
            ties += more[1]
        return wins, ties

    def unit_counts(self) -> tuple[np.ndarray, np.ndarray]:
        """Wins and ties of each unit, (units, M, M): for few units."""
        wins = np.zeros((self.units, self.models, self.models))
        ties = np.zeros_like(wins)
        for part in self.parts:
            part.add_unit_counts(wins, ties)
        return wins, ties

    def rows(self) -> np.ndarray:
        """(M,) values and votes of each model."""
        found = np.zeros(self.models, np.int64)
        for part in self.parts:
            found += part.rows(self.models)
        return found

    def meat(self, gains: Gains) -> np.ndarray:
        """(P, P) sum over units of u u', u the sum of the scores of all a unit's comparisons."""
        if len(self.parts) == 1 and isinstance(self.parts[0], _Values):
            return self.parts[0].covariance(self.models, gains)
        total = np.zeros((gains.size, gains.size))
        width = max(1, _BLOCK_CELLS // gains.size)
        for first in range(0, self.units, width):
            scores = np.zeros((min(width, self.units - first), gains.size))
            for part in self.parts:
                part.add_scores(scores, first, self.models, gains)
            total += scores.T @ scores
        return total


class _Values:
    """Values of one kind: chances, or values of which only the order counts."""

    def __init__(
        self,
        m: Measurements,
        unit_of: np.ndarray,
        members: np.ndarray,
        place: np.ndarray,
        chances: bool,
        of_kind: np.ndarray | None,
    ) -> None:
        self.chances, self.weight, self.unit = chances, m.weight, unit_of
        self.model, self.sample, self.value = m.model, m.sample, m.upward
        self.samples = len(m.samples)
        if not members.all():
            self._keep_rows(members[self.model])
            self.model = place[self.model].astype(np.int32)
        if of_kind is not None:
            self._keep_rows(of_kind[self.sample])
            self.sample = (np.cumsum(of_kind) - 1).astype(np.int32)[self.sample]
            self.samples = int(of_kind.sum())
            self.weight, self.unit = self.weight[of_kind], self.unit[of_kind]
        self.weighted = bool((self.weight != 1).any())

    def _keep_rows(self, rows: np.ndarray) -> None:
        self.model, self.sample, self.value = self.model[rows], self.sample[rows], self.value[rows]

    def rows(self, models: int) -> np.ndarray:
        return np.bincount(self.model, minlength=models)

    def counts(self, models: int, weights: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        weight = self.weight if self.weighted else None
        if weights is not None:
            weight = weights[:, self.unit] if weight is None else weights[:, self.unit] * weight
        return win_counts(
            self.model, self.sample, self.value, models, self.samples, chances=self.chances, weights=weight
        )

    def add_unit_counts(self, wins: np.ndarray, ties: np.ndarray) -> None:
        starts = np.searchsorted(self.unit, np.arange(len(wins) + 1))
        rows = np.searchsorted(self.sample, starts)
        for u in np.flatnonzero(np.diff(rows)):
            here, samples = slice(rows[u], rows[u + 1]), slice(starts[u], starts[u + 1])
            more = win_counts(
                self.model[here],
                self.sample[here] - starts[u],
                self.value[here],
                wins.shape[1],
                samples.stop - samples.start,
                chances=self.chances,
                weights=self.weight[samples] if self.weighted else None,
            )
            wins[u] += more[0]
            ties[u] += more[1]

    def covariance(self, models: int, gains: Gains) -> np.ndarray:
        return score_covariance(
            self.model,
            self.sample,
            self.value,
            self.unit,
            models,
            self.samples,
            chances=self.chances,
            weights=self.weight if self.weighted else None,
            **vars(gains),
        )

    def add_scores(self, scores: np.ndarray, first: int, models: int, gains: Gains) -> None:
        start, stop = np.searchsorted(self.unit, [first, first + len(scores)])
        if start == stop:
            return
        rows = slice(*np.searchsorted(self.sample, [start, stop]))
        unit = self.unit[start:stop]
        scores[np.unique(unit) - first] += unit_scores(
            self.model[rows],
            self.sample[rows] - start,
            self.value[rows],
            unit,
            models,
            int(stop - start),
            chances=self.chances,
            weights=self.weight[start:stop] if self.weighted else None,
            **vars(gains),
        )


class _Votes:
    """Votes, in the order of their units."""

    def __init__(self, m: Measurements, unit_of: np.ndarray, members: np.ndarray, place: np.ndarray) -> None:
        votes = m.votes
        order = np.argsort(unit_of, kind="stable")
        order = order[members[votes.first[order]] & members[votes.second[order]]]
        first, second = place[votes.first[order]], place[votes.second[order]]
        outcome = votes.outcome[order]
        self.unit, self.tied = unit_of[order], outcome == 0.5
        self.winner, self.loser = np.where(outcome == 0, second, first), np.where(outcome == 0, first, second)

    def rows(self, models: int) -> np.ndarray:
        return np.bincount(self.winner, minlength=models) + np.bincount(self.loser, minlength=models)

    def counts(self, models: int, weights: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        won, tied = (self._count(which, models, weights) for which in (~self.tied, self.tied))
        return won, tied + np.swapaxes(tied, -1, -2)

    def add_unit_counts(self, wins: np.ndarray, ties: np.ndarray) -> None:
        more = self.counts(wins.shape[1], np.eye(len(wins)))
        wins += more[0]
        ties += more[1]

    def _count(self, which: np.ndarray, models: int, weights: np.ndarray | None) -> np.ndarray:
        cell = self.winner[which] * models + self.loser[which]
        if weights is None:
            return np.bincount(cell, minlength=models**2).reshape(models, models).astype(np.float64)
        cells = sparse.csr_matrix((np.ones(cell.size), (self.unit[which], cell)), (weights.shape[1], models**2))
        counted: np.ndarray = (cells.T @ weights.T).T
        return counted.reshape(-1, models, models)

    def add_scores(self, scores: np.ndarray, first: int, models: int, gains: Gains) -> None:
        part = slice(*np.searchsorted(self.unit, [first, first + len(scores)]))
        unit, i, j, tied = self.unit[part] - first, self.winner[part], self.loser[part], self.tied[part]
        for entry, gain in self._entries(i, j, tied, models, gains):
            size = scores.shape[1]
            scores += np.bincount(unit * size + entry, gain, scores.size).reshape(scores.shape)

    def _entries(
        self, i: np.ndarray, j: np.ndarray, tied: np.ndarray, models: int, gains: Gains
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """An entry of the score and what it gains, for each vote."""
        yield i, np.where(tied, gains.tie[i, j], gains.win[i, j])
        yield j, np.where(tied, gains.tie[j, i], gains.lose[j, i])
        if gains.win_extra is not None and gains.tie_extra is not None:
            yield np.full(i.size, models), np.where(tied, gains.tie_extra[i, j], gains.win_extra[i, j])
