"""Elo: ratings near Bradley-Terry's, whatever the order, and honest about it."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import aggregate.methods.elo
from aggregate.measurements import Measurements
from aggregate.methods.bradley_terry import BradleyTerry
from aggregate.methods.elo import Elo
from tests.aggregate.tables import table

POINTS = 400 / np.log(10)


def simulated(samples: int = 400) -> Measurements:
    rng = np.random.default_rng(0)
    value = np.linspace(0, 1.5, 6)[:, None] + rng.gumbel(size=(6, samples))
    return table(dict(zip("abcdef", value.tolist(), strict=True)))


def test_after_many_comparisons_ratings_are_near_bradley_terrys() -> None:
    m = simulated()
    elo, strengths = ({row.model: row for row in method(m).models} for method in (Elo(), BradleyTerry()))
    for name in m.models:
        assert elo[name].score == pytest.approx(1000 + POINTS * strengths[name].score, abs=8)
        # The orders' noise comes on top.
        width = (strengths[name].high - strengths[name].low) * POINTS
        assert width < elo[name].high - elo[name].low < 1.3 * width


def test_who_had_too_few_comparisons_to_leave_the_start_is_named() -> None:
    """The best of all in a handful of votes."""
    rng = np.random.default_rng(3)
    pairs = [("a", "b"), ("b", "c"), ("a", "c")] * 200 + [("top", "a")] * 14 + [("a", "top")] * 2
    votes = pl.DataFrame(
        {
            "model_a": [a for a, _ in pairs],
            "model_b": [b for _, b in pairs],
            "outcome": ["a" if "top" in pair or rng.random() < 0.5 else "b" for pair in pairs],
        }
    )
    (warning,) = (line for line in Elo()(Measurements.from_frame(votes)).warnings if "held back" in line)
    assert "comparisons: top" in warning and "top would be " in warning and "points higher" in warning
    assert not any("held back" in line for line in Elo()(simulated()).warnings)


def test_points_are_only_moved_between_models() -> None:
    assert np.mean([row.score for row in Elo()(simulated(20)).models]) == pytest.approx(1000, abs=1e-3)


def test_of_a_large_table_each_order_passes_a_part(monkeypatch: pytest.MonkeyPatch) -> None:
    m = simulated()
    monkeypatch.setattr(aggregate.methods.elo, "_MOST_IN_PASS", 2000)
    monkeypatch.setattr(aggregate.methods.elo, "_MOST_IN_PASS_PER_MODEL", 1)
    parts = {row.model: row for row in Elo()(m).models}
    monkeypatch.undo()
    for row in Elo()(m).models:
        assert parts[row.model].score == pytest.approx(row.score, abs=15)


def test_votes_and_the_seed() -> None:
    votes = pl.DataFrame({"model_a": ["a", "b", "a"], "model_b": ["b", "c", "c"], "outcome": ["a", "a", "tie"]})
    m = Measurements.from_frame(votes)
    assert Elo()(m, seed=1) == Elo()(m, seed=1) != Elo()(m, seed=2)
    assert [row.model for row in Elo()(m).models] == ["a", "b", "c"]
    assert Elo()(m).models[0].rank_high == 3


def test_a_winner_of_everything_has_no_upper_bound() -> None:
    best, worst = Elo()(table({"all": [1] * 30, "none": [0] * 30})).models
    assert (best.high, worst.low) == (np.inf, -np.inf) and best.low < best.score
    assert best.score > 1000 > worst.score


def test_nobody_met_anybody() -> None:
    rows = Elo()(table({"a": [1, None], "b": [None, 0]})).models
    assert [(row.score, row.low, row.high, row.rank_high) for row in rows] == [(1000, -np.inf, np.inf, 1)] * 2
    assert [row.group for row in rows] == [1, 2]
