"""What wins can order: groups, parts, cores, and which intervals have no bound."""

from __future__ import annotations

import numpy as np

from aggregate.connectivity import Links


def links(models: int, *wins: tuple[int, int, float]) -> Links:
    """(winner, loser, how often)"""
    matrix = np.zeros((models, models))
    for i, j, many in wins:
        matrix[i, j] += many
    return Links([f"m{i}" for i in range(models)], matrix, np.full(models, 0.5))


def circle(*models: int) -> list[tuple[int, int, float]]:
    return [(i, j, 3.0) for i, j in zip(models, (*models[1:], models[0]), strict=True)]


def ends(found: Links) -> list[str]:
    return ["-" * bool(low) + "+" * bool(high) for low, high in zip(found.no_low, found.no_high, strict=True)]


def test_one_part_needs_nothing() -> None:
    found = links(4, *circle(0, 1, 2, 3))
    assert found.core.all() and not found.prior().any() and not found.warnings(np.zeros(4))
    assert ends(found) == ["", "", "", ""] and found.comparable.all()


def test_less_than_half_a_sample_won_or_lost_is_filled_up() -> None:
    found = links(3, *circle(0, 1), (0, 2, 5), (2, 0, 0.2))
    assert found.prior()[2].tolist() == [0.3, 0, 0] and not found.prior()[:2].any()


def test_winners_and_losers_of_everything_beside_a_core() -> None:
    found = links(5, *circle(0, 1, 2), (3, 0, 4), (1, 4, 4))
    assert found.core.tolist() == [True, True, True, False, False]
    assert ends(found) == ["", "", "", "+", "-"]
    # What is won and lost against the other parts: nothing is won back.
    assert found.prior().tolist() == [[0, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0.5, 0], [0.5, 0, 0]]
    assert found.zero_weight(np.array([1, 2, 3, 4, 5])).tolist() == [1, 2, 3, 0, 0]


def test_a_chain_above_a_core_is_bounded_below_all_along() -> None:
    found = links(6, *circle(0, 1, 2, 3), (5, 4, 2), (4, 0, 2))
    assert ends(found) == ["", "", "", "", "+", "+"]


def test_one_that_beat_what_a_core_beat_is_bounded_by_nothing() -> None:
    found = links(6, *circle(0, 1, 2, 3), (0, 4, 2), (5, 4, 2))
    assert ends(found) == ["", "", "", "", "-", "-+"]


def test_without_a_core_what_was_never_won_back_is_without_a_bound() -> None:
    assert ends(links(2, (0, 1, 3))) == ["+", "-"]
    assert ends(links(3, (0, 1, 3), (1, 2, 3))) == ["+", "-+", "-"]
    halves = links(4, *circle(0, 1), *circle(2, 3), (0, 2, 1))
    assert ends(halves) == ["+", "+", "-", "-"]
    assert halves.prior().tolist() == [[0, 0.5, 0], [0.5, 0.5, 0], [0.5, 0, 0], [0.5, 0.5, 0]]
    assert halves.zero_weight(np.ones(4)).all()


def test_groups_have_cores_of_their_own_and_one_alone_has_no_bounds() -> None:
    found = links(6, *circle(0, 1), *circle(2, 3, 4))
    assert found.groups == 3 and not found.prior().any()
    assert ends(found) == ["", "", "", "", "", "-+"]
    assert found.comparable[0].tolist() == [True, True, False, False, False, False]
    warnings = found.warnings(np.array([1, -1, 2, 0, -2, 0]))
    assert warnings[0] == "no sample shared with another model, nothing places: m5"
    assert "2 groups of models share no sample" in warnings[1] and "[m2, m3, m4], [m0, m1]" in warnings[1]
    assert len(warnings) == 2
