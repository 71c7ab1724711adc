"""Mean: values, intervals that never collapse, directions, and its warnings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from aggregate.intervals import mean_interval
from aggregate.measurements import Measurements, MeasurementsError
from aggregate.methods.mean import Mean
from tests.aggregate.tables import table


def test_scores_are_means_and_intervals_those_of_mean_interval() -> None:
    rng = np.random.default_rng(0)
    y = (rng.random((2, 40)) < [[0.8], [0.2]]).astype(float)
    ranking = Mean()(table({"a": y[0], "b": y[1]}))
    assert [row.model for row in ranking.models] == ["a", "b"] and ranking.warnings == ()
    for row, values in zip(ranking.models, y, strict=True):
        expected = mean_interval(values, np.arange(40))
        assert (row.score, row.low, row.high) == pytest.approx((expected.mean, expected.low, expected.high))
    assert [row.rank_high for row in ranking.models] == [1, 2]
    assert (ranking.samples, ranking.clusters, ranking.method) == (40, 40, "mean")


def test_the_same_seed_gives_the_same_ranking() -> None:
    rng = np.random.default_rng(2)
    m = table({name: rng.exponential(5, 30).tolist() for name in "abc"})
    for intervals in ("sandwich", "bootstrap"):
        assert Mean()(m, intervals=intervals, seed=5) == Mean()(m, intervals=intervals, seed=5)
    assert Mean()(m, intervals="bootstrap", seed=5) != Mean()(m, intervals="bootstrap", seed=6)


def test_passing_nothing_or_everything_is_not_certainty() -> None:
    few = Mean()(table({"none": [0] * 3, "all": [1] * 3}))
    best, worst = few.models
    assert (best.low < 0.5, best.high, worst.low, worst.high > 0.5) == (True, 1, 0, True)
    assert best.rank_high == 2 and "few clusters" in few.warnings[0]
    many = Mean()(table({"none": [0] * 30, "all": [1] * 30}))
    assert many.models[0].rank_high == 1


def test_down_means_lower_is_better() -> None:
    m = {"slow": [9.0, 8, 9, 7, 9, 8, 7, 9, 9, 8], "fast": [1.0, 2, 1, 1, 2, 1, 2, 1, 1, 2]}
    ranking = Mean()(table(m, direction="down"))
    assert [(row.model, row.rank, row.rank_high) for row in ranking.models] == [
        ("fast", 1, 1),
        ("slow", 2, 2),
    ]
    assert ranking.models[0].score == pytest.approx(1.4)


def test_values_outside_the_unit_interval() -> None:
    rng = np.random.default_rng(1)
    y = rng.normal(50, 10, 60)
    values = y.tolist()
    row = Mean()(table({"a": values})).models[0]
    half = 2.0 * y.std(ddof=1) / np.sqrt(60)
    assert row.high - row.score == pytest.approx(row.score - row.low) == pytest.approx(half, rel=0.1)
    flat = Mean()(table({"a": values, "flat": [40.0] * 60})).models[-1]
    assert flat.low < 40 < flat.high
    never = Mean()(table({"a": [7.0] * 5})).models[0]
    assert (never.low, never.high) == (-np.inf, np.inf)  # no other value was ever seen: no spread is known


def test_unequal_coverage_is_warned_of() -> None:
    ranking = Mean()(table({"a": [1, 0, 1, 0], "b": [1, None, None, None]}))
    assert any("coverage from 25.0% to 100.0%; see auto" in w for w in ranking.warnings)
    assert {row.model: row.coverage for row in ranking.models} == {"a": 1.0, "b": 0.25}


def test_missing_values_and_absent_models_are_named() -> None:
    frame = pl.DataFrame({"model": ["a", "a", "b"], "sample": ["1", "2", "1"], "value": [1.0, None, None]})
    warnings = Mean()(Measurements.from_frame(frame)).warnings
    assert warnings[0].startswith("2 of 3 measurements have no value")
    assert warnings[1] == "no value at all, not ranked: b"
    assert warnings[2].startswith("only one model")


def test_clusters_widen_what_copies_would_narrow() -> None:
    rng = np.random.default_rng(0)
    y = np.repeat(rng.random(12) < 0.5, 10).astype(float)
    frame = pl.DataFrame({"model": "a", "sample": range(120), "value": y, "cluster": np.repeat(np.arange(12), 10)})
    clustered = Mean()(Measurements.from_frame(frame))
    alone = Mean()(Measurements.from_frame(frame.drop("cluster")))
    assert clustered.clusters == 12
    assert clustered.models[0].high - clustered.models[0].low > 2 * (alone.models[0].high - alone.models[0].low)
    one = Mean()(Measurements.from_frame(frame.with_columns(cluster=pl.lit("paper"))))
    assert one.models[0].low == alone.models[0].low
    assert "one cluster" in one.warnings[1]


def test_sandwich_and_bootstrap_agree() -> None:
    rng = np.random.default_rng(3)
    y = rng.normal(50, 10, (3, 200)) + rng.normal(0, 5, 200)
    m = table({name: values.tolist() for name, values in zip("abc", y, strict=True)})
    both = [{row.model: row for row in Mean()(m, intervals=i).models} for i in ("sandwich", "bootstrap")]
    for name in "abc":
        widths = [rows[name].high - rows[name].low for rows in both]
        assert widths[0] == pytest.approx(widths[1], rel=0.1)


def test_weights_count() -> None:
    m = table({"a": [1, 0, 0, 1], "b": [0, 0, 1, 1]})
    weighted = Mean()(replace(m, weight=np.array([2.0, 1, 1, 1])))
    assert {row.model: row.score for row in weighted.models} == pytest.approx({"a": 0.6, "b": 0.4})


def test_votes_are_left_out_and_a_model_with_votes_alone_is_not_ranked() -> None:
    values = pl.DataFrame({"model": ["a", "b"] * 2, "sample": ["1", "1", "2", "2"], "value": [1, 0, 1, 1]})
    votes = pl.DataFrame({"model_a": ["a", "a"], "model_b": ["c", "b"], "outcome": ["b", "a"]})
    ranking = Mean()(Measurements.from_frame(values, votes))
    assert [(row.model, row.samples, row.coverage) for row in ranking.models] == [("a", 2, 1.0), ("b", 2, 1.0)]
    assert (ranking.samples, ranking.clusters) == (2, 2)
    assert "2 votes are left out: this method uses values only" in ranking.warnings
    with pytest.raises(MeasurementsError, match="only votes"):
        Mean()(Measurements.from_frame(votes))


def test_a_group_whose_values_happen_to_lie_in_the_unit_interval_is_not_bounded_by_it() -> None:
    """Two models that got 1 of 10 on all their samples, apart from others that got all marks."""
    rows = [
        (m, f"x{i}", v) for m, values in (("a", [0, 4, 9, 10]), ("b", [3, 3, 8, 1])) for i, v in enumerate(values)
    ]
    rows += [(m, f"y{i}", 1) for m in "cd" for i in range(5)]
    m = Measurements.from_frame(pl.DataFrame(rows, schema=["model", "sample", "value"], orient="row"))
    free = {row.model: row for row in Mean()(m).models}
    assert (free["c"].low, free["c"].high) == (-np.inf, np.inf), "nothing is known of their spread"
    known = {row.model: row for row in Mean()(m.with_ends({"": (0, 10)})).models}
    assert 0 < known["c"].low < 1 < 5 < known["c"].high < 10
    assert free["a"].low < 0 == known["a"].low
