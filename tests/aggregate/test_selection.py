"""Which samples a new model is run on: how many, how evenly, and that more are mostly the same and more."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregate.completion import Pool, learn
from aggregate.selection import select
from tests.aggregate.pools import learned, simulated

KNOWN = learned(simulated(0, 12, 400))


def unknown(samples: int, groups: int = 1) -> Pool:
    """A pool of which no model has shown anything."""
    nothing = np.zeros(0, int)
    return learn(nothing, nothing, nothing.astype(float), samples, group_of=np.arange(samples) % groups)


@pytest.mark.parametrize("pool", [KNOWN, unknown(400), unknown(1), unknown(7, 7)])
@pytest.mark.parametrize("budget", [1, 2, 7, 399, 400, 401, 10**6])
def test_as_many_distinct_samples_as_the_budget_allows(pool: Pool, budget: int) -> None:
    chosen = select(pool, budget, seed=3)
    assert chosen.size == np.unique(chosen).size == min(budget, pool.known.size)
    assert 0 <= chosen.min() <= chosen.max() < pool.known.size


@pytest.mark.parametrize("budget", [0, -1])
def test_a_budget_of_nothing_is_refused(budget: int) -> None:
    with pytest.raises(ValueError, match="runs nothing"):
        select(KNOWN, budget)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**63 - 1), st.integers(1, 200))
def test_one_seed_one_choice_and_a_larger_budget_is_mostly_the_same_and_more(seed: int, budget: int) -> None:
    for pool in (KNOWN, unknown(400, 5)):
        first = select(pool, budget, seed=seed)
        assert first.tolist() == select(pool, budget, seed=seed).tolist()
        more = select(pool, 2 * budget, seed=seed)
        assert np.isin(first, more).mean() >= 0.9 - 1 / budget
        if budget > 20:
            assert set(first.tolist()) != set(select(pool, budget, seed=seed ^ 1).tolist())


@pytest.mark.parametrize("budget", [20, 60, 150, 400])
def test_each_group_gets_its_share_also_if_stopped_early(budget: int) -> None:
    """Where nothing is known, in proportion to its size."""
    pool = replace(unknown(400), group_of=np.repeat([0, 1, 2, 3], [200, 100, 90, 10]))
    for seed in range(10):
        chosen = select(pool, budget, seed=seed)
        for end in (budget, budget // 2):
            share = np.bincount(pool.group_of[chosen[:end]], minlength=4) - end * np.array(
                [0.5, 0.25, 0.225, 0.025]
            )
            assert np.abs(share).max() < 2.5


def test_samples_are_chosen_where_outcomes_vary() -> None:
    """Often where models of any likely ability may pass or fail, seldom elsewhere, but everywhere sometimes."""
    times = np.zeros(400)
    for seed in range(150):
        times[select(KNOWN, 40, seed=seed)] += 1 / 150
    order = np.argsort(np.abs(KNOWN.easiness))
    assert times[order[:100]].mean() > 1.3 * times[order[-100:]].mean() > 0.02
    assert (times > 0).mean() > 0.95 and times.sum() == pytest.approx(40)


def test_samples_of_unlike_difficulty_are_chosen_together() -> None:
    """Spread over difficulty in every choice, more evenly than a random choice would be."""
    off = []
    for pool in (KNOWN, replace(KNOWN, easiness=np.zeros(400))):
        spread = [KNOWN.easiness[select(pool, 40, seed=seed)].mean() for seed in range(50)]
        off.append(np.std(spread))
    assert off[0] < 0.6 * off[1]


def test_samples_of_which_nothing_is_known_are_chosen_evenly() -> None:
    """Beside known ones, by their number."""
    seen = np.ones((12, 400), bool)
    seen[:, 300:] = False
    pool = learned(simulated(0, 12, 400), seen=seen)
    counts = [int((select(pool, 80, seed=seed) >= 300).sum()) for seed in range(20)]
    assert np.mean(counts) == pytest.approx(20, abs=1) and np.ptp(counts) <= 8


def test_only_those_that_may_be_chosen() -> None:
    among = np.arange(400) % 3 == 0
    for pool in (KNOWN, unknown(400, 4)):
        chosen = select(pool, 50, among=among)
        assert chosen.size == 50 and among[chosen].all()
        assert sorted(select(pool, 500, among=among)) == np.flatnonzero(among).tolist()
        assert select(pool, 5, among=np.zeros(400, bool)).size == 0


def test_the_order_of_samples_does_not_matter() -> None:
    """Samples of known difficulty are chosen by it and not by where they stand."""
    rng = np.random.default_rng(0)
    pool = replace(KNOWN, easiness=KNOWN.easiness + 1e-6 * rng.random(400))  # ties are broken by chance
    place = rng.permutation(400)
    moved = replace(
        pool,
        group_of=pool.group_of[place],
        cluster_of=pool.cluster_of[place],
        known=pool.known[place],
        easiness=pool.easiness[place],
        features=pool.features[place],
    )
    for seed in range(5):
        chosen = select(pool, 60, seed=seed)
        assert np.isin(place[select(moved, 60, seed=seed)], chosen).mean() > 0.95
