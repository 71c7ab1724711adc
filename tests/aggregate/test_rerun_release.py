"""Everyone on a new release, the baselines and the warnings; plans for one."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from aggregate.columns import MeasurementsError
from aggregate.measurements import Measurements
from aggregate.rerun.plan import plan
from aggregate.rerun.release import predict_release
from tests.aggregate.releases import release, simulated


def test_everyone_is_scored_and_the_baselines_are_what_they_say() -> None:
    made = simulated(0, together=0.3)
    rerun = np.isin(np.arange(12), (2, 5, 8))
    found = predict_release(made.old, made.new.of_models(rerun))
    old = np.bincount(made.old.model, made.old.value) / len(made.old.samples)
    assert found.rerun == ("m02", "m05", "m08") and found.samples == len(made.new.samples)
    assert {row.model for row in found.models} == {*made.old.models}
    assert [row.score for row in found.models] == sorted((row.score for row in found.models), reverse=True)
    for row in found.models:
        i = made.old.models.index(row.model)
        assert row.low <= row.score <= row.high and row.rerun == rerun[i] and row.old == pytest.approx(old[i])
        assert row.rerun == (row.answered > 0) == (row.low == row.high)
        if row.rerun:
            assert row.score == pytest.approx(made.truth[i])
        assert found.carry[row.model] == pytest.approx(old[i])
        assert found.shift[row.model] == pytest.approx(np.clip(old[i] + (made.truth - old)[rerun].mean(), 0, 1))


def test_a_model_that_joins_is_scored_by_itself() -> None:
    made = simulated(1)
    old = made.old.of_models(np.arange(12) > 0)
    rows = {row.model: row for row in predict_release(old, made.new.of_models(np.arange(12) < 4)).models}
    assert rows["m00"].rerun and rows["m00"].old is None and len(rows) == 12


def test_nobody_in_common_is_refused() -> None:
    made = simulated(2, models=4)
    with pytest.raises(MeasurementsError, match="no model has results on both"):
        predict_release(made.old.of_models(np.arange(4) < 2), made.new.of_models(np.arange(4) > 1))


def table(tag: str | None = "cs.AI") -> pl.DataFrame:
    """Results in which m01 fails everything of one tag, as a failed run stored as wrong does."""
    frame = release("old", np.zeros(4), 20, np.random.default_rng(0))
    part = pl.col("cluster").str.extract(r"(\d+)$").cast(pl.Int32) < 10
    failed = (pl.col("model") == "m01") & (part if tag else pl.lit(True))
    frame = frame.with_columns(value=pl.when(failed).then(0.0).otherwise("value"))
    return frame.with_columns(tag=pl.when(part).then(pl.lit(tag)).otherwise(pl.lit("q-bio"))) if tag else frame


@pytest.mark.parametrize("tag", ["cs.AI", None])
def test_a_model_that_fails_everything_is_suspected(tag: str | None) -> None:
    """And no longer where its values are missing."""
    frame, new = table(tag), release("new", np.zeros(3), 20, np.random.default_rng(1))
    found = predict_release(Measurements.from_frame(frame), Measurements.from_frame(new)).warnings
    where = " of tag 'cs.AI'" if tag else ""
    assert [line for line in found if "fails all" in line] == [
        f"m01 fails all samples{where}: if these runs failed, leave their values empty; missing is not 0"
    ]
    failed = (pl.col("model") == "m01") & ((pl.col("tag") == tag) if tag else pl.lit(True))
    missing = frame.with_columns(value=pl.when(failed).then(None).otherwise("value"))
    again = predict_release(Measurements.from_frame(missing), Measurements.from_frame(new))
    assert not any("fails all" in line for line in again.warnings)
    assert any("have no value; they are left out" in line for line in again.warnings)
    # What is missing is no fail: the score is that of the others' tags, not halved.
    assert tag is None or again.carry["m01"] > 0.4


def test_warnings_say_what_is_doubtful() -> None:
    made = simulated(3, shift=1.5)
    few = made.new.of_models(np.arange(12) < 1)
    found = predict_release(made.old, few).warnings
    assert any(line.startswith("the new release is easier") for line in found)
    assert any(line.startswith("only 1 of the models") for line in found)
    assert any("samples are in both" in line for line in predict_release(made.old, made.old).warnings)


def test_a_plan_spends_at_most_the_budget_and_says_what_to_expect() -> None:
    made = simulated(4)
    found = plan(made.old, 600, 5 * 600 + 7)
    by = {way.way: way for way in found.ways}
    assert len(by["models"].models) == 5 and by["models"].share == 1 and by["models"].answers == 3000
    assert len(by["samples"].models) == 12 and by["samples"].samples_each == 250
    assert all(way.answers <= found.budget and 0 < way.expected_error < 0.1 for way in found.ways)
    assert found.ways[0].way == "samples"  # .02 points against .03
    # A result varies by .2 to .25: sqrt(2 / pi * .225 * (1 - 250 / 600) / 250) is .018.
    assert by["samples"].expected_error == pytest.approx(0.018, abs=0.002)


def test_retired_models_are_not_run_but_predicted() -> None:
    old = simulated(5).old
    found = plan(old, 600, 3000, retired=["m04", "m07"])
    for way in found.ways:
        assert not {*way.models} & {"m04", "m07"}
    everything = plan(old, 600, 10**6, retired=["m04"]).ways
    assert [way.way for way in everything] == ["samples"] and everything[0].share == 1
    assert everything[0].expected_error > 0
    assert plan(old, 600, 10**6).ways[0].expected_error == 0


@pytest.mark.parametrize(
    ("samples", "budget", "retired", "message"),
    [
        (0, 10, (), "nothing to answer"),
        (600, 11, (), "less than one of each"),
        (600, 1000, ("nobody",), "'nobody' has no results"),
        (600, 1000, tuple(f"m{i:02}" for i in range(12)), "every model is retired"),
    ],
)
def test_what_cannot_be_planned(samples: int, budget: int, retired: tuple[str, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plan(simulated(6).old, samples, budget, retired=retired)
