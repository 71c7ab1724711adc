"""The fit: the likelihood's maximum, also where wins are lopsided, and not where there is none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.bradley_terry import fit_bradley_terry


def balance(wins: np.ndarray, theta: np.ndarray) -> np.ndarray:
    """Seen minus expected wins of each model, relative to its comparisons."""
    met = wins + wins.T
    expected = met / (1 + np.exp(theta[None, :] - theta[:, None]))
    return (wins - expected).sum(axis=1) / np.maximum(met.sum(axis=1), 1)


@settings(deadline=None)
@given(st.integers(2, 8), st.integers(0, 1000))
def test_seen_wins_equal_expected_wins_at_the_maximum(models: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    wins = rng.gamma(0.3, 20, (models, models)) + 1e-3
    np.fill_diagonal(wins, 0)
    theta = fit_bradley_terry(wins)
    assert theta.sum() == pytest.approx(0, abs=1e-9)
    assert balance(wins, theta) == pytest.approx(np.zeros(models), abs=1e-9)


def test_two_models_have_a_closed_form() -> None:
    for lost in (1, 0.5, 1e-6):
        wins = np.array([[0, 1e6], [lost, 0]])
        theta = fit_bradley_terry(wins)
        assert theta[0] - theta[1] == pytest.approx(np.log(1e6 / lost), abs=1e-8)


def test_batches_prior_and_start_give_what_single_fits_give() -> None:
    rng = np.random.default_rng(0)
    wins = rng.random((4, 6, 6)) * (1 - np.eye(6))
    prior = rng.random((4, 6, 2)) + 0.1
    together = fit_bradley_terry(wins, prior, start=np.linspace(-5, 5, 6))
    for b in range(4):
        assert together[b] == pytest.approx(fit_bradley_terry(wins[b], prior[b]), abs=1e-9)


def test_a_prior_is_an_imaginary_model_of_strength_0() -> None:
    rng = np.random.default_rng(1)
    wins, prior = rng.random((5, 5)) * (1 - np.eye(5)), rng.random((5, 2))
    extended = np.zeros((6, 6))
    extended[:5, :5], extended[:5, 5], extended[5, :5] = wins, prior[:, 0], prior[:, 1]
    with_one_more = fit_bradley_terry(extended)[:5]
    assert fit_bradley_terry(wins, prior) == pytest.approx(with_one_more - with_one_more.mean(), abs=1e-9)


def test_hundreds_of_models_of_very_unequal_strength() -> None:
    truth = np.linspace(-8, 8, 300)
    wins = 50 / (1 + np.exp(truth[None, :] - truth[:, None])) * (1 - np.eye(300))
    assert fit_bradley_terry(wins) == pytest.approx(truth, abs=1e-8)


def test_no_finite_maximum_is_an_error_without_a_prior() -> None:
    wins = np.array([[0, 3.0], [0, 0]])
    with pytest.raises(ArithmeticError, match="no finite fit"):
        fit_bradley_terry(wins)
    finite = fit_bradley_terry(wins, np.full((2, 2), 0.5))
    assert 0 < finite[0] < 5
