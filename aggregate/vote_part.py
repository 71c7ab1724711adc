"""The votes' share of a likelihood: comparisons with ties after Davidson (1970, JASA 65:317)."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from aggregate.latent_part import Curvature, Gradient, Scores
from aggregate.measurements import Measurements


class VotePart:
    """a wins, ties, b wins in proportion exp(g/2), nu, exp(-g/2), with g = scale * (ability_a - ability_b).

    Own parameters: log scale unless this is the `first` part; log nu if any vote is a tie.
    """

    def __init__(self, measurements: Measurements, unit: np.ndarray, *, first: bool) -> None:
        votes = measurements.votes
        self.votes, self.first = votes, first
        self.ties = bool((votes.outcome == 0.5).any())
        self.samples = np.empty(0, np.int64)
        self.unit, self.weight = unit, np.ones(votes.outcome.size)
        self.own_start = np.zeros((not first) + self.ties)
        self.nodes = 0

    def _terms(self, ability: np.ndarray, own: np.ndarray) -> tuple[np.ndarray, ...]:
        """Scale, gap of abilities, chances of the tie, expected half-wins of the first; log-likelihoods."""
        scale = 1.0 if self.first else np.exp(own[0])
        gap = ability[self.votes.first] - ability[self.votes.second]
        logs = np.zeros((3, gap.size))
        logs[0], logs[2] = scale * gap / 2, -scale * gap / 2
        logs[1] = own[-1] if self.ties else -np.inf
        logs -= np.logaddexp.reduce(logs, axis=0)
        which = np.rint(2 - 2 * self.votes.outcome).astype(np.int64)
        tie = np.exp(logs[1])
        return np.array(scale), gap, tie, np.exp(logs[0]) + tie / 2, logs[which, np.arange(gap.size)]

    def _scores(self, ability: np.ndarray, own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(V,) by the ability of the first (its negative by the second's), and (V, P) by the own parameters."""
        scale, gap, tie, expected, _ = self._terms(ability, own)
        by_gap = self.votes.outcome - expected
        columns = [] if self.first else [scale * gap * by_gap]
        if self.ties:
            columns.append((self.votes.outcome == 0.5) - tie)
        return scale * by_gap, np.stack(columns, axis=1) if columns else np.empty((gap.size, 0))

    def gradient(self, ability: np.ndarray, own: np.ndarray, mean: np.ndarray) -> Gradient:
        """See `LatentPart.gradient`; `mean` is empty, since a vote has no difficulty."""
        by_first, by_own = self._scores(ability, own)
        by_first = self.weight * by_first
        by_ability = np.bincount(self.votes.first, by_first, ability.size)
        by_ability -= np.bincount(self.votes.second, by_first, ability.size)
        return Gradient(
            float(self.weight @ self._terms(ability, own)[-1]),
            by_ability,
            self.weight @ by_own,
            mean,
            np.zeros(ability.size),
        )

    def curvature(self, ability: np.ndarray, own: np.ndarray, mean: np.ndarray) -> Curvature:
        """See `LatentPart.curvature`."""
        del mean
        scale, _, tie, expected, _ = self._terms(ability, own)
        variance = self.weight * scale**2 * (expected - tie / 4 - expected**2)  # of wins, a tie being half of one
        first, second = self.votes.first, self.votes.second
        shape = (ability.size, ability.size)
        met = sparse.coo_matrix((variance, (first, second)), shape).toarray()
        met += met.T
        met[np.diag_indices_from(met)] -= met.sum(axis=1)
        return Curvature(met, np.zeros(shape))

    def scores(self, begin: int, end: int, ability: np.ndarray, own: np.ndarray, mean: np.ndarray) -> Scores:
        """Of the votes of the units from begin to end."""
        which = np.flatnonzero((self.unit >= begin) & (self.unit < end))
        by_first, by_own = self._scores(ability, own)
        weight = self.weight[which]
        each, pair = weight * by_first[which], (self.votes.first[which], self.votes.second[which])
        both = np.stack([each, -each], axis=1).ravel(), np.stack(pair, axis=1).ravel()
        by_ability = sparse.csr_matrix((*both, np.arange(0, 2 * which.size + 1, 2)), (which.size, ability.size))
        return Scores(
            self.unit[which] - begin,
            by_ability,
            weight[:, None] * by_own[which],
            mean,
            np.empty(0, np.int64),
            np.empty((which.size, self.nodes)),
        )

    def values(self, ability: np.ndarray, own: np.ndarray) -> np.ndarray:
        """See `LatentPart.values`: there are no nodes."""
        del own
        return np.empty((self.nodes, ability.size))
