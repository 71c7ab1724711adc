"""Intervals of ratios of sums."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from aggregate.ratio import ratio_interval


def test_with_counts_of_one_it_is_the_mean_with_student_s_interval() -> None:
    values = np.random.default_rng(0).normal(3, 2, 12)
    ratio, low, high = ratio_interval(values, np.ones(12), np.arange(12))
    expected = stats.t.interval(0.95, 11, values.mean(), stats.sem(values))
    assert (ratio, low, high) == pytest.approx((values.mean(), *expected))


def test_a_ratio_is_of_sums_and_not_a_mean_of_ratios() -> None:
    """A long text weighs more."""
    ratio, low, high = ratio_interval(np.array([1.0, 30.0]), np.array([1.0, 10.0]), np.arange(2))
    assert ratio == pytest.approx(31 / 11) and low < ratio < high


def test_samples_of_one_cluster_count_as_one() -> None:
    """The same ones twice tell no more; one cluster tells nothing of others."""
    values, counts = np.array([1.0, 4.0, 2.0]), np.array([2.0, 3.0, 4.0])
    once = ratio_interval(values, counts, np.arange(3))
    twice = ratio_interval(np.tile(values, 2), np.tile(counts, 2), np.tile(np.arange(3), 2))
    assert twice == pytest.approx(once)
    assert np.isnan(ratio_interval(values, counts, np.zeros(3))[1:]).all()


def test_the_interval_covers() -> None:
    """19 times in 20, over texts of many lengths."""
    dice = np.random.default_rng(1)
    hits = 0
    for _ in range(2000):
        sizes = dice.lognormal(0, 0.7, 25)
        _, low, high = ratio_interval(sizes * dice.normal(2, 0.5, 25), sizes, np.arange(25))
        hits += low <= 2 <= high
    assert 0.92 < hits / 2000 < 0.965


@pytest.mark.parametrize(("counts", "level"), [([], 0.95), ([1.0, 0.0], 0.95), ([1.0, 1.0], 1.5)])
def test_what_makes_no_sense_is_refused(counts: list[float], level: float) -> None:
    with pytest.raises(ValueError):
        ratio_interval(np.ones(len(counts)), np.array(counts), np.arange(len(counts)), level)
