"""Differences of paired values: by hand, without any evidence, and covering."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from aggregate.differences import differences, differences_of_numbers
from aggregate.intervals import mean_interval


def test_each_group_is_a_mean_of_its_own() -> None:
    """A sample of two groups counts in both; ends are those of the mean of (a - b + 1)/2."""
    a, b = np.array([1, 0.5, 0, 1, 1]), np.array([0, 0.5, 1, 0, 0.5])
    cluster, group = np.array([0, 0, 1, 2, 2]), np.array([0, 0, 0, 1, 0])
    found = differences(a, b, cluster, group)
    assert found.difference == pytest.approx([0.125, 1])
    assert (found.samples.tolist(), found.clusters.tolist()) == ([4, 1], [3, 1])
    own = mean_interval((a - b + 1)[group == 0] / 2, cluster[group == 0])
    assert (found.low[0], found.high[0]) == pytest.approx((2 * own.low - 1, 2 * own.high - 1))


def test_equal_models_are_not_surely_equal() -> None:
    """Nothing seen to differ is not nothing that could."""
    rates, labels = np.array([0.0, 1, 0, 1]), np.arange(4)
    found = differences(rates, rates, labels, np.zeros(4, int))
    assert found.difference == 0 and found.low < -0.5 and found.high > 0.5


def test_which_is_first_turns_the_sign_only() -> None:
    """Of difference and interval."""
    rng = np.random.default_rng(0)
    a, b = rng.random((2, 30))
    rest = np.arange(30) // 3, np.zeros(30, int)
    there, back = differences(a, b, *rest), differences(b, a, *rest)
    assert (there.difference[0], there.low[0]) == pytest.approx((-back.difference[0], -back.high[0]))


@pytest.mark.parametrize(
    ("a", "says"), [([2.0], "in \\[0, 1\\]"), ([np.nan], "missing"), ([1.0, 1.0], "one length")]
)
def test_what_has_no_difference_is_refused(a: list[float], says: str) -> None:
    """With a line that says why."""
    with pytest.raises(ValueError, match=says):
        differences(np.array(a), np.array([1.0]), np.array([0]), np.array([0]))


def test_a_group_without_samples_is_refused() -> None:
    """It has no mean."""
    with pytest.raises(ValueError, match="without samples"):
        differences(np.array([1.0]), np.array([1.0]), np.array([0]), np.array([1]))


@pytest.mark.parametrize("clusters", [8, 30, 150])
@pytest.mark.parametrize("size", [1, 4])
@pytest.mark.parametrize("lead", [0.0, 0.3])
def test_coverage(lead: float, size: int, clusters: int) -> None:
    """Hardness is shared within a cluster and by both models, answers are 0 or 1; nominal .95, noise .01."""
    rng, held, tries = np.random.default_rng(5), 0, 500
    cluster, group = np.repeat(np.arange(clusters), size), np.zeros(clusters * size, int)
    for _ in range(tries):
        hard = np.repeat(rng.beta(0.5, 0.5, clusters), size)
        a = (rng.random(hard.size) < hard + lead * (1 - hard)).astype(float)
        b = (rng.random(hard.size) < hard).astype(float)
        found = differences(a, b, cluster, group)
        held += found.low[0] <= lead / 2 <= found.high[0]  # the mean of 1 - hard is 1/2
    assert held / tries >= 0.93


def test_numbers_have_students_interval() -> None:
    """That of a mean of clusters of one size; none of one cluster or of equal differences."""
    rng = np.random.default_rng(2)
    a, b = rng.normal(50, 9, 12), rng.normal(48, 9, 12)
    found = differences_of_numbers(a, b, np.arange(12) // 2, np.zeros(12, int), 0.9)
    sums = (a - b).reshape(6, 2).mean(axis=1)
    low, high = stats.t.interval(0.9, 5, loc=sums.mean(), scale=stats.sem(sums))
    assert (found.difference[0], found.low[0], found.high[0]) == pytest.approx((sums.mean(), low, high))
    alone = differences_of_numbers(a, b, np.zeros(12, int), np.zeros(12, int))
    equal = differences_of_numbers(a, a - 1, np.arange(12), np.zeros(12, int))
    assert np.isnan([alone.low, alone.high, equal.low, equal.high]).all()
    assert alone.difference == pytest.approx(found.difference) and equal.difference == pytest.approx(1)


@pytest.mark.parametrize(
    ("a", "group", "says"), [([np.inf], [0], "numbers"), ([1.0, 2.0], [0], "one length"), ([1.0], [1], "without")]
)
def test_numbers_without_a_difference_are_refused(a: list[float], group: list[int], says: str) -> None:
    """With a line that says why."""
    with pytest.raises(ValueError, match=says):
        differences_of_numbers(np.array(a), np.array([1.0]), np.array([0]), np.array(group))


@pytest.mark.parametrize("clusters", [8, 30, 150])
@pytest.mark.parametrize("size", [1, 4])
def test_coverage_of_numbers(size: int, clusters: int) -> None:
    """Models gain on whole clusters and on samples; nominal .95, noise .01."""
    rng, held, tries = np.random.default_rng(6), 0, 500
    cluster, group = np.repeat(np.arange(clusters), size), np.zeros(clusters * size, int)
    for _ in range(tries):
        b = rng.normal(0, 3, cluster.size)
        a = b + 0.5 + np.repeat(rng.normal(0, 1, clusters), size) + rng.normal(0, 1, cluster.size)
        found = differences_of_numbers(a, b, cluster, group)
        held += found.low[0] <= 0.5 <= found.high[0]
    assert held / tries >= 0.93


def test_numbers_that_all_differ_alike_have_no_interval_whatever_rounding_leaves() -> None:
    a = np.random.default_rng(1).random(7)
    zeros = np.zeros(7, np.int64)
    found = differences_of_numbers(a, a - 0.1, np.arange(7), zeros)
    assert found.difference[0] == pytest.approx(0.1) and np.isnan(found.low[0]) and np.isnan(found.high[0])
