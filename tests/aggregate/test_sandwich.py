"""The sandwich against the variance that repeated samples show, and the zero of the scores."""

from __future__ import annotations

import numpy as np
import pytest

from aggregate.sandwich import centring, sandwich


def test_least_squares_over_clusters_shows_the_variance_that_repeats_show() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 5, 2))
    bread = np.einsum("cki,ckj->ij", x, x)
    found, spread = [], np.zeros((2, 2))
    for _ in range(600):
        error = rng.normal(size=(40, 1)) + 0.5 * rng.normal(size=(40, 5))
        beta = np.linalg.solve(bread, np.einsum("cki,ck->i", x, error))
        residual = error - x @ beta
        u = np.einsum("cki,ck->ci", x, residual)
        found.append(beta)
        spread += sandwich(bread, u.T @ u) / 600
    assert np.sqrt(np.diag(spread)) == pytest.approx(np.std(found, axis=0), rel=0.1)


def test_a_flat_direction_does_not_matter_once_the_zero_is_chosen() -> None:
    rng = np.random.default_rng(1)
    pair = rng.random((5, 5))
    pair += pair.T
    bread = np.diag(pair.sum(axis=1)) - pair
    u = rng.normal(size=(30, 5))
    u -= u.mean(axis=1, keepdims=True)
    zero = centring(np.arange(5.0))
    found = zero @ sandwich(bread, u.T @ u, np.ones((5, 1))) @ zero.T
    inverse = np.linalg.pinv(bread)
    assert found == pytest.approx(zero @ inverse @ u.T @ u @ inverse @ zero.T)
    assert found @ np.arange(5.0) == pytest.approx(np.zeros(5), abs=1e-12)


def test_each_group_has_its_own_zero() -> None:
    scores = np.array([1.0, 3.0, 10.0, 20.0, 7.0])
    zero = centring(np.array([3.0, 1.0, 0.0, 0.0, 2.0]), np.array([0, 0, 1, 1, 2]))
    assert (zero @ scores).tolist() == [-0.5, 1.5, -5, 5, 0]
    assert (centring(np.ones(5)) @ scores).sum() == pytest.approx(0)
