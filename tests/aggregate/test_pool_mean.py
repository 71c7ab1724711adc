"""A new model's mean over a pool, from part of it: what is exact, what is completed, and how sure it is."""

from __future__ import annotations

import numpy as np
import pytest

from aggregate.completion import Pool, learn
from aggregate.intervals import mean_interval
from aggregate.pool_mean import estimate
from aggregate.selection import select
from tests.aggregate.pools import learned, simulated

TRUTH = simulated(0, 12, 300)
KNOWN = learned(TRUTH)
NEW = TRUTH.value[0]


def unknown(group_of: np.ndarray, cluster_of: np.ndarray | None = None) -> Pool:
    """A pool of which no model has shown anything."""
    none = np.zeros(0, int)
    return learn(none, none, none.astype(float), group_of.size, group_of=group_of, cluster_of=cluster_of)


@pytest.mark.parametrize("pool", [KNOWN, unknown(TRUTH.group_of)])
def test_all_results_are_the_mean_itself(pool: Pool) -> None:
    whole, *groups = estimate(pool, np.arange(300), NEW)
    assert (whole.mean, whole.low, whole.high, whole.method) == (NEW.mean(), NEW.mean(), NEW.mean(), "all")
    assert [part.mean for part in groups] == [NEW[TRUTH.group_of == group].mean() for group in range(4)]
    assert [part.samples for part in groups] == [75] * 4


def test_a_missing_result_is_completed_like_one_that_was_not_asked_for() -> None:
    chosen = select(KNOWN, 60)
    value = NEW[chosen].copy()
    value[::3] = np.nan
    there = ~np.isnan(value)
    assert estimate(KNOWN, chosen, value) == estimate(KNOWN, chosen[there], value[there])
    assert estimate(KNOWN, chosen, value)[0].observed == 40
    lost = estimate(KNOWN, chosen, np.full(60, np.nan))[0]
    assert lost == estimate(KNOWN, chosen[:0], value[:0])[0]
    assert (lost.low, lost.high, lost.observed, lost.method) == (0, 1, 0, "completed")
    lost = estimate(unknown(TRUTH.group_of), chosen, np.full(60, np.nan))[0]
    assert (lost.mean, lost.low, lost.high, lost.method) == (None, 0, 1, "plain")


