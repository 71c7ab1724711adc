"""Win rate and Borda: what they count, and what they say where there is little to count."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from aggregate.measurements import Measurements
from aggregate.method import Method
from aggregate.methods.borda import Borda
from aggregate.methods.win_rate import WinRate
from tests.aggregate.tables import table

BOTH: list[Method] = [WinRate(), Borda()]


def scores(method: Method, m: Measurements) -> dict[str, float]:
    return {row.model: row.score for row in method(m).models}


def test_opponents_count_the_same_in_a_win_rate_and_samples_in_borda() -> None:
    # a beat b on three samples and lost to c and d on the fourth.
    m = table({"a": [1, 1, 1, 0], "b": [0, 0, 0, None], "c": [None, None, None, 1], "d": [None, None, None, 1]})
    assert scores(WinRate(), m)["a"] == pytest.approx(1 / 3)
    assert scores(Borda(), m)["a"] == pytest.approx(3 / 4)
    assert scores(WinRate(), m)["c"] == scores(Borda(), m)["c"] == pytest.approx(3 / 4)  # won one, tied one


@pytest.mark.parametrize("values", ["binary", "numeric"])
def test_they_agree_where_all_models_saw_all_samples(values: str) -> None:
    rng = np.random.default_rng(0)
    drawn = rng.integers(0, 2 if values == "binary" else 9, (4, 30)).astype(float)
    m = table(dict(zip("abcd", drawn.tolist(), strict=True)))
    one, other = (method(m) for method in BOTH)
    assert scores(WinRate(), m) == pytest.approx(scores(Borda(), m))
    for a, b in zip(one.models, other.models, strict=True):
        assert (a.low, a.high) == pytest.approx(
            (b.low, b.high), rel=0.05
        )  # a win rate leaves room for few meetings
    assert one.warnings == other.warnings == ()


@pytest.mark.parametrize("method", BOTH)
def test_votes_count_like_samples(method: Method) -> None:
    votes = pl.DataFrame({"model_a": ["a", "a", "b"], "model_b": ["b", "c", "c"], "outcome": ["a", "tie", "b"]})
    found = scores(method, Measurements.from_frame(votes))
    assert found == pytest.approx({"a": 0.75, "b": 0, "c": 0.75})


@pytest.mark.parametrize("method", BOTH)
def test_winning_everything_is_not_certainty(method: Method) -> None:
    for samples, told_apart in ((3, False), (30, True)):
        best, worst = method(table({"all": [1] * samples, "none": [0] * samples})).models
        bound = 0.025 ** (1 / samples)
        assert (best.score, best.low, best.high) == pytest.approx((1, bound, 1))
        assert (worst.score, worst.low, worst.high) == pytest.approx((0, 0, 1 - bound))
        assert (best.rank_high == 1) == told_apart


@pytest.mark.parametrize("method", BOTH)
def test_always_tying_tells_nobody_apart(method: Method) -> None:
    ranking = method(table({"a": [1] * 50, "b": [1] * 50}))
    assert all((row.score, row.rank_low, row.rank_high) == (0.5, 1, 2) for row in ranking.models)
    assert all(row.low < 0.5 < row.high for row in ranking.models)


@pytest.mark.parametrize("method", BOTH)
@pytest.mark.parametrize("intervals", ["sandwich", "bootstrap"])
def test_groups_that_share_nothing_are_not_told_apart(method: Method, intervals: str) -> None:
    left = {"a": [1] * 40 + [None] * 40, "b": [0] * 40 + [None] * 40}
    right = {"c": [None] * 40 + [1] * 40, "d": [None] * 40 + [0] * 40}
    m = table({**left, **right, "alone": [None] * 80 + [1]})
    ranking = method(m, intervals=intervals, replicates=200)  # type: ignore[arg-type]
    rows = {row.model: row for row in ranking.models}
    assert [row.model for row in ranking.models] == ["a", "b", "c", "d", "alone"]
    assert [row.group for row in ranking.models] == [1, 1, 2, 2, 3]
    assert (rows["a"].rank_low, rows["a"].rank_high) == (1, 1) and rows["b"].rank_low == 2
    alone = rows["alone"]
    assert (alone.score, alone.low, alone.high, alone.rank_low, alone.rank_high) == (0.5, 0, 1, 1, 1)
    warnings = " / ".join(ranking.warnings)
    assert "2 groups of models share no sample" in warnings and "nothing places: alone" in warnings


def test_unequal_terms_are_warned_of() -> None:
    m = table({"a": [1, 0, 1, None], "b": [0, 1, None, 1], "c": [None, None, 1, 1], "d": [1, 0, None, None]})
    assert any("models met 2 to 3 of 3 others; see bradley-terry" in w for w in WinRate()(m).warnings)
    assert any("samples were seen by 2 to 3 of 4 models" in w for w in Borda()(m).warnings)


@pytest.mark.parametrize("method", BOTH)
def test_sandwich_and_bootstrap_agree_on_rank_ranges(method: Method) -> None:
    rng = np.random.default_rng(4)
    p = np.linspace(0.3, 0.7, 8)
    seen = rng.random((8, 300)) < 0.5
    values = np.where(seen, (rng.random((8, 300)) < p[:, None]).astype(float), np.nan)
    m = table({f"m{i}": [None if np.isnan(v) else v for v in row] for i, row in enumerate(values)})
    one, other = (
        {row.model: row for row in method(m, intervals=intervals).models}  # type: ignore[arg-type]
        for intervals in ("sandwich", "bootstrap")
    )
    for name in m.models:
        assert abs(one[name].rank_low - other[name].rank_low) <= 1
        assert abs(one[name].rank_high - other[name].rank_high) <= 1
