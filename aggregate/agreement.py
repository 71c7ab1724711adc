"""Whether several methods tell the same of the same models, and where they do not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from aggregate.caveats import named
from aggregate.ranking import Ranking

_MOVES = 3
"""Models that are told of."""

_NAMED = 3
"""Contradictions of two methods that a warning names."""


@dataclass(frozen=True, kw_only=True)
class Concord:
    """How alike two methods order the models that both rank."""

    first: str
    second: str

    tau: float | None
    """Kendall's tau-b: 1 the same order, -1 the reverse; None where a method ties all."""


@dataclass(frozen=True, kw_only=True)
class Contradiction:
    """Two models whose rank ranges do not overlap in either of two methods, the other way round in the second."""

    first: str
    """The method ..."""

    above: str
    """... that puts this model above ..."""

    below: str
    """... this one."""

    second: str
    """The method that puts it below."""


@dataclass(frozen=True, kw_only=True)
class Move:
    """A model whose place depends on the method. Ranks count only models that all methods rank."""

    model: str
    rank: int
    """By the first method."""

    method: str
    other_rank: int
    """By the method that moves it furthest."""


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """What several methods say of the same measurements."""

    rankings: tuple[Ranking, ...]
    """The first is the one that the others are compared with."""

    concords: tuple[Concord, ...]
    """Of each two methods."""

    contradictions: tuple[Contradiction, ...]
    """Where two methods are both sure and cannot both be right."""

    moves: tuple[Move, ...]
    """The models that move furthest between the first method and another, the furthest first."""

    apart: bool
    """Whether some of the models are of different groups, whose order nobody knows and nothing here is about."""

    @property
    def same_order(self) -> bool:
        """Whether no method puts any two models of a group otherwise than another does."""
        return all(concord.tau == 1 for concord in self.concords)

    def warned(self) -> Ranking:
        """The first ranking, with a warning more for each two methods that contradict each other."""
        found: dict[tuple[str, str], list[str]] = {}
        for each in self.contradictions:
            found.setdefault((each.first, each.second), []).append(f"{each.above} above {each.below}")
        warnings = [
            f"{first} and {second} contradict each other, each beyond its rank ranges, so that what one of them "
            f"assumes does not hold: {first} puts {named(pairs, _NAMED)}, {second} the other way round"
            for (first, second), pairs in found.items()
        ]
        first = self.rankings[0]
        return replace(first, warnings=(*first.warnings, *warnings))

    def to_json(self) -> dict[str, Any]:
        """As plain JSON; the rankings as the places of each model by each method."""
        places: dict[str, dict[str, dict[str, int]]] = {}
        for ranking in self.rankings:
            for row in ranking.models:
                place = {name: getattr(row, name) for name in ("group", "rank", "rank_low", "rank_high")}
                places.setdefault(row.model, {})[ranking.method] = place
        return {
            "methods": [ranking.method for ranking in self.rankings],
            "concords": [asdict(concord) for concord in self.concords],
            "contradictions": [asdict(contradiction) for contradiction in self.contradictions],
            "moves": [asdict(move) for move in self.moves],
            "places": places,
        }


def agreement(rankings: Sequence[Ranking]) -> Agreement:
    """Compare rankings of the same measurements by different methods, one or more.

    A method is sure of two models where their rank ranges do not overlap: since the ranges hold for all models at
    once, so do the orders that follow from them.
    """
    common = sorted(set.intersection(*({row.model for row in ranking.models} for ranking in rankings)))
    places = []
    for ranking in rankings:
        rows = {row.model: row for row in ranking.models}
        places.append(
            np.array([(r.rank_low, r.rank_high, r.rank, r.group) for r in map(rows.__getitem__, common)], np.int64)
            .reshape(-1, 4)
            .T
        )
    # Where one of them knows nothing of an order, ranks are of other models, and there is nothing to compare.
    alike = np.logical_and.reduce([group[:, None] == group for *_, group in places])
    orders, sure = [], []
    for low, high, rank, _ in places:
        # [i, j]: 1 where i is above j
        orders.append(np.where(alike, np.sign(rank[None, :] - rank[:, None]), 0).astype(np.float64))
        sure.append(alike & (high[:, None] < low[None, :]))
    ranks = [1 + (order < 0).sum(axis=1) for order in orders]
    names = [ranking.method for ranking in rankings]
    concords, contradictions = [], []
    for a, b in combinations(range(len(rankings)), 2):
        concords.append(Concord(first=names[a], second=names[b], tau=_tau(orders[a], orders[b])))
        contradictions += [
            Contradiction(first=names[a], above=common[i], below=common[j], second=names[b])
            for i, j in np.argwhere(sure[a] & sure[b].T).tolist()
        ]
    return Agreement(
        rankings=tuple(rankings),
        concords=tuple(concords),
        contradictions=tuple(contradictions),
        moves=_moves(common, names, ranks),
        apart=not alike.all(),
    )


def _tau(first: np.ndarray, second: np.ndarray) -> float | None:
    """Kendall's tau-b of two orders, (M, M) signs each."""
    pairs = math.sqrt(np.abs(first).sum() * np.abs(second).sum())
    return float((first * second).sum() / pairs) if pairs else None


def _moves(common: list[str], names: list[str], ranks: list[np.ndarray]) -> tuple[Move, ...]:
    if len(ranks) < 2:
        return ()
    moved = np.stack(ranks[1:]) - ranks[0]
    furthest = np.abs(moved).argmax(axis=0)
    distance = np.abs(moved).max(axis=0)
    order = [i for i in np.argsort(-distance, kind="stable")[:_MOVES].tolist() if distance[i]]
    return tuple(
        Move(
            model=common[i],
            rank=int(ranks[0][i]),
            method=names[1 + int(furthest[i])],
            other_rank=int(ranks[1 + int(furthest[i])][i]),
        )
        for i in order
    )
