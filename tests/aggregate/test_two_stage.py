"""The mean pass rate by a pilot and a second stage: unbiased, by all outcomes, and covered, by simulation."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy import stats

from aggregate.two_stage import LEAST, Combined, combine, pilot_size, second_stage


def expected(rates: np.ndarray, pilot: int, total: int, width: float | None) -> tuple[np.ndarray, np.ndarray]:
    """Expectation of the combined rates, and of passes/attempts, over all outcomes of the pilot.

    The combined rates are linear in what the second stage gives, so its expectation may stand for it.
    """
    ours, naive = np.zeros(rates.size), np.zeros(rates.size)
    made = np.full(rates.size, pilot)
    for passes in product(range(pilot + 1), repeat=rates.size):
        x = np.array(passes)
        chance = stats.binom.pmf(x, pilot, rates).prod()
        stage = second_stage(x, made, pilot=pilot, total=total, width=width)
        ours += chance * combine((x, made), (stage.attempts * rates, stage.attempts), stage.weight).rates
        naive += chance * (x + stage.attempts * rates) / (pilot + stage.attempts)
    return ours, naive


@pytest.mark.parametrize("width", [None, 0.3, 0.15])
@pytest.mark.parametrize("rates", [[0.0, 0.1, 0.5, 0.9], [0.05, 0.05], [0.02, 0.4, 1.0]])
def test_every_samples_rate_is_unbiased(rates: list[float], width: float | None) -> None:
    """However its pilot decides how often it is tried again; with a width each half decides for the other."""
    true = np.array(rates)
    ours, _ = expected(true, pilot=3, total=12 * true.size, width=width)
    assert ours == pytest.approx(true, abs=1e-12)


def test_passes_by_attempts_would_be_biased() -> None:
    """What the weights are for."""
    true = np.array([0.05, 0.1, 0.9])
    ours, naive = expected(true, pilot=4, total=48, width=None)
    assert np.abs(naive / true - 1).max() > 0.03
    assert ours == pytest.approx(true, abs=1e-12)


def run(rng: np.random.Generator, rates: np.ndarray, average: int, width: float | None = None) -> Combined:
    pilot = pilot_size(average if width is None else 16)
    made = np.full(rates.size, pilot)
    x = rng.binomial(pilot, rates)
    stage = second_stage(x, made, pilot=pilot, total=average * rates.size, width=width)
    return combine((x, made), (rng.binomial(stage.attempts, rates), stage.attempts), stage.weight)


POOLS = {
    "most never pass": lambda rng, n: np.where(rng.random(n) < 0.5, 0.0, rng.beta(0.4, 2, n)),
    "evenly spread": lambda rng, n: rng.random(n),
    "near 0 or 1": lambda rng, n: rng.beta(0.3, 0.3, n),
    "all rare": lambda _, n: np.full(n, 0.004),
}


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize(("samples", "average"), [(12, 6), (12, 30), (100, 16)])
def test_the_interval_of_the_mean_covers(pool: str, samples: int, average: int) -> None:
    """Of the true rates of these very samples, nominal .95: the simulation's own noise is .011."""
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(400):
        rates = POOLS[pool](rng, samples)
        found = run(rng, rates, average)
        held += found.low <= rates.mean() <= found.high
    assert held / 400 >= 0.925


def test_it_is_more_precise_than_a_fixed_number_where_samples_differ() -> None:
    """At the same cost, where most samples never pass; the gain is 5 to 20 %, and none for like samples."""
    rng = np.random.default_rng(4)
    rates = POOLS["most never pass"](rng, 150)
    ours = [run(rng, rates, 64).mean for _ in range(400)]
    fixed = (rng.binomial(64, rates, (400, 150)) / 64).mean(axis=1)
    assert np.std(np.array(ours, float)) < 0.93 * fixed.std()


@pytest.mark.parametrize("width", [0.1, 0.03])
def test_a_width_is_planned_for_and_not_exceeded_by_much(width: float) -> None:
    """Most of the time it is kept; and a wide one costs less than a narrow one."""
    rng = np.random.default_rng(5)
    rates = POOLS["evenly spread"](rng, 100)
    widths = [found.high - found.low for found in (run(rng, rates, 1000, width) for _ in range(100))]
    assert np.mean(np.array(widths) <= width) > 0.8 and max(widths) < 1.1 * width


def test_attempts_go_where_outcomes_vary_and_add_up() -> None:
    """Nobody gets less than two, and the total is kept to the last attempt."""
    made = np.full(6, 8)
    for total in (48 + 12, 48 + 13, 48 + 200):
        stage = second_stage(np.array([0, 0, 0, 4, 4, 8]), made, pilot=8, total=total)
        assert stage.attempts.sum() == total - 48 and stage.attempts.min() >= LEAST
    assert stage.attempts[3] > 2 * stage.attempts[0] and stage.attempts[3] > 2 * stage.attempts[5]
    assert stage.weight == pytest.approx(48 / total)


def test_missing_attempts_leave_the_other_stage_alone() -> None:
    """And a sample of which nothing counted has no rate."""
    found = combine(
        (np.array([1, 0, 0]), np.array([2, 0, 0])), (np.array([0, 3, 0]), np.array([0, 4, 0])), np.full(3, 0.3)
    )
    assert found.rates[:2] == pytest.approx([0.5, 0.75]) and np.isnan(found.rates[2])
    assert found.mean == pytest.approx(0.625) and found.low < 0.625 < found.high
    nothing = combine((np.zeros(2), np.zeros(2)), (np.zeros(2), np.zeros(2)), np.full(2, 0.5))
    assert (nothing.mean, nothing.low, nothing.high) == (None, 0.0, 1.0)


def test_no_pass_at_all_still_leaves_an_upper_end() -> None:
    """Of nothing seen in 100 x 10 attempts: the exact bound."""
    nothing = np.zeros(100)
    found = combine((nothing, nothing + 4), (nothing, nothing + 6), np.full(100, 0.4))
    assert (found.mean, found.low) == (0.0, 0.0)
    assert found.high == pytest.approx(1 - 0.025 ** (1 / 1000))


def test_too_few_attempts_make_one_stage() -> None:
    """Below four of a sample there is no pilot; and a second stage that cannot be is refused."""
    assert [pilot_size(average) for average in (1, 3.9, 4, 16, 64, 1000)] == [0, 0, 2, 4, 8, 8]
    with pytest.raises(ValueError, match="do not suffice"):
        second_stage(np.zeros(3), np.full(3, 4), pilot=4, total=17)
    with pytest.raises(ValueError, match="width"):
        second_stage(np.zeros(3), np.full(3, 4), pilot=4, total=30, width=1.5)
