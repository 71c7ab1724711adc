"""Curves of samples: found where there are results, the mean curve where there are none."""

from __future__ import annotations

import numpy as np
import pytest

from aggregate.curves import Curves, fit_curves
from tests.aggregate.pools import Truth, simulated


def fitted(truth: Truth, seen: np.ndarray) -> tuple[Curves, np.ndarray, np.ndarray]:
    model, sample = np.nonzero(seen)
    return fit_curves(model, sample, truth.value[model, sample], *seen.shape), model, sample


def test_curves_are_found() -> None:
    """With many models; chances to pass are closer than results are."""
    truth = simulated(0, 80, 300, stray=0.0)
    curves, _, _ = fitted(truth, np.ones_like(truth.value, bool))
    chance = 1 / (1 + np.exp(-(curves.easiness + curves.slope * curves.ability[:, None])))
    assert np.abs(chance - truth.chance).mean() < 0.05
    assert np.corrcoef(curves.slope, truth.slope)[0, 1] > 0.4
    assert np.corrcoef(curves.easiness, truth.easiness)[0, 1] > 0.97
    assert curves.ability.mean() == pytest.approx(0, abs=1e-9)


def test_a_sample_without_results_has_the_mean_curve() -> None:
    truth = simulated(1, 10, 60)
    seen = np.ones_like(truth.value, bool)
    seen[:, 7] = False
    curves, _, _ = fitted(truth, seen)
    assert (curves.easiness[7], curves.slope[7]) == pytest.approx(tuple(curves.mean), abs=1e-3)


def test_few_results_pull_a_curve_to_the_others() -> None:
    """One pass by one model is no proof that a sample is easy."""
    truth = simulated(2, 12, 80)
    truth.value[:, :2] = 1.0
    seen = np.ones_like(truth.value, bool)
    seen[1:, 0] = False
    curves, _, _ = fitted(truth, seen)
    assert curves.mean[0] < curves.easiness[0] < curves.easiness[1] < 8


def test_a_curve_without_a_models_own_result_is_that_of_a_fit_without_it() -> None:
    truth = simulated(3, 12, 80)
    seen = np.ones_like(truth.value, bool)
    curves, model, sample = fitted(truth, seen)
    errors, moved = [], []
    for row in range(0, 960, 97):
        left = seen.copy()
        left[model[row], sample[row]] = False
        exact = fitted(truth, left)[0].easiness[sample[row]]
        errors.append(curves.own_easiness[row] - exact)
        moved.append(curves.easiness[sample[row]] - exact)
    assert np.sqrt(np.mean(np.square(errors))) < 0.25 * np.sqrt(np.mean(np.square(moved)))


@pytest.mark.parametrize("value", [0.0, 1.0, 0.5])
def test_results_that_never_vary_leave_finite_curves(value: float) -> None:
    model, sample = np.divmod(np.arange(300), 30)
    curves = fit_curves(model, sample, np.full(300, value), 10, 30)
    for found in (curves.ability, curves.easiness, curves.slope, curves.own_easiness, curves.own_slope):
        assert np.isfinite(found).all() and np.abs(found).max() < 30