@pytest.mark.parametrize(
    ("chosen", "value", "level", "message"),
    [
        ([0, 1], [0.5, 1.5], 0.9, "must lie in"),
        ([0, 1], [0.5, -1], 0.9, "must lie in"),
        ([0, 0], [0.5, 1], 0.9, "no sample twice"),
        ([0, 1], [0.5], 0.9, "one value for each"),
        ([0, 1], [0.5, 1], 1.0, "between 0 and 1"),
    ],
)
def test_what_cannot_be_estimated(chosen: list[int], value: list[float], level: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        estimate(KNOWN, np.array(chosen), np.array(value), level=level)


@pytest.mark.parametrize("value", [0.0, 1.0])
@pytest.mark.parametrize("pool", [KNOWN, unknown(TRUTH.group_of)])
def test_a_model_that_fails_or_passes_everything_it_was_run_on(pool: Pool, value: float) -> None:
    """The end on that side stays open, the other closes in as samples are added; it is never a needle."""
    widths = []
    for budget in (1, 30, 150):
        found = estimate(pool, select(pool, budget), np.full(budget, value))[0]
        assert (found.low, found.high)[int(value)] == value
        assert found.mean is not None and found.low <= found.mean <= found.high
        widths.append(found.high - found.low)
    assert widths[0] > widths[1] > widths[2] > 0.005 and widths[2] < 0.2


def test_a_stranger_is_known_for_one() -> None:
    """A model for which easiness means nothing, here one that knows half of the answers by heart."""
    value = np.where(np.random.default_rng(0).random(300) < 0.5, 1.0, 0.0)
    held = 0
    for seed in range(20):
        chosen = select(KNOWN, 80, seed=seed)
        found = estimate(KNOWN, chosen, value[chosen])[0]
        held += found.low <= value.mean() <= found.high
    assert held >= 17


def test_plain_is_the_mean_with_what_is_left_to_see() -> None:
    """Of one group, in which every sample is a cluster of its own."""
    pool = unknown(np.zeros(300, int))
    chosen = select(pool, 75)
    found, expected = estimate(pool, chosen, NEW[chosen])[0], mean_interval(NEW[chosen], chosen)
    assert found.method == "plain" and found.mean == pytest.approx(expected.mean)
    left = 0.75**0.5
    assert found.low == pytest.approx(expected.mean - left * (expected.mean - expected.low))
    assert found.high == pytest.approx(expected.mean + left * (expected.high - expected.mean))


def test_results_of_a_group_speak_for_their_group() -> None:
    """One group seen whole and a tenth of another, harder one."""
    group_of = np.repeat([0, 1], [100, 100])
    value = np.repeat([1.0, 0.0], [100, 100])
    value[::5] = 0.5
    chosen = np.r_[0:100, 100:200:10]
    found, easy, hard = estimate(unknown(group_of), chosen, value[chosen])
    assert easy.method == "all" and hard.observed == 10 and hard.mean == pytest.approx(value[chosen[100:]].mean())
    assert easy.mean is not None and found.mean == pytest.approx((easy.mean + value[chosen[100:]].mean()) / 2)
    # What was seen whole is certain, and half of all.
    assert easy.mean / 2 <= found.low and found.high <= easy.mean / 2 + 0.5
    assert found.high - found.low == pytest.approx((hard.high - hard.low) / 2, rel=0.1)


def test_a_part_of_which_nothing_is_known_may_have_any_mean() -> None:
    group_of = np.repeat([0, 1], [150, 50])
    value = np.full(20, 0.5)
    found, _, dark = estimate(unknown(group_of), np.arange(20), value)
    assert (dark.mean, dark.low, dark.high) == (None, 0, 1)
    assert found.mean == pytest.approx(0.5) and found.low <= 0.375 and found.high >= 0.625


def test_known_and_unknown_parts_are_put_together() -> None:
    seen = np.ones(TRUTH.value.shape, bool)
    seen[:, TRUTH.group_of == 3] = False
    pool = learned(TRUTH, seen=seen)
    chosen = select(pool, 80)
    whole, *groups = estimate(pool, chosen, NEW[chosen])
    assert whole.method == "both" and [part.method for part in groups] == ["completed"] * 3 + ["plain"]
    means = [part.mean for part in groups]
    assert whole.mean == pytest.approx(np.mean(np.array(means, float)))
    assert whole.high - whole.low < groups[3].high - groups[3].low


def test_clusters_widen() -> None:
    """Ten copies of each sample tell no more than one."""
    widths = []
    for clusters in (np.arange(300), np.arange(300) // 10):
        pool = unknown(np.zeros(300, int), clusters)
        found = estimate(pool, np.arange(150), np.repeat(NEW[:15], 10))[0]
        widths.append(found.high - found.low)
    assert widths[1] > 2 * widths[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("models", "seen", "stray", "attempts"),
    [
        (7, 1.0, 0.3, 1),
        (25, 1.0, 0.3, 1),
        (25, 0.3, 0.3, 1),
        (25, 1.0, 0.0, 1),
        (25, 1.0, 0.8, 1),
        (25, 1.0, 0.3, 8),
    ],
)
def test_intervals_hold_and_completing_beats_the_mean(
    models: int, seen: float, stray: float, attempts: int
) -> None:
    """A new model of the others' family, on samples with curves: nominal .9."""
    held: dict[int, list[bool]] = {20: [], 100: []}
    errors: dict[int, list[tuple[float, float]]] = {budget: [] for budget in held}
    for seed in range(120 if seen < 1 else 40):  # where little is seen, less is gained
        rng = np.random.default_rng(seed)
        truth = simulated(seed, models, 400, stray=stray)
        truth.value[:] = rng.binomial(attempts, truth.chance) / attempts
        pool = learned(truth, seen=rng.random(truth.value.shape) < seen)
        new = truth.value[0]
        for budget in held:
            chosen = select(pool, budget, seed=seed)
            found = estimate(pool, chosen, new[chosen], level=0.9)[0]
            assert found.mean is not None
            held[budget].append(bool(found.low <= new.mean() <= found.high))
            drawn = new[rng.choice(400, budget, replace=False)]
            errors[budget].append((found.mean - new.mean(), drawn.mean() - new.mean()))
    for budget in held:
        off, plain = np.sqrt(np.mean(np.square(errors[budget]), axis=0))
        # Of 40 runs a standard error is about .05.
        assert np.mean(held[budget]) >= 0.77 and off < plain
