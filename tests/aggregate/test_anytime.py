"""Intervals that may be looked at after every attempt, and stops by their width."""

from __future__ import annotations

import numpy as np
import pytest

from aggregate.anytime import Narrow, anytime_interval
from aggregate.intervals import mean_interval
from aggregate.stopped import stopped_rates

RATES = [1e-3, 0.01, 0.1, 0.3, 0.5, 0.75, 0.98]


def ever_outside(p: float, most: int, *, peeking: bool) -> float:
    """Chance that an interval leaves out p after one of up to `most` attempts: all ways are followed exactly."""
    chance = np.array([1.0])
    lost = 0.0
    for n in range(1, most + 1):
        chance = np.r_[chance * (1 - p), 0] + np.r_[0, chance * p]
        if peeking or n == most:
            low, high = anytime_interval(np.arange(n + 1), n)
            outside = (p < low) | (p > high)
            lost += chance[outside].sum()
            chance[outside] = 0
    return lost


@pytest.mark.parametrize("p", RATES)
def test_it_covers_at_all_attempts_at_once(p: float) -> None:
    """Looked at after each of 600 attempts, 19 times of 20 no interval leaves out the rate."""
    assert ever_outside(p, 600, peeking=True) <= 0.05


def test_a_fixed_number_of_attempts_costs_little_of_the_allowed_error() -> None:
    """Peeking is what the width pays for."""
    assert ever_outside(0.3, 200, peeking=False) < 0.01 < ever_outside(0.3, 600, peeking=True)


def test_peeking_at_an_interval_for_a_fixed_number_goes_wrong() -> None:
    """The reason why there is another one: Korn and Graubard's, here Clopper-Pearson's, fails when looked at."""
    rng = np.random.default_rng(0)
    wrong = 0
    for _ in range(200):
        outcomes = rng.random(200) < 0.3
        ends = [mean_interval(outcomes[:n].astype(float), np.arange(n)) for n in range(5, 201, 5)]
        wrong += any(not end.low <= 0.3 <= end.high for end in ends)
    assert wrong / 200 > 0.08


def test_it_shrinks_onto_the_rate_and_holds_it() -> None:
    """Whatever the shape; no attempt says nothing, and no pass leaves an upper end."""
    low, high = anytime_interval([0, 0, 3, 10], [0, 50, 50, 10])
    assert (low[0], high[0]) == (0, 1)
    assert low[1] == 0 and 0.05 < high[1] < 0.15
    assert low[2] < 3 / 50 < high[2] and high[3] == 1
    n = np.array([10, 100, 1000, 10**5])
    width = np.subtract(*anytime_interval(0.3 * n, n)[::-1])
    assert (np.diff(width) < 0).all() and width[-1] < 0.02


def test_it_is_the_same_for_fails_the_other_way_round() -> None:
    x, n = np.arange(41), 40
    low, high = anytime_interval(x, n)
    assert low == pytest.approx(1 - high[::-1])


def test_a_rate_of_a_millionth_has_a_lower_end() -> None:
    """The ends are roots, not steps of a grid."""
    low, high = anytime_interval(4, 4_000_000)
    assert 1e-8 < low < 1e-6 < high < 1e-5


@pytest.mark.parametrize("width", [0.5, 0.2, 0.11])
def test_narrow_is_what_the_interval_says(width: float) -> None:
    narrow = Narrow(width)
    for n in (1, 5, 30, 31, 100, 255, 256, 257, 700):
        low, high = anytime_interval(np.arange(n + 1), n)
        assert [narrow(x, n) for x in range(n + 1)] == (high - low <= width).tolist()


@pytest.mark.parametrize(("passes", "attempts"), [(-1, 2), (3, 2)])
def test_impossible_counts_are_refused(passes: int, attempts: int) -> None:
    with pytest.raises(ValueError, match="between 0 and attempts"):
        anytime_interval(passes, attempts)
    with pytest.raises(ValueError, match="between 0 and attempts"):
        stopped_rates([passes], [attempts], Narrow(0.2))


@pytest.mark.parametrize("width", [0, 1, -0.1])
def test_a_width_that_is_none_is_refused(width: float) -> None:
    with pytest.raises(ValueError, match="width"):
        Narrow(width)


def ends(p: float, narrow: Narrow, target: int | None, cap: int) -> tuple[np.ndarray, ...]:
    """All ends of a sample's attempts: passes, attempts and the chance of each."""
    chance, found = {0: 1.0}, []
    for n in range(1, cap + 1):
        grown: dict[int, float] = {}
        for x, weight in chance.items():
            grown[x] = grown.get(x, 0) + weight * (1 - p)
            grown[x + 1] = grown.get(x + 1, 0) + weight * p
        stopped = {x for x in grown if n == cap or x == target or narrow(x, n)}
        found += [(x, n, grown[x]) for x in stopped]
        chance = {x: weight for x, weight in grown.items() if x not in stopped}
    return tuple(np.array(found).T)


@pytest.mark.parametrize("p", RATES)
@pytest.mark.parametrize(("width", "target", "cap"), [(0.4, None, 60), (0.3, 5, 80), (0.25, 2, 40), (0.5, 1, 9)])
def test_rates_are_unbiased_whatever_stopped_them(p: float, width: float, target: int | None, cap: int) -> None:
    """By all ends; passes/attempts is not, by a good deal."""
    narrow = Narrow(width)
    x, n, chance = ends(p, narrow, target, cap)
    rate = stopped_rates(x, n, narrow, target)
    assert chance.sum() == pytest.approx(1)
    assert (rate >= 0).all() and (rate <= 1).all()
    assert (chance * rate).sum() == pytest.approx(p)


def test_passes_by_attempts_would_be_biased() -> None:
    """What all this is for: a stop by width takes a tenth of a rate of a tenth away."""
    x, n, chance = ends(0.1, Narrow(0.4), None, 60)
    assert (chance * x / n).sum() < 0.08


def test_without_a_narrow_interval_it_is_the_estimate_of_the_stop_at_passes() -> None:
    """(r-1)/(K-1) where the passes came, x/n where they did not."""
    found = stopped_rates([3, 2, 0, 0], [10, 12, 12, 0], Narrow(0.01), 3)
    assert found[:3] == pytest.approx([2 / 9, 2 / 12, 0]) and np.isnan(found[3])


def test_an_end_behind_an_earlier_stop_is_refused() -> None:
    """It cannot have come about."""
    with pytest.raises(ValueError, match="behind a stop"):
        stopped_rates([0], [50], Narrow(0.5))
    with pytest.raises(ValueError, match="behind a stop"):
        stopped_rates([4], [9], Narrow(0.1), 3)


def test_very_many_attempts_take_no_square_time() -> None:
    """Beyond some thousands the bias of passes/attempts is too small to be counted away."""
    assert stopped_rates([7, 90_000], [900_000, 300_000], Narrow(1e-4)) == pytest.approx([7 / 900_000, 0.3])
