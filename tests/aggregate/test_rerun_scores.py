"""Scores on a release of which some answers are not there, and who answers what."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from aggregate.columns import MeasurementsError
from aggregate.measurements import Measurements
from aggregate.rerun.scores import check_chances, completed_scores, drawn_scores
from aggregate.rerun.shares import assign
from tests.aggregate.releases import release, simulated


def test_a_model_that_answered_the_easy_half_is_no_better_for_it() -> None:
    """The plain mean would say so by ten points or more."""
    rng = np.random.default_rng(0)
    ability = rng.normal(0, 0.5, 10)
    easy, hard = release("easy", ability + 1, 60, rng), release("hard", ability - 1, 60, rng)
    truth = Measurements.from_frame(easy, hard)
    mean = np.bincount(truth.model, truth.value) / len(truth.samples)
    some = Measurements.from_frame(easy, hard.filter(pl.col("model") != "m03"))
    found, variance = completed_scores(some)
    plain = np.bincount(some.model, some.value) / some.samples_per_model
    assert plain[3] - mean[3] > 0.1
    assert abs(found[3] - mean[3]) < 0.04
    np.testing.assert_allclose(np.delete(found, 3), np.delete(mean, 3), atol=1e-6)
    assert variance[3] > 0 and (np.delete(variance, 3) == 0).all()


def test_shares_drawn_by_assign_are_scored_with_intervals_that_hold() -> None:
    """About what answering everything gives, with papers as clusters."""
    held, error = [], []
    for seed in range(8):
        m = simulated(seed, papers=80).new
        truth = np.bincount(m.model, m.value) / len(m.samples)
        few = answered(m, assign(12, len(m.samples), 100, seed=seed, group_of=m.cluster_of))
        found = drawn_scores(few, 0.9)
        held.append((found.low <= truth) & (truth <= found.high))
        error.append(found.mean - truth)
        assert (found.answered == 100).all() and (found.variance > 0).all()
    assert np.mean(held) >= 0.9
    assert abs(np.mean(error)) < 0.01  # unbiased
    assert 0.02 < np.std(error) < 0.045  # sqrt(.25 / 100 * (1 - 100 / 400)) is .043


def answered(m: Measurements, cells: np.ndarray) -> Measurements:
    """The part of full results that an assignment asks for."""
    table = pl.DataFrame({"model": m.model, "sample": m.sample, "value": m.value})
    asked = pl.DataFrame(
        {"model": np.repeat(np.arange(len(cells)), cells.shape[1]), "sample": cells.ravel()},
        schema={"model": pl.Int32, "sample": pl.Int32},
    )
    rows = table.join(asked, on=["model", "sample"])
    return Measurements.from_frame(
        rows.select(
            model=pl.Series(m.models).gather(rows["model"]),
            sample=pl.Series(m.samples).gather(rows["sample"]),
            value="value",
            cluster=pl.Series(m.clusters).gather(pl.Series(m.cluster_of).gather(rows["sample"])),
        )
    )


def test_who_answered_everything_has_a_score_and_no_interval() -> None:
    found = drawn_scores(simulated(0, papers=4).new, 0.95)
    assert (found.low == found.mean).all() and (found.high == found.mean).all() and not found.variance.any()


@pytest.mark.parametrize(("models", "samples", "each"), [(1, 10, 10), (7, 100, 26), (5, 40, 39), (30, 50, 1)])
def test_all_samples_are_answered_equally_often(models: int, samples: int, each: int) -> None:
    found = assign(models, samples, each, seed=3)
    assert found.shape == (models, each)
    assert all(np.unique(row).size == each for row in found)
    often = np.bincount(found.ravel(), minlength=samples)
    assert often.max() - often.min() <= 1
    assert (found == assign(models, samples, each, seed=3)).all()


def test_each_model_gets_its_share_of_every_group() -> None:
    group_of = np.repeat(np.arange(6), [5, 10, 20, 40, 80, 145])
    for row in assign(9, 300, 60, group_of=group_of):
        taken = np.bincount(group_of[row], minlength=6)
        assert (np.abs(taken - np.bincount(group_of) / 5) <= 2).all()


def test_an_assignment_of_nothing_or_too_much_is_refused() -> None:
    for each in (0, 11):
        with pytest.raises(ValueError, match="cannot be drawn"):
            assign(3, 10, each)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({"value": [0.0, 7.0]}, "must lie in"),
        ({"value": [0.0, -1.0]}, "must lie in"),
        ({"value": [0.0, 1.0], "metric": ["a", "b"]}, "name the one to predict"),
    ],
)
def test_values_that_are_no_chances_are_refused(rows: dict[str, list[object]], message: str) -> None:
    m = Measurements.from_frame(pl.DataFrame({"model": ["x", "y"], "sample": ["1", "2"], **rows}))
    with pytest.raises(MeasurementsError, match=message):
        check_chances(m)
