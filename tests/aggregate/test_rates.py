"""PassUntil: unbiased by exact enumeration, intervals that cover, and real attempt strings."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import stats

from aggregate.rates import Rates, pass_all, pass_at, rate, rate_of, rates

OUTCOMES = Path(__file__).parents[3] / "shared/data/scaling/humaneval_codegen16b_n100_outcomes.csv"


def every_end(r: int, cap: int, level: float = 0.95) -> tuple[Rates, Iterator[tuple[float, np.ndarray]]]:
    """All ways in which a sample can end, and their probabilities for a grid of true rates."""
    k = np.arange(r, cap + 1)
    x = np.arange(min(r, cap + 1))
    ends = rates(np.r_[np.full(k.size, r), x], np.r_[k, np.full(x.size, cap)], r, level=level)
    grid = [1e-4, 1e-3, 0.01, 0.03, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.97, 0.99, 0.999]
    return ends, ((p, np.r_[stats.nbinom.pmf(k - r, r, p), stats.binom.pmf(x, cap, p)]) for p in grid)


@pytest.mark.parametrize("r", [2, 3, 5, 10])
@pytest.mark.parametrize("cap", [1, 4, 30, 500])
def test_the_estimate_is_unbiased_for_two_passes_or_more(r: int, cap: int) -> None:
    ends, truths = every_end(r, cap)
    for p, chance in truths:
        assert chance.sum() == pytest.approx(1, abs=1e-12)
        assert (chance * ends.rate).sum() == pytest.approx(p, abs=1e-12)


def test_a_target_of_one_is_biased_upwards_and_says_so() -> None:
    ends, truths = every_end(1, 100_000)
    expected = {p: (chance * ends.rate).sum() / p for p, chance in truths}
    assert expected[0.01] == pytest.approx(4.65, abs=0.01)
    assert rate(1, 7, 1).biased and rate(1, 7, 1).rate == pytest.approx(1 / 7)
    assert not rate(2, 7, 2).biased and not rate(0, 7, 1).biased


@pytest.mark.parametrize("r", [1, 2, 5, 10])
@pytest.mark.parametrize("cap", [1, 4, 30, 500])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_intervals_cover_at_every_true_rate(r: int, cap: int, level: float) -> None:
    ends, truths = every_end(r, cap, level)
    assert ((ends.low <= ends.rate) & (ends.rate <= ends.high) & (ends.high > 0)).all()
    for p, chance in truths:
        assert chance[(ends.low <= p) & (p <= ends.high)].sum() >= level - 1e-9


@pytest.mark.parametrize(("r", "ratio"), [(1, 146), (2, 23), (5, 6.3), (8, 4.2), (10, 3.6), (20, 2.4)])
def test_the_ends_stand_as_far_apart_as_theory_says(r: int, ratio: float) -> None:
    one = rate(r, 100_000, r)
    assert one.high / one.low == pytest.approx(ratio, rel=0.02)


def test_no_pass_still_has_an_upper_end_and_no_attempt_says_nothing() -> None:
    none = rate(0, 50, 5)
    assert none.rate == 0 and none.low == 0 and none.high == pytest.approx(1 - 0.025 ** (1 / 50))
    empty = rate(0, 0, 5)
    assert (empty.rate, empty.low, empty.high, empty.reached) == (None, 0, 1, False)
    assert np.isnan(rates([0], [0], 5).rate).all()


def test_a_fixed_number_of_attempts_is_clopper_pearson() -> None:
    ends = stats.binomtest(7, 20).proportion_ci(method="exact")
    fixed = rate(7, 20, 21)
    assert fixed.rate == pytest.approx(7 / 20) and (fixed.low, fixed.high) == pytest.approx((ends.low, ends.high))


def test_outcomes_stop_at_the_target_and_skip_what_is_missing() -> None:
    one = rate_of([None, False, True, None, True, True, False], 2)
    assert (one.passes, one.attempts, one.reached) == (2, 3, True)
    assert one == rate(2, 3, 2) and one.rate == pytest.approx(0.5)
    assert rate_of([None, None], 2).rate is None


def test_arrays_agree_with_single_samples() -> None:
    rng = np.random.default_rng(0)
    n = rng.integers(0, 60, 3000)
    target = rng.integers(1, 8, 3000)
    x = np.minimum(rng.integers(0, n + 1), target)
    many = rates(x, n, target)
    for i in range(0, 3000, 10):
        one = rate(int(x[i]), int(n[i]), int(target[i]))
        assert (one.low, one.high, one.reached) == (many.low[i], many.high[i], many.reached[i])
        assert np.isnan(many.rate[i]) if one.rate is None else one.rate == many.rate[i]


@pytest.mark.parametrize("given", [(3, 2, 5), (-1, 2, 5), (3, 9, 2), (0, 2, 0)])
def test_impossible_counts_are_refused(given: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError):
        rate(*given)
    with pytest.raises(ValueError, match="level"):
        rate(1, 2, 3, level=95)


@pytest.mark.skipif(not OUTCOMES.exists(), reason="shared/data/scaling is not beside this checkout")
def test_replay_of_real_attempts() -> None:
    strings = pl.read_csv(OUTCOMES)["outcomes_PFT_in_order"].to_list()
    assert len(strings) == 164
    meaning = {"P": True, "F": False, "T": None}  # a timeout has no verdict: missing, not wrong
    truth = np.array([s.count("P") / (s.count("P") + s.count("F")) for s in strings])
    replayed = [rate_of((meaning[c] for c in s), 5) for s in strings]
    assert sum(r.attempts for r in replayed) < sum(map(len, strings)) * 0.7
    assert all(r.rate is not None and r.high > 0 for r in replayed)
    covered = np.mean([r.low <= t <= r.high for r, t in zip(replayed, truth, strict=True)])
    assert covered > 0.95
    # Attempts are exchangeable: over random orders the mean of unbiased rates is the full sample's rate.
    rng = np.random.default_rng(1)
    orders = [
        [rate_of((meaning[c] for c in rng.permutation(list(s))), 2).rate for s in strings] for _ in range(30)
    ]
    assert np.array(orders, float).mean() == pytest.approx(truth.mean(), abs=0.01)


@pytest.mark.skipif(not OUTCOMES.exists(), reason="shared/data/scaling is not beside this checkout")
@pytest.mark.parametrize("k", [2, 4])
def test_replay_of_pass_at_and_pass_to_the_k(k: int) -> None:
    """Over random orders of real attempts, stopped at 5 passes, both have the mean that all attempts give."""
    strings = pl.read_csv(OUTCOMES)["outcomes_PFT_in_order"].to_list()
    passed = [np.array([c == "P" for c in s if c != "T"]) for s in strings]
    x, n = np.array([(row.sum(), row.size) for row in passed]).T
    rng = np.random.default_rng(2)
    found = np.zeros(2)
    for _ in range(40):
        ends = []
        for row in passed:
            so_far = rng.permutation(row).cumsum()
            last = int(np.searchsorted(so_far, 5))
            ends.append((5, last + 1) if last < row.size else (so_far[-1], row.size))
        found += [one(k, *np.array(ends).T, 5).mean() / 40 for one in (pass_at, pass_all)]
    assert found == pytest.approx([one(k, x, n, n + 1).mean() for one in (pass_at, pass_all)], abs=0.005)


def outcomes_until(target: int, cap: int) -> Iterator[tuple[bool, ...]]:
    """All orders of passes and fails in which a sample can end."""
    for outcomes in product([False, True], repeat=cap):
        ends = [n for n in range(1, cap + 1) if sum(outcomes[:n]) == target] or [cap]
        if not any(outcomes[ends[0] :]):  # each way once, whatever would have followed
            yield outcomes[: ends[0]]


@pytest.mark.parametrize("target", [1, 2, 3, 9])
@pytest.mark.parametrize(("k", "cap"), [(1, 1), (1, 6), (2, 6), (5, 8), (8, 8)])
def test_pass_at_k_is_unbiased_under_the_stop_rule(target: int, k: int, cap: int) -> None:
    """By going through all outcomes; p of .05 to .95."""
    ways = list(outcomes_until(target, cap))
    x, n = np.array([(sum(way), len(way)) for way in ways]).T
    found = pass_at(k, x, n, target)
    assert ((found >= 0) & (found <= 1)).all()
    for p in (0.05, 0.3, 0.6, 0.95):
        chance = p**x * (1 - p) ** (n - x)
        assert chance.sum() == pytest.approx(1)
        assert (chance * found).sum() == pytest.approx(1 - (1 - p) ** k, abs=1e-12)


@pytest.mark.parametrize("target", [1, 2, 3, 9])
@pytest.mark.parametrize(("k", "cap"), [(1, 1), (1, 6), (2, 6), (3, 5), (5, 8), (8, 8)])
def test_pass_to_the_k_is_unbiased_wherever_it_is_given(target: int, k: int, cap: int) -> None:
    """By going through all outcomes. For more passes than end a sample none is given, however it ended."""
    ways = list(outcomes_until(target, cap))
    x, n = np.array([(sum(way), len(way)) for way in ways]).T
    found = pass_all(k, x, n, target)
    if k > target:
        assert np.isnan(found).all()
        return
    assert ((found >= 0) & (found <= 1)).all()
    for p in (0.05, 0.3, 0.6, 0.95):
        assert (p**x * (1 - p) ** (n - x) * found).sum() == pytest.approx(p**k, abs=1e-12)


def test_beyond_the_passes_that_end_a_sample_the_only_unbiased_estimate_is_none() -> None:
    """Why none is given: with as many unknowns as ends, the equations have one solution, and it leaves [0, 1]."""
    target, cap, k = 2, 6, 3
    ways = list(outcomes_until(target, cap))
    ends = sorted({(sum(way), len(way)) for way in ways})
    grid = np.linspace(0.05, 0.95, len(ends))
    chance = [
        [sum(p**x * (1 - p) ** (n - x) for w in ways if (x, n) == (sum(w), len(w))) for x, n in ends] for p in grid
    ]
    estimate = dict(zip(ends, np.linalg.solve(np.array(chance), grid**k), strict=True))
    assert estimate[2, 2] == pytest.approx(1, abs=1e-6) and estimate[2, 3] == pytest.approx(-1 / 2, abs=1e-6)


def test_pass_to_the_k_mirrors_pass_at_k() -> None:
    """For a fixed number of attempts all pass where none of as many fails; and without overflow."""
    x, n = np.array([0, 3, 40, 99_000]), np.array([9, 9, 40, 100_000])
    for k in (1, 2, 9):
        assert pass_all(k, x, n, n + 1) == pytest.approx(1 - pass_at(k, n - x, n, n + 1))
    assert np.isnan(pass_all(10, [9, 3], [9, 9], [10, 3])).all()
    assert pass_all(1, x, n, n + 1) == pytest.approx(x / n)
    with pytest.raises(ValueError, match="k must be 1 or more"):
        pass_all(0, [1], [1], 1)


def test_pass_at_one_is_the_pass_rate() -> None:
    x, n = np.array([0, 1, 4, 5, 5]), np.array([3, 9, 100, 5, 10_000])
    assert pass_at(1, x, n, 5) == pytest.approx(rates(x, n, 5).rate)


def test_pass_at_k_of_fewer_attempts_than_k_is_unknown() -> None:
    """Unless the passes that end a sample came: then it has passed."""
    assert np.isnan(pass_at(10, [0, 1], [9, 9], 2)).all()
    assert pass_at(10, [2, 0], [9, 10], 2).tolist() == [1.0, 0.0]
    with pytest.raises(ValueError, match="k must be 1 or more"):
        pass_at(0, [1], [1], 1)


def test_pass_at_k_of_many_attempts() -> None:
    """As the product that it is, without overflow."""
    wanted = 1 - np.prod([(100_000 - 7 - i) / (100_000 - i) for i in range(1000)])
    assert pass_at(1000, 7, 100_000, 8) == pytest.approx(wanted, rel=1e-7)
