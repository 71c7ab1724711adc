"""The claimed precision and its interval, on simulated truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from evalhub.probes.relevance import Answered, Relevance

D = 8


def none() -> Answered:
    return Answered(np.empty(0), np.empty((0, D)), np.empty(0))


def world(draw: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Similarities, directions and true log odds drawn as the prior has them."""
    similarity = draw.normal(size=count)
    directions = draw.normal(size=(count, D))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    level, slope, weights = draw.normal(), draw.normal(scale=0.3**0.5), draw.normal(scale=10**0.5, size=D)
    pivot = float(np.quantile(similarity, 0.9))
    odds = -3.6 + level + 1.45 * similarity + slope * (similarity - pivot) + directions @ weights
    return similarity, directions, odds


def test_without_answers_it_is_the_prior() -> None:
    relevance = Relevance.fit(none(), 1.0)
    assert relevance.odds(np.array([0.0, 1.0]), np.zeros(2)) == pytest.approx([-3.6, -2.15])


def test_the_mode_is_where_the_gradient_of_the_posterior_is_zero() -> None:
    draw = np.random.default_rng(0)
    similarity, directions, odds = world(draw, 30)
    said = (draw.random(30) < expit(odds)).astype(float)
    fitted = Relevance.fit(Answered(similarity, directions, said), 1.0)
    left = said - expit(fitted.odds(similarity, directions @ fitted.weights))
    assert fitted.weights == pytest.approx(10 * directions.T @ left, abs=1e-6)
    assert fitted.level + 3.6 == pytest.approx(left.sum(), abs=1e-6)
    assert fitted.slope == pytest.approx(0.3 * left @ (similarity - 1.0), abs=1e-6)


def test_what_the_user_said_is_certain() -> None:
    relevance = Relevance.fit(none(), 1.0)
    said = np.array([1.0, 1.0, 0.0])
    share, low, high = relevance.precision(np.array([9.0, 9.0, -9.0]), np.zeros(3), np.eye(3, D), said)
    assert share == pytest.approx(2 / 3) and low == pytest.approx(share) and high == pytest.approx(share)
    assert all(np.isnan(relevance.precision(np.empty(0), np.empty(0), np.empty((0, D)), np.empty(0))))


def test_the_interval_holds_the_true_share_about_as_often_as_it_says() -> None:
    """Over worlds drawn from the prior, of the fifty likeliest of 400, after 40 answers to drawn samples."""
    inside, off = 0, []
    worlds = 300
    for seed in range(worlds):
        draw = np.random.default_rng(seed)
        similarity, directions, odds = world(draw, 400)
        truth = draw.random(400) < expit(odds)
        asked = draw.choice(400, 40, replace=False)
        answered = Answered(similarity[asked], directions[asked], truth[asked].astype(float))
        fitted = Relevance.fit(answered, float(np.quantile(similarity, 0.9)))
        judged = fitted.odds(similarity, directions @ fitted.weights)
        best = np.argsort(-judged)[:50]
        certain = np.where(np.isin(best, asked), truth[best], np.nan)
        share, low, high = fitted.precision(judged[best], similarity[best], directions[best], certain)
        inside += low <= truth[best].mean() <= high
        off.append(share - truth[best].mean())
    assert 0.90 <= inside / worlds <= 0.99
    assert abs(np.mean(off)) < 0.05
