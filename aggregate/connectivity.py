"""Who met and who beat whom: what comparisons can and cannot order, and the prior that ties the rest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from aggregate.caveats import named

# Weighted sums of rates can leave dust where there was no win.
_DUST = 1e-9


class Links:
    """The graph of wins, a tie being half a win to each.

    Models that met, directly or through others, are a group; groups are ranked apart. Within a group, models
    are in one part when wins lead from each to each other; only within a part do strengths have a greatest
    likelihood. A part of more than half a group's models is its core.

    Where a model has less than half a sample of wins, or of losses, the `prior` fills it up with comparisons
    against an imaginary average model. Outside of a core only wins and losses against other parts count here,
    so that every group has finite strengths. A model without a path of wins to its core has no lower bound, one
    without a path from it no upper one. In a group without a core, parts have no upper bound when they beat one
    that never won back, and no lower bound when they lost to one.
    """

    def __init__(self, models: Sequence[str], half_wins: np.ndarray, half_sample: np.ndarray) -> None:
        """half_wins: (M, M). half_sample: (M,) half the comparisons that each model has on a sample."""
        self.models = models
        edges = sparse.csr_matrix(half_wins > _DUST)
        self.groups, self.group = csgraph.connected_components(edges, connection="weak")
        self.parts, self.part = csgraph.connected_components(edges, connection="strong")
        self.half_sample = half_sample
        sizes, inside = np.bincount(self.group), np.bincount(self.part)
        self.core = 2 * inside[self.part] > sizes[self.group]
        """(M,) bool"""
        self.met = (half_wins + half_wins.T).sum(axis=1)
        apart = half_wins * (self.part[:, None] != self.part)
        self.won, self.lost = half_wins.sum(axis=1), half_wins.sum(axis=0)
        self.won_apart, self.lost_apart = apart.sum(axis=1), apart.sum(axis=0)
        self.no_low, self.no_high = self._unbounded(edges)

    @property
    def comparable(self) -> np.ndarray:
        """(M, M) bool: pairs of models on whose order there is evidence."""
        return self.group[:, None] == self.group

    def prior(self) -> np.ndarray:
        """(M, 3) wins, losses and ties against the average model of the group."""
        won = np.where(self.core, self.won, self.won_apart)
        lost = np.where(self.core, self.lost, self.lost_apart)
        lacking = [np.maximum(self.half_sample - seen, 0) for seen in (won, lost)]
        found = np.stack([*lacking, np.zeros_like(won)], axis=1)
        found[np.bincount(self.group)[self.group] == 1] = 0
        return found

    def zero_weight(self, samples: np.ndarray) -> np.ndarray:
        """(M,) how much each model counts in its group's zero: its samples, if in the core where there is one."""
        has_core = np.bincount(self.group, self.core, self.groups) > 0
        return np.where(self.core | ~has_core[self.group], samples, 0).astype(np.float64)

    def _unbounded(self, edges: sparse.csr_matrix) -> tuple[np.ndarray, np.ndarray]:
        no_low, no_high = np.zeros(len(self.models), bool), np.zeros(len(self.models), bool)
        backwards = edges.T.tocsr()
        for group in range(self.groups):
            here = self.group == group
            core = np.flatnonzero(here & self.core)
            if here.sum() == 1:
                no_low[here] = no_high[here] = True
            elif core.size:
                for graph, ends in ((edges, no_high), (backwards, no_low)):
                    reached = csgraph.breadth_first_order(graph, core[0], return_predecessors=False)
                    ends[here] = True
                    ends[reached] = False
            else:
                for apart, ends in ((self.lost_apart, no_low), (self.won_apart, no_high)):
                    some = np.bincount(self.part, apart, self.parts) > _DUST
                    ends[here] = some[self.part[here]]
        return no_low, no_high

    def warnings(self, scores: np.ndarray) -> list[str]:
        """What stands in the way of one order of all models, and what was done about it."""
        met = self.met > 0
        found = self.group_warnings(scores)
        parts = self._sets(self.part, scores, met)
        if len(parts) == np.unique(self.group[met]).size:
            return found
        found.append(
            f"the graph of wins is not strongly connected, in {len(parts)} parts a win never came back "
            f"from one to another: {named(parts)}"
        )
        for what, never in (("won", met & (self.lost <= _DUST)), ("lost", met & (self.won <= _DUST))):
            if never.any():
                found.append(f"{what} every comparison: {self._names(never)}")
        found.append(
            "no finite strengths fit these wins, so each model in question was given half a sample won or lost "
            "against an imaginary average model: how far it stands from the others is this prior's, and its "
            "interval has no bound on that side"
        )
        return found

    def group_warnings(self, scores: np.ndarray) -> list[str]:
        """Which models share no sample, so that nothing is known of their order."""
        if self.groups == 1:
            return []
        met = self.met > 0
        found = []
        if not met.all():
            found.append(f"no sample shared with another model, nothing places: {self._names(~met)}")
        groups = self._sets(self.group, scores, met)
        if len(groups) > 1:
            found.append(
                f"{len(groups)} groups of models share no sample, their order across groups is not measured: "
                f"{named(groups)}"
            )
        return found

    def _names(self, which: np.ndarray) -> str:
        return named([self.models[i] for i in np.flatnonzero(which).tolist()])

    def _sets(self, label: np.ndarray, scores: np.ndarray, which: np.ndarray) -> list[str]:
        """Models of each label in brackets, the label of the best model first."""
        order = [i for i in np.argsort(-scores, kind="stable") if which[i]]
        return [f"[{self._names(label == one)}]" for one in dict.fromkeys(label[order].tolist())]
