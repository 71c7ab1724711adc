"""Plackett-Luce: the integrals against exact sums and closed forms, the fit against Hunter's algorithm."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

import kernels.plackett_luce
from kernels.plackett_luce import (
    Orders,
    fit_plackett_luce,
    log_likelihood,
    log_likelihood_reference,
    make_orders,
    score_covariance,
)


def random_orders(models: int, samples: int, values: int, seen: float, rng: np.random.Generator) -> Orders:
    """Partial rankings; few `values` make many ties."""
    sample, model = np.nonzero(rng.random((samples, models)) < seen)
    return make_orders(model, sample, rng.integers(0, values, sample.size).astype(float), models, samples)


def one_order(*groups: list[int]) -> Orders:
    """A single sample."""
    model = np.concatenate(groups).astype(np.int32)
    value = np.repeat(-np.arange(float(len(groups))), [len(group) for group in groups])
    return make_orders(model, np.zeros(model.size, np.int32), value, int(model.max()) + 1, 1)


def log_chance(group: np.ndarray, below: float) -> float:
    """That models of these log-strengths all come before one of another."""
    orders = one_order(list(range(group.size)), [group.size])
    return log_likelihood(orders, np.append(group, below), np.ones(1)).value


def gumbel_orders(theta: np.ndarray, samples: int, rng: np.random.Generator) -> Orders:
    """Full rankings without ties from a Plackett-Luce truth."""
    value = theta + rng.gumbel(size=(samples, theta.size))
    sample, model = np.indices(value.shape).reshape(2, -1)
    return make_orders(model, sample, value.ravel(), theta.size, samples)


@settings(deadline=None)  # the first call compiles
@given(st.integers(1, 6), st.integers(1, 5), st.integers(1, 5), st.floats(0.01, 3), st.integers(0, 2**32))
def test_values_and_slopes_equal_sums_over_all_orders(
    models: int, samples: int, values: int, spread: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    orders = random_orders(models, samples, values, 0.8, rng)
    theta, weight = rng.normal(0, spread, models), rng.choice([0, 0.5, 1], samples)
    found = log_likelihood(orders, theta, weight)
    assert found.value == pytest.approx(log_likelihood_reference(orders, theta, weight), abs=1e-9)
    step = 1e-4
    for i in range(models):
        away = step * np.eye(models)[i]
        sides = [theta + away, theta - away]
        up, down = (log_likelihood_reference(orders, side, weight) for side in sides)
        assert found.gradient[i] == pytest.approx((up - down) / (2 * step), abs=1e-5)
        rise, fall = (log_likelihood(orders, side, weight).gradient for side in sides)
        assert found.hessian[i] == pytest.approx((rise - fall) / (2 * step), abs=1e-5)
    assert found.gradient.sum() == pytest.approx(0, abs=1e-9)
    assert np.linalg.eigvalsh(found.hessian).max() < 1e-9  # concave


@pytest.mark.parametrize("size", [2, 3, 10, 100, 1000])
@pytest.mark.parametrize("strength", [-10, -3, 0, 3, 10])
def test_a_tie_of_equals_has_a_closed_form(size: int, strength: float) -> None:
    """Substituting v = exp(-w t) gives a Beta function."""
    rate = math.exp(strength)
    exact = special.betaln(size + 1, 1 / rate) - strength
    assert log_chance(np.full(size, float(strength)), 0) == pytest.approx(exact, abs=1e-8)


@pytest.mark.parametrize("size", [3, 30, 1000])
def test_strengths_far_apart_agree_with_a_fine_sum(size: int) -> None:
    rng = np.random.default_rng(size)
    for centre in (-10, 0, 10):
        group = rng.uniform(-10, 10, size)
        log_time = np.linspace(-45, 45, 60_001)
        height = log_time - np.exp(log_time + centre) + centre
        for strength in group:
            height += np.log(-np.expm1(-np.exp(log_time + strength)))
        exact = special.logsumexp(height) + np.log(log_time[1] - log_time[0])
        assert log_chance(group, centre) == pytest.approx(exact, abs=1e-8)


def test_the_chances_of_all_winners_sum_to_one() -> None:
    theta = np.random.default_rng(0).normal(0, 2, 8)
    total = 0.0
    for group in combinations(range(8), 4):
        rest = [i for i in range(8) if i not in group]
        total += math.exp(log_likelihood(one_order(list(group), rest), theta, np.ones(1)).value)
    assert total == pytest.approx(1, abs=1e-9)


def test_who_ties_with_everybody_says_nothing() -> None:
    found = log_likelihood(one_order([0, 1, 2, 3]), np.arange(4.0), np.ones(1))
    assert found.value == 0 and not found.gradient.any() and not found.hessian.any()


def hunter(orders: Orders, models: int) -> np.ndarray:
    """Minorisation-maximisation for rankings without ties (Hunter 2004, Ann. Statist. 32:384)."""
    w, wins = np.ones(models), np.zeros(models)
    rankings = [orders.model[a:b] for a, b in zip(orders.start[:-1], orders.start[1:], strict=True)]
    for ranking in rankings:
        wins[ranking[:-1]] += 1
    for _ in range(3000):
        shares = np.zeros(models)
        for ranking in rankings:
            left = np.cumsum(w[ranking][::-1])[::-1][:-1]
            met = np.cumsum(1 / left)
            shares[ranking] += np.append(met, met[-1:])
        w = wins / shares
        w /= w.sum()
    return np.log(w) - np.log(w).mean()


def test_rankings_without_ties_agree_with_hunters_algorithm() -> None:
    theta = np.array([-1.0, -0.5, 0.2, 0.3, 1.0])
    orders = gumbel_orders(theta, 40, np.random.default_rng(1))
    assert fit_plackett_luce(orders, np.ones(40))[0] == pytest.approx(hunter(orders, 5), abs=1e-8)


def test_rankings_without_ties_agree_with_choix() -> None:
    choix = pytest.importorskip("choix", reason="choix is not installed; Hunter's algorithm stands in for it")
    orders = gumbel_orders(np.linspace(-2, 2, 12), 100, np.random.default_rng(2))
    fitted, _ = fit_plackett_luce(orders, np.ones(100))
    rankings = orders.model.reshape(100, 12).tolist()
    assert fitted == pytest.approx(choix.opt_rankings(12, rankings, tol=1e-12), abs=1e-6)
    assert fitted == pytest.approx(choix.ilsr_rankings(12, rankings, tol=1e-12), abs=1e-8)


@settings(deadline=None)  # the first call compiles
@given(st.integers(2, 8), st.integers(2, 10), st.floats(0.3, 1), st.integers(0, 2**32))
def test_the_fit_is_where_the_slope_vanishes(models: int, values: int, seen: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    orders = random_orders(models, 12, values, seen, rng)
    weight, prior = rng.random(12), rng.random((models, 2))
    theta, bread = fit_plackett_luce(orders, weight, prior)
    won, lost = prior.T
    pull = won * special.expit(-theta) - lost * special.expit(theta)  # theta is on average 0
    slope = log_likelihood(orders, theta, weight).gradient + pull - pull.mean()
    assert slope == pytest.approx(np.zeros(models), abs=1e-8)
    again, _ = fit_plackett_luce(orders, weight, prior, start=rng.normal(0, 3, models))
    assert again == pytest.approx(theta, abs=1e-8)
    assert np.linalg.eigvalsh(bread)[1] > 0


def test_without_a_maximum_the_fit_says_so() -> None:
    with pytest.raises(ArithmeticError, match="no finite fit"):
        fit_plackett_luce(one_order([0], [1, 2]), np.ones(1))


@pytest.mark.parametrize("block", [3, 512])
def test_scores_are_summed_over_units_and_multiplied(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels.plackett_luce, "_BLOCK", block)
    rng = np.random.default_rng(3)
    orders, theta, weight = random_orders(6, 40, 3, 0.7, rng), rng.normal(size=6), rng.random(40)
    unit = np.cumsum(rng.integers(0, 3, 40))
    expected = np.zeros((6, 6))
    for one in np.unique(unit):
        u = log_likelihood(orders, theta, weight * (unit == one)).gradient
        expected += np.outer(u, u)
    assert score_covariance(orders, theta, weight, unit) == pytest.approx(expected, abs=1e-9)


def test_what_does_not_fit_is_refused() -> None:
    orders = one_order([0], [1, 2])
    with pytest.raises(ValueError, match="units fall"):
        score_covariance(orders, np.zeros(3), np.ones(2), np.array([1, 0]))
    with pytest.raises(IndexError, match="not all from 0 to 1"):
        make_orders(np.array([0, 2]), np.array([0, 0]), np.ones(2), 2, 1)
