"""The interval of a mean: exact where nothing varies, and covering where it does."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from aggregate.intervals import cluster_variance, korn_graubard, mean_interval, small_sample_factor

Draw = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]


@pytest.mark.parametrize("clusters", [1, 2, 8, 50])
def test_nothing_passed_or_everything_did(clusters: int) -> None:
    bound = 1 - 0.025 ** (1 / clusters)
    labels = np.repeat(np.arange(clusters), 3)
    none, all_ = mean_interval(np.zeros(labels.size), labels), mean_interval(np.ones(labels.size), labels)
    assert (none.mean, none.low, none.high) == pytest.approx((0, 0, bound))
    assert (all_.mean, all_.low, all_.high) == pytest.approx((1, 1 - bound, 1))
    assert (none.n, none.clusters) == (3 * clusters, clusters)


def test_equal_values_between_0_and_1_do_not_make_a_point() -> None:
    flat = mean_interval(np.full(9, 1 / 3), np.arange(9))
    assert flat.low < 0.25 and flat.high > 0.45


def test_copies_within_a_cluster_add_nothing() -> None:
    rng = np.random.default_rng(0)
    y = (rng.random(20) < 0.4).astype(float)
    once, thrice = (
        mean_interval(y, np.arange(20)),
        mean_interval(np.repeat(y, 3), np.repeat(np.arange(20), 3)),
    )
    assert thrice.low <= once.low + 1e-2 and thrice.high >= once.high - 1e-2


def test_labels_may_be_text_and_order_does_not_matter() -> None:
    y, labels = np.array([0, 1, 1, 0.5]), np.array(["b", "a", "b", "a"])
    assert mean_interval(y, labels) == mean_interval(y[::-1], labels[::-1])


def test_more_clusters_narrow_and_a_higher_level_widens() -> None:
    y = np.tile([0.0, 1.0], 20)
    wide, narrow = (
        mean_interval(y, np.repeat(np.arange(10), 4)[::-1]),
        mean_interval(np.tile(y, 4), np.arange(160)),
    )
    assert narrow.high - narrow.low < wide.high - wide.low
    assert mean_interval(y, np.arange(40), 0.99).high > mean_interval(y, np.arange(40), 0.9).high


@pytest.mark.parametrize(
    ("values", "clusters", "says"),
    [
        ([], [], "no values"),
        ([0.5, 2], [1, 2], r"in \[0, 1\]"),
        ([float("nan")], [1], "missing"),
        ([1], [1, 2], "length"),
    ],
)
def test_what_has_no_interval_is_refused(values: list[float], clusters: list[int], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        mean_interval(np.array(values), np.array(clusters))


def test_variance_of_unequal_clusters_is_the_linearised_one() -> None:
    sums, counts, of = np.array([2.0, 1.0, 0.0, 5.0]), np.array([3, 1, 2, 5]), np.array([0, 0, 0, 1])
    residuals = np.array([2 - 0.5 * 3, 1 - 0.5, -1.0])
    expected = (residuals**2).sum() / 36 * 3 / 2
    assert cluster_variance(sums, counts, of, 2).tolist() == pytest.approx([expected, 0])


def test_the_small_sample_factor_fades() -> None:
    factor = small_sample_factor(np.array([1, 2, 10, 10_000]), 0.95)
    assert factor[0] == factor[1] > 9 > 2 > factor[2] > 1 and factor[3] == pytest.approx(1, abs=1e-3)


def rarely_high(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return np.where(rng.random(shape) < 0.05, 0.9, 0.001)


TRUTHS: dict[str, tuple[Draw, float]] = {
    "even": (lambda rng, shape: rng.random(shape), 0.5),
    "narrow": (lambda rng, shape: rng.normal(0.6, 0.02, shape).clip(0, 1), 0.6),
    "hard": (lambda rng, shape: rng.beta(0.1, 0.9, shape), 0.1),
    "very hard": (lambda rng, shape: rng.beta(0.02, 0.98, shape), 0.02),
    "easy": (lambda rng, shape: rng.beta(3, 0.3, shape), 3 / 3.3),
    "rarely high": (rarely_high, 0.05 * 0.9 + 0.95 * 0.001),
}


@pytest.mark.parametrize("size", [1, 5])
@pytest.mark.parametrize("attempts", [1, 8, None])
@pytest.mark.parametrize("clusters", [8, 12, 50, 200])
@pytest.mark.parametrize("truth", TRUTHS)
def test_coverage_over_samples_and_attempts(truth: str, clusters: int, attempts: int | None, size: int) -> None:
    """Rates are shared within a cluster (with noise of their own where it has several samples)."""
    draw, mean = TRUTHS[truth]
    rng = np.random.default_rng([clusters, size, attempts or 0])
    runs = 2000
    shared = draw(rng, (runs, clusters, 1))
    own = draw(rng, (runs, clusters, size))
    p = np.where(rng.random((runs, clusters, size)) < 0.6, shared, own)
    y = p if attempts is None else rng.binomial(attempts, p) / attempts
    m = y.mean(axis=(1, 2))
    of = np.repeat(np.arange(runs), clusters)
    variance = cluster_variance(y.sum(axis=2).ravel(), np.full(of.size, size), of, runs)
    many = np.full(runs, clusters)
    low, high = korn_graubard(m, variance, many * size, many, 0.95)
    # Three standard errors of the simulation below .95 is .935.
    assert np.mean((low <= mean) & (mean <= high)) >= 0.93
