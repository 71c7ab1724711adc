"""Differences of paired pass rates: by hand, without any evidence, and covering."""

from __future__ import annotations

import numpy as np
import pytest

from aggregate.differences import differences
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
