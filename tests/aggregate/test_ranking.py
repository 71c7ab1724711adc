"""From draws to ranks: ties, ranges for all models at once, groups."""

from __future__ import annotations

import json

import numpy as np
import pytest

from aggregate.methods.mean import Mean
from aggregate.ranking import ranking_rows, ranks_from_draws
from tests.aggregate.tables import table

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
    assert r.rank_high[0] == 2 and r.rank.tolist() == [1, 2]
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


def test_rows_are_ordered_by_rank_then_name() -> None:
    ranks = ranks_from_draws(*draws_of([1, 2, 1], 0.01), level=0.95, clusters=clusters(3))
    scores = np.array([1.0, 2.0, 1.0])
    rows = ranking_rows(["z", "m", "a"], scores, scores - 1, scores + 1, ranks, np.array([1, 2, 4]), 4)
    assert [(row.model, row.rank, row.samples, row.coverage) for row in rows] == [
        ("m", 1, 2, 0.5),
        ("a", 2, 4, 1.0),
        ("z", 2, 1, 0.25),
    ]


def test_json_has_the_promised_fields_and_survives_a_round_trip() -> None:
    ranking = Mean()(table({"a": [1, 0, 1], "b": [0, 0, 1]}), replicates=50)
    fields = ranking.to_json()
    assert {"method", "assumes", "unit", "level", "models", "samples", "clusters", "warnings"} == set(fields)
    promised = {"model", "score", "low", "high", "rank", "rank_low", "rank_high", "samples", "coverage"}
    assert all(set(row) == promised | {"tie_group"} for row in fields["models"])
    assert json.loads(json.dumps(fields, allow_nan=False)) == fields


@pytest.mark.parametrize("level", [0, 1, 95])
def test_a_level_outside_0_to_1_is_refused(level: float) -> None:
    with pytest.raises(ValueError, match="level"):
        Mean()(table({"a": [1, 0]}), level=level)
