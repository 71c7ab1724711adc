"""From draws or a covariance to ranks: ties, ranges for all models at once, groups."""

from __future__ import annotations

import numpy as np
import pytest

from aggregate.ranks import ranks_from_covariance, ranks_from_draws

MANY = 10**6  # clusters enough for no widening


def draws_of(scores: list[float], se: float, shared: float = 0.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    common = shared * rng.standard_normal((4000, 1))
    return np.array(scores), np.array(scores) + common + se * rng.standard_normal((4000, len(scores)))


def clusters(models: int, each: int = MANY) -> np.ndarray:
    return np.full(models, each)


def test_far_apart_models_have_one_rank_each() -> None:
    r = ranks_from_draws(*draws_of([0, 2, 1], 0.05), level=0.95, clusters=clusters(3))
    assert r.rank.tolist() == r.rank_low.tolist() == r.rank_high.tolist() == r.tie_group.tolist() == [3, 1, 2]


def test_the_groups_first_decides_who_is_in_it() -> None:
    scores, draws = draws_of([3.0, 2.5, 2.0, 1.0], 0.2)
    r = ranks_from_draws(scores, draws, level=0.95, clusters=clusters(4))
    # se of a difference .28, critical value about 2.57: .73 is told apart, .5 is not.
    assert r.tie_group.tolist() == [1, 1, 2, 3]
    assert r.rank_low.tolist() == [1, 1, 2, 4] and r.rank_high.tolist() == [2, 3, 3, 4]


def test_equal_scores_share_a_rank_and_the_next_is_skipped() -> None:
    r = ranks_from_draws(*draws_of([1, 2, 1, 0], 0.01), level=0.95, clusters=clusters(4))
    assert r.rank.tolist() == [2, 1, 2, 4]
    assert r.rank_low.tolist() == [2, 1, 2, 4] and r.rank_high.tolist() == [3, 1, 3, 4]


def test_what_moves_all_models_alike_does_not_blur_ranks() -> None:
    alone = ranks_from_draws(*draws_of([1, 0.5], 0.05, shared=5), level=0.95, clusters=clusters(2))
    assert alone.rank_high.tolist() == [1, 2]


def test_few_clusters_no_evidence_and_draws_that_never_vary_tell_nothing_apart() -> None:
    scores, draws = draws_of([1, 0], 0.15)
    assert ranks_from_draws(scores, draws, level=0.95, clusters=clusters(2)).rank_high[0] == 1
    assert ranks_from_draws(scores, draws, level=0.95, clusters=clusters(2, 3)).rank_high[0] == 2
    never = np.eye(2, dtype=bool)
    r = ranks_from_draws(scores, draws, level=0.95, clusters=clusters(2), comparable=never)
    assert r.rank_high.tolist() == [1, 1] and r.rank.tolist() == [1, 1]
    still = ranks_from_draws(scores, np.tile(scores, (50, 1)), level=0.95, clusters=clusters(2))
    assert still.rank_high[0] == 2


def test_one_model_has_rank_1() -> None:
    r = ranks_from_draws(np.array([0.3]), np.zeros((5, 1)), level=0.95, clusters=clusters(1))
    assert (r.rank[0], r.rank_low[0], r.rank_high[0], r.tie_group[0]) == (1, 1, 1, 1)


def test_ranges_hold_for_all_models_at_once() -> None:
    """20 models a little apart: all true ranks in their ranges in 95 of 100 runs, though se's differ."""
    rng = np.random.default_rng(2)
    truth = np.linspace(0, 2, 20)
    se = np.geomspace(0.05, 0.5, 20)
    true_rank = 1 + (truth > truth[:, None]).sum(axis=1)
    held = []
    for _ in range(300):
        scores = truth + se * rng.standard_normal(20)
        draws = scores + se * rng.standard_normal((400, 20))
        r = ranks_from_draws(scores, draws, level=0.95, clusters=clusters(20))
        held.append(((r.rank_low <= true_rank) & (true_rank <= r.rank_high)).all())
    assert np.mean(held) >= 0.95


def test_a_covariance_gives_what_its_draws_give() -> None:
    rng = np.random.default_rng(1)
    half = rng.normal(size=(12, 12))
    covariance = half @ half.T / 12
    scores = np.linspace(0, 4, 12)
    draws = scores + rng.standard_normal((4000, 12)) @ half.T / np.sqrt(12)
    both = [
        ranks_from_draws(scores, draws, level=0.9, clusters=clusters(12)),
        ranks_from_covariance(scores, covariance, level=0.9, clusters=clusters(12)),
    ]
    assert np.abs(both[0].rank_low - both[1].rank_low).max() <= 1
    assert np.abs(both[0].rank_high - both[1].rank_high).max() <= 1


def test_models_far_apart_do_not_widen_the_ranges_of_those_that_are_close() -> None:
    """Two pairs of neighbours a little apart; that 40 others stand far below costs them nothing to speak of."""
    near, far = np.array([3.0, 2.0]), -100.0 * np.arange(1, 41)
    se = 0.28
    alone = ranks_from_covariance(near, np.eye(2) * se**2, level=0.95, clusters=clusters(2))
    among = ranks_from_covariance(np.r_[near, far], np.eye(42) * se**2, level=0.95, clusters=clusters(42))
    assert alone.rank_high[0] == among.rank_high[0] == 1
    # 2.5 standard errors of the difference: the largest of all 861 pairs' would ask for 4.2.
    assert (among.rank_low[2:] == among.rank_high[2:]).all()


@pytest.mark.parametrize("models", [2, 6, 20])
@pytest.mark.parametrize("step", [0.0, 0.5, 2.0])
def test_ranges_from_a_covariance_hold_for_all_models_at_once(models: int, step: float) -> None:
    """Neighbours none, half or two standard errors apart; equal models share rank 1, and any rank is true."""
    rng = np.random.default_rng([models, int(2 * step)])
    truth = step * np.arange(models)
    mixing = np.eye(models) + 0.5 * rng.random((models, models)) / np.sqrt(models)
    best = 1 + (truth > truth[:, None]).sum(axis=1)
    worst = models - (truth < truth[:, None]).sum(axis=1)
    held = []
    for seed in range(250):
        scores = truth + mixing @ rng.standard_normal(models)
        r = ranks_from_covariance(scores, mixing @ mixing.T, level=0.9, clusters=clusters(models), seed=seed)
        held.append(((r.rank_low <= best) & (worst <= r.rank_high)).all())
    # Two standard errors of 250 runs are .04.
    assert np.mean(held) >= 0.86


def test_names_and_units_decide_nothing() -> None:
    """Models in another order and scores of another unit have the same ranges, also at the edge."""
    rng = np.random.default_rng(4)
    for models in range(2, 30):
        half = rng.normal(size=(models, 60)) / 60
        half -= half.mean(axis=0)
        scores = rng.normal(size=models) / 4
        order = rng.permutation(models)
        here = ranks_from_covariance(scores, half @ half.T, level=0.95, clusters=clusters(models))
        there = ranks_from_covariance(
            100 * scores[order] + 7, 1e4 * (half @ half.T)[order][:, order], level=0.95, clusters=clusters(models)
        )
        for name in ("rank", "rank_low", "rank_high", "tie_group"):
            assert getattr(here, name)[order].tolist() == getattr(there, name).tolist()


def test_a_group_is_ranked_as_if_it_were_alone() -> None:
    """Beside another that counts bytes."""
    rng = np.random.default_rng(9)
    small = rng.normal(size=(12, 200)) / 100
    cov = small @ small.T / 50
    scores = np.linspace(0, 0.1, 12)
    both = np.zeros((14, 14))
    both[:12, :12], both[12, 12], both[13, 13] = cov, 1e13, 2e13
    group = np.r_[np.zeros(12, int), 1, 1]
    r = ranks_from_covariance(
        np.r_[scores, 0, 1e9],
        both,
        level=0.95,
        clusters=clusters(14, 200),
        comparable=group[:, None] == group,
    )
    alone = ranks_from_covariance(scores, cov, level=0.95, clusters=clusters(12, 200))
    for name in ("rank", "rank_low", "rank_high", "tie_group"):
        assert getattr(r, name)[:12].tolist() == getattr(alone, name).tolist()
    assert r.rank.tolist()[12:] == [2, 1]
