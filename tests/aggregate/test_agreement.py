"""Whether methods agree: Kendall's tau, contradictions that both are sure of, and who moves."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import kendalltau

from aggregate.agreement import agreement
from aggregate.ranking import RankedGroup, RankedModel, Ranking


def ranking(method: str, **places: tuple[int, int, int]) -> Ranking:
    """Models with their rank and its range."""
    rows = [
        RankedModel(
            model=model,
            group=1,
            score=-float(rank),
            low=-float(high),
            high=-float(low),
            rank=rank,
            rank_low=low,
            rank_high=high,
            tie_group=1,
            samples=9,
            coverage=1.0,
        )
        for model, (rank, low, high) in places.items()
    ]
    return Ranking(
        method=method,
        assumes="",
        groups=(RankedGroup(group=1, models=len(rows), unit="", sources=()),),
        level=0.95,
        models=tuple(sorted(rows, key=lambda row: (row.rank, row.model))),
        samples=9,
        clusters=9,
        warnings=("old",),
    )


def unsure(method: str, ranks: list[int]) -> Ranking:
    """A ranking that tells no two models apart."""
    return ranking(method, **{f"m{i}": (rank, 1, len(ranks)) for i, rank in enumerate(ranks)})


@pytest.mark.parametrize("seed", range(5))
def test_tau_is_kendalls_tau_b(seed: int) -> None:
    """With ties on either side."""
    scores = np.random.default_rng(seed).integers(0, 5, (2, 12))
    ranks = [[1 + int((row > one).sum()) for one in row] for row in scores]
    (concord,) = agreement([unsure("x", ranks[0]), unsure("y", ranks[1])]).concords
    assert (concord.first, concord.second) == ("x", "y")
    assert concord.tau == pytest.approx(kendalltau(*scores).statistic)


def test_a_method_that_ties_all_has_no_tau() -> None:
    found = agreement([unsure("x", [1, 2]), unsure("y", [1, 1])])
    assert found.concords[0].tau is None and not found.same_order
    assert json.loads(json.dumps(found.to_json(), allow_nan=False))["concords"][0]["tau"] is None


def test_only_what_both_are_sure_of_is_a_contradiction() -> None:
    """And it becomes a warning of the first ranking."""
    auto = ranking("auto", a=(1, 1, 1), b=(2, 2, 2), c=(3, 3, 3))
    mean = ranking("mean", b=(1, 1, 1), a=(2, 2, 3), c=(3, 2, 3))
    found = agreement([auto, mean])
    assert [(x.first, x.above, x.below, x.second) for x in found.contradictions] == [("auto", "a", "b", "mean")]
    old, new = found.warned().warnings
    assert old == "old" and "auto puts a above b, mean the other way round" in new
    other = agreement([auto, ranking("mean", b=(1, 1, 2), a=(2, 1, 3), c=(3, 2, 3))])
    assert not other.contradictions and other.warned() == auto


def test_each_two_methods_are_compared() -> None:
    same, reverse = {"a": (1, 1, 1), "b": (2, 2, 2)}, {"b": (1, 1, 1), "a": (2, 2, 2)}
    found = agreement([ranking("x", **same), ranking("y", **same), ranking("z", **reverse)])
    assert [(c.first, c.second, c.tau) for c in found.concords] == [("x", "y", 1), ("x", "z", -1), ("y", "z", -1)]
    assert len(found.contradictions) == 2
    assert agreement([ranking("x", **same), ranking("y", **same)]).same_order


def test_the_largest_moves_come_first_and_count_common_models_only() -> None:
    """A model that one method does not rank moves nobody."""
    first = unsure("x", [1, 2, 3, 4, 5])
    second = ranking("y", m4=(1, 1, 4), m0=(2, 1, 4), m2=(3, 1, 4), m3=(4, 1, 4))
    moves = agreement([first, second]).moves
    assert [(m.model, m.rank, m.method, m.other_rank) for m in moves] == [
        ("m4", 4, "y", 1),
        ("m0", 1, "y", 2),
        ("m2", 2, "y", 3),
    ]


def test_one_method_alone_agrees() -> None:
    found = agreement([unsure("x", [1, 2])])
    assert not found.concords and not found.moves and found.to_json()["places"]["m1"]["x"]["rank"] == 2


def test_methods_that_group_otherwise_are_compared_where_both_know() -> None:
    """A rank of a group beside one of all is no move, and no disagreement."""
    whole = unsure("mean", [1, 2, 3, 4])
    rows = [replace(row, group=1 + (row.rank > 2), rank=row.rank - 2 * (row.rank > 2)) for row in whole.models]
    groups = tuple(RankedGroup(group=g, models=2, unit="", sources=()) for g in (1, 2))
    found = agreement([replace(whole, method="auto", models=tuple(rows), groups=groups), whole])
    assert found.concords[0].tau == 1 and found.same_order and not found.moves
