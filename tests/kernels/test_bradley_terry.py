"""The fits: the likelihood's maximum, also where wins are lopsided, and not where there is none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from kernels.bradley_terry import HalfTies, PairModel, Strengths, curvature, fit_bradley_terry, fit_pairs
from kernels.tied_pairs import Davidson, RaoKupper

MODELS: list[PairModel] = [HalfTies(), Davidson(), RaoKupper()]


def chances(model: PairModel, gap: np.ndarray, extra: float) -> tuple[np.ndarray, np.ndarray]:
    """P(win), P(tie) as the papers write them."""
    i, j = np.exp(gap), np.ones_like(gap)
    if isinstance(model, Davidson):
        nu = np.exp(extra) * np.sqrt(i * j)
        return i / (i + j + nu), nu / (i + j + nu)
    threshold = np.exp(extra) if isinstance(model, RaoKupper) else 1.0
    win, lose = i / (i + threshold * j), j / (j + threshold * i)
    return win, 1 - win - lose


def likelihood(
    model: PairModel, wins: np.ndarray, ties: np.ndarray, theta: np.ndarray, extra: float, prior: np.ndarray
) -> float:
    """Log-likelihood of all comparisons, those with the imaginary average model among them."""
    gap = theta[:, None] - theta
    own = theta - theta.mean()
    win, tie = chances(model, gap, extra)
    up, level = chances(model, own, extra)
    down, _ = chances(model, -own, extra)
    if isinstance(model, HalfTies):
        tie, level = np.sqrt(win * win.T), np.sqrt(up * down)
    return float(
        (wins * np.log(win)).sum()
        + (ties * np.log(tie + np.eye(theta.size))).sum() / 2
        + (prior * np.log([up, down, level]).T).sum()
    )


def some(models: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    wins, ties = rng.gamma(0.3, 20, (2, models, models)) + 1e-3
    for matrix in (wins, ties):
        np.fill_diagonal(matrix, 0)
    return wins, ties + ties.T, rng.random((models, 3))


@pytest.mark.parametrize("model", MODELS, ids=lambda m: type(m).__name__)
def test_derivatives_are_those_of_the_likelihood(model: PairModel) -> None:
    rng = np.random.default_rng(0)
    wins, ties, prior = some(4, rng)
    theta, extra = rng.normal(size=4), 0.7
    x = theta if model.least is None else np.append(theta, extra)

    def at(y: np.ndarray) -> Strengths:
        return Strengths(y, None) if model.least is None else Strengths(y[:4], np.array(y[4]))

    def value(y: np.ndarray) -> float:
        return likelihood(model, wins, ties, y[:4], y[-1], prior)

    found = curvature(model, wins, ties, prior, at(x))
    assert found.gradient == pytest.approx(optimize.approx_fprime(x, value, 1e-6), rel=1e-4, abs=1e-3)
    second = [
        (curvature(model, wins, ties, prior, at(x + h)).gradient - found.gradient) / 1e-6
        for h in 1e-6 * np.eye(x.size)
    ]
    assert -found.information == pytest.approx(np.array(second), rel=1e-4, abs=1e-3)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(MODELS), st.integers(2, 8), st.booleans(), st.integers(0, 1000))
def test_no_other_strengths_are_likelier(model: PairModel, models: int, with_prior: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    wins, ties, prior = some(models, rng)
    prior = prior if with_prior else np.zeros_like(prior)
    fitted = fit_pairs(model, wins, ties, prior)
    assert fitted.theta.sum() == pytest.approx(0, abs=1e-9)
    slope = curvature(model, wins, ties, prior, fitted).gradient / (wins.sum() + ties.sum())
    assert slope == pytest.approx(np.zeros(slope.size), abs=1e-9)
    extra = 0.0 if fitted.extra is None else float(fitted.extra)
    best = likelihood(model, wins, ties, fitted.theta, extra, prior)
    for _ in range(5):
        other = fitted.theta + 0.1 * rng.normal(size=models)
        assert likelihood(model, wins, ties, other, extra * rng.uniform(0.9, 1.1), prior) < best


@settings(deadline=None)
@given(st.integers(2, 8), st.integers(0, 1000))
def test_seen_wins_equal_expected_wins_at_the_maximum(models: int, seed: int) -> None:
    wins, _, _ = some(models, np.random.default_rng(seed))
    theta = fit_bradley_terry(wins)
    met = wins + wins.T
    expected = met / (1 + np.exp(theta[None, :] - theta[:, None]))
    balance = (wins - expected).sum(axis=1) / np.maximum(met.sum(axis=1), 1)
    assert balance == pytest.approx(np.zeros(models), abs=1e-9)


def test_two_models_have_a_closed_form() -> None:
    for lost in (1, 0.5, 1e-6):
        wins = np.array([[0, 1e6], [lost, 0]])
        theta = fit_bradley_terry(wins)
        assert theta[0] - theta[1] == pytest.approx(np.log(1e6 / lost), abs=1e-8)


def test_two_models_that_tie_have_closed_forms() -> None:
    wins, ties = np.array([[0, 8.0], [2, 0]]), np.array([[0, 6.0], [6, 0]])
    davidson = fit_pairs(Davidson(), wins, ties)
    assert davidson.theta[0] - davidson.theta[1] == pytest.approx(np.log(8 / 2))
    assert np.exp(davidson.extra) == pytest.approx(6 / np.sqrt(8 * 2))  # type: ignore[arg-type]
    rao_kupper = fit_pairs(RaoKupper(), wins, ties)
    gap, threshold = rao_kupper.theta[0] - rao_kupper.theta[1], rao_kupper.extra
    assert 1 / (1 + np.exp(threshold - gap)) == pytest.approx(8 / 16)
    assert 1 / (1 + np.exp(threshold + gap)) == pytest.approx(2 / 16)


@pytest.mark.parametrize("model", MODELS, ids=lambda m: type(m).__name__)
def test_batches_prior_and_start_give_what_single_fits_give(model: PairModel) -> None:
    rng = np.random.default_rng(0)
    wins, ties, prior = (np.stack(part) for part in zip(*(some(6, rng) for _ in range(4)), strict=True))
    extra = None if model.least is None else np.array(2.0)
    together = fit_pairs(model, wins, ties, prior, start=Strengths(np.linspace(-5, 5, 6), extra))
    for b in range(4):
        alone = fit_pairs(model, wins[b], ties[b], prior[b])
        assert together.theta[b] == pytest.approx(alone.theta, abs=1e-9)
        if together.extra is not None and alone.extra is not None:
            assert together.extra[b] == pytest.approx(alone.extra, abs=1e-9)


def test_hundreds_of_models_of_very_unequal_strength() -> None:
    truth = np.linspace(-8, 8, 300)
    wins = 50 / (1 + np.exp(truth[None, :] - truth[:, None])) * (1 - np.eye(300))
    assert fit_bradley_terry(wins) == pytest.approx(truth, abs=1e-8)


@pytest.mark.parametrize("model", [Davidson(), RaoKupper()], ids=lambda m: type(m).__name__)
@pytest.mark.parametrize("extra", [0.05, 1.0, 4.0])
def test_rare_and_common_ties_are_fitted(model: PairModel, extra: float) -> None:
    truth = np.linspace(-3, 3, 40)
    win, tie = chances(model, truth[:, None] - truth, extra)
    others = 1 - np.eye(40)
    fitted = fit_pairs(model, win * others, tie * others)
    assert fitted.theta == pytest.approx(truth, abs=1e-8)
    assert fitted.extra == pytest.approx(extra, abs=1e-8)


def test_no_finite_maximum_is_an_error_without_a_prior() -> None:
    wins = np.array([[0, 3.0], [0, 0]])
    with pytest.raises(ArithmeticError, match="no finite fit"):
        fit_bradley_terry(wins)
    finite = fit_bradley_terry(wins, np.array([[0, 0.5, 0], [0.5, 0, 0]]))
    assert 0 < finite[0] < 5
