"""The alarm: as often false as it says, and heard when a release is harder."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from aggregate.measurements import Measurements
from aggregate.rerun.drift import drift
from tests.aggregate.releases import simulated


def halves(m: Measurements, seed: int) -> tuple[Measurements, Measurements]:
    """A release cut into two by drawing papers."""
    drawn = np.random.default_rng(seed).permutation(len(m.clusters)) % 2 == 0
    keep = drawn[m.cluster_of]
    return m.of_samples(keep), m.of_samples(~keep)


def test_alarms_are_false_as_often_as_said() -> None:
    """Halves of one release whose papers differ much: the samples alone would ring nearly twice as often."""
    m = simulated(0, models=5, papers=100).old
    p_values = [drift(*halves(m, seed)).p_value for seed in range(300)]
    for rate in (0.05, 0.2):
        false = int((np.array(p_values) < rate).sum())
        assert stats.binomtest(false, 300, rate).pvalue > 0.01


def test_a_harder_release_is_heard() -> None:
    found = [drift(one.old, one.new) for one in (simulated(seed, models=5, shift=-0.8) for seed in range(10))]
    assert sum(one.alarm for one in found) >= 8
    assert all(one.change < 0 for one in found)
    assert all(one.alarm == (one.p_value < one.false_alarms) == (not one.low <= 0 <= one.high) for one in found)


def test_its_interval_holds_the_change() -> None:
    """Of the expected scores, over releases without end."""
    changes = [
        drift(one.old, one.new, level=0.9) for one in (simulated(s, models=5, papers=40) for s in range(40))
    ]
    held = np.mean([one.low <= 0 <= one.high for one in changes])
    assert 0.8 <= held <= 0.99


def test_the_same_samples_twice_are_no_drift() -> None:
    """And no chance decides: what both share takes no part in the spread."""
    m = simulated(3).old
    found = drift(m, m)
    assert (found.change, found.p_value, found.alarm) == (0.0, 1.0, False)


def test_only_models_of_both_speak() -> None:
    made = simulated(4, models=6)
    some = made.new.of_models(np.arange(6) < 2)
    found = drift(made.old, some)
    assert found.models == 2
    assert found.change == pytest.approx((made.truth[:2] - learn(made.old)[:2]).mean())
    with pytest.raises(ValueError, match="no model"):
        drift(made.old.of_models(np.arange(6) > 1), some)


def learn(m: Measurements) -> np.ndarray:
    """(M,) plain means."""
    return np.bincount(m.model, m.value) / len(m.samples)
