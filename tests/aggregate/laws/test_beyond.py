"""pass@k beyond the attempts: what is estimated, and what is bounded."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import special, stats

from aggregate.laws.beyond import Beyond, Spread, all_beyond, fit_spread, pass_beyond


def counts(seed: int, samples: int, attempts: int, never: float) -> tuple[np.ndarray, np.ndarray]:
    """Passes, and the true rates, of samples of which some can never pass."""
    rng = np.random.default_rng(seed)
    rates = np.where(rng.random(samples) < never, 0.0, rng.beta(0.5, 2.0, samples))
    return rng.binomial(attempts, rates), rates


def test_a_spread_gives_pass_at_k_as_an_integral_does() -> None:
    spread = Spread(a=0.7, b=3.0, never=0.2)
    rates = np.random.default_rng(0).beta(0.7, 3.0, 400_000)
    for k in (1, 10, 1000):
        assert spread.pass_at(k) == pytest.approx(0.8 * (1 - (1 - rates) ** k).mean(), abs=2e-3)


def test_the_spread_is_found_again() -> None:
    passes, _ = counts(1, 3000, 200, 0.25)
    found = fit_spread(passes.astype(float), np.full(3000, 200.0))
    assert found.never == pytest.approx(0.25, abs=0.06)
    assert found.a == pytest.approx(0.5, abs=0.1) and found.b == pytest.approx(2.0, abs=0.3)


@pytest.mark.parametrize("never", [0.0, 0.3])
def test_bounds_hold_the_truth_and_part_as_k_leaves_the_attempts_behind(never: float) -> None:
    passes, rates = counts(2, 100, 20, never)
    found = pass_beyond(passes, np.full(100, 20), [1, 20, 1000])
    for one in found:
        assert one.low <= (1 - (1 - rates) ** one.k).mean() <= one.high and one.low <= one.rate <= one.high
    widths = [one.high - one.low for one in found]
    assert widths == sorted(widths)
    assert found[0].supported and not found[-1].supported


def test_bounds_hold_how_often_all_pass() -> None:
    """Rates spread evenly from 0 to 1: all of k pass in one of k + 1."""
    rng = np.random.default_rng(3)
    passes = rng.binomial(20, rng.random(100))
    for one in all_beyond(passes, np.full(100, 20), [1, 8, 100]):
        assert one.low <= 1 / (one.k + 1) <= one.high and one.low <= one.rate <= one.high


def test_what_no_count_speaks_for_is_bounded_too() -> None:
    """No sample passed all its attempts: that a few in a hundred always would is not improbable for that."""
    passes, attempts = np.repeat([0, 3, 6], [30, 12, 8]), np.full(50, 16)
    (one,) = all_beyond(passes, attempts, [16])
    # A share of samples that always pass, and none of fifty is one: the likelihood falls by 50 log(1 - share).
    assert one.high == pytest.approx(1 - np.exp(-stats.chi2.ppf(0.9, 1) / 2 / 50), rel=0.1)
    assert one.low < 0.001


def test_once_is_once_whether_any_or_all_are_asked_for() -> None:
    passes, attempts = np.array([0, 1, 2, 5, 9, 12] * 5), np.full(30, 12)
    (any_,), (all_,) = pass_beyond(passes, attempts, [1]), all_beyond(passes, attempts, [1])
    assert (all_.low, all_.high) == pytest.approx((any_.low, any_.high), abs=0.005)


@pytest.mark.slow
@pytest.mark.parametrize("beyond", [pass_beyond, all_beyond])
def test_bounds_hold_in_nine_of_ten_families(beyond: Callable[..., list[Beyond]]) -> None:
    """Beta(.5, 2) rates of 50 samples, 16 attempts: in 20 of them three misses are no news, five would be."""
    a, b = (0.5, 2.0) if beyond is pass_beyond else (2.0, 0.5)
    inside = np.zeros(2)
    for seed in range(20):
        rng = np.random.default_rng(seed)
        passes = rng.binomial(16, rng.beta(0.5, 2.0, 50))
        for place, one in enumerate(beyond(passes, np.full(50, 16), [4, 16])):
            missed = np.exp(special.betaln(a, b + one.k) - special.betaln(a, b))
            inside[place] += one.low <= (1 - missed if beyond is pass_beyond else missed) <= one.high
    assert (inside >= 16).all()


def test_samples_that_never_passed_may_pass_in_the_long_run_or_never() -> None:
    """Half passed each time, half never in 10: of a million attempts nobody can tell."""
    passes = np.repeat([0, 10], 40)
    (one,) = pass_beyond(passes, np.full(80, 10), [10**6])
    assert one.low < 0.55 and one.high > 0.95 and not one.supported


def test_what_cannot_be_is_refused() -> None:
    for passes, attempts, k in (([2], [1], 1), ([0], [0], 1), ([0], [1], 0), ([float("nan")], [1], 1)):
        with pytest.raises(ValueError):
            pass_beyond(np.array(passes), np.array(attempts), [k])
