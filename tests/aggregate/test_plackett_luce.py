"""Plackett-Luce: what it reads from values and votes, what ties cost it, and its intervals on simulated truth."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from aggregate.estimates import difference_intervals
from aggregate.measurements import Measurements
from aggregate.methods.bradley_terry import BradleyTerryNoTies
from aggregate.methods.plackett_luce import PlackettLuce
from aggregate.ranking import Ranking
from tests.aggregate.tables import table

WILD = Path(__file__).parents[3] / "shared/data/measurements/wildbench_scores.parquet"


def rank(m: Measurements) -> Ranking:
    return PlackettLuce()(m)


def scores(m: Measurements) -> np.ndarray:
    """With their plain average at 0."""
    found: np.ndarray = PlackettLuce().estimate(m)[0].scores
    return found - found.mean()


def orders(theta: np.ndarray, samples: int, missing: float, rng: np.random.Generator) -> np.ndarray:
    """(samples, M) values whose order is Plackett-Luce, NaN where missing."""
    value = theta + rng.gumbel(size=(samples, theta.size))
    value[rng.random(value.shape) < missing] = np.nan
    return value


def places(value: np.ndarray) -> np.ndarray:
    """0 for the best of each row; NaN comes last."""
    found: np.ndarray = np.argsort(np.argsort(-value, axis=1), axis=1)
    return found


def coarsened(value: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Two cuts at places that have nothing to do with who stands there, so that three groups tie."""
    cuts = rng.random((len(value), 2)) * (~np.isnan(value)).sum(axis=1, keepdims=True)
    group = (places(value)[:, :, None] >= cuts[:, None, :]).sum(axis=2)
    return np.where(np.isnan(value), np.nan, -group.astype(float))


def measured(value: np.ndarray) -> Measurements:
    sample, model = np.nonzero(~np.isnan(value))
    names = [f"m{i:02}" for i in model]
    frame = pl.DataFrame({"model": names, "sample": sample, "value": value[sample, model]})
    return Measurements.from_frame(frame, kind="numeric")


def test_two_models_stand_at_the_odds_of_their_wins() -> None:
    ranking = rank(table({"a": [1] * 12 + [0] * 4 + [1] * 4, "b": [0] * 12 + [1] * 4 + [1] * 4}))
    assert [row.score for row in ranking.models] == pytest.approx([np.log(3) / 2, -np.log(3) / 2])
    assert ranking.samples == 16 and ranking.models[0].samples == 16
    assert ranking.warnings == (
        "4 of 20 measured samples say nothing about the order and are left out: only one model was measured on "
        "each, or all did equally well",
    )


def test_samples_of_two_are_bradley_terry_without_ties() -> None:
    rng = np.random.default_rng(0)
    value = orders(np.linspace(-1, 1, 5), 200, 0, rng)
    value[places(rng.random(value.shape)) > 1] = np.nan
    m = measured(value)
    expected = BradleyTerryNoTies().estimate(m)[0].scores
    assert scores(m) == pytest.approx(expected - expected.mean(), abs=1e-8)


def test_votes_count_like_samples_of_two() -> None:
    rng = np.random.default_rng(1)
    value = orders(np.linspace(-1, 1, 5), 120, 0, rng)
    value[60:][places(rng.random((60, 5))) > 1] = np.nan
    pairs = [np.flatnonzero(~np.isnan(row)) for row in value[60:]]
    cluster = [f"c{s % 25}" for s in range(120)]
    votes = pl.DataFrame(
        {
            "model_a": [f"m{i:02}" for i, _ in pairs],
            "model_b": [f"m{j:02}" for _, j in pairs],
            "outcome": ["a" if row[i] > row[j] else "b" for row, (i, j) in zip(value[60:], pairs, strict=True)],
            "cluster": cluster[60:],
        }
    )
    sample, model = np.nonzero(~np.isnan(value))
    names = pl.Series([f"m{i:02}" for i in model])
    frame = pl.DataFrame(
        {"model": names, "sample": sample, "cluster": [cluster[s] for s in sample], "value": value[sample, model]}
    )
    early = frame.filter(pl.col("sample") < 60)
    plain, _ = PlackettLuce().estimate(Measurements.from_frame(frame))
    mixed, _ = PlackettLuce().estimate(Measurements.from_frame(early, votes))
    assert mixed.scores == pytest.approx(plain.scores, abs=1e-8)
    assert plain.covariance is not None and mixed.covariance == pytest.approx(plain.covariance, rel=1e-6)
    with_a_tie = Measurements.from_frame(early, votes, votes[:1].with_columns(outcome=pl.lit("tie")))
    assert scores(with_a_tie) == pytest.approx(scores(Measurements.from_frame(frame)), abs=1e-8)


def test_a_weight_of_two_is_the_sample_twice() -> None:
    value = coarsened(orders(np.linspace(-1, 1, 5), 40, 0.3, np.random.default_rng(2)), np.random.default_rng(3))
    m = measured(value)
    twice = replace(m, weight=np.where([int(name) < 10 for name in m.samples], 2.0, 1.0))
    assert scores(twice) == pytest.approx(scores(measured(np.concatenate([value, value[:10]]))), abs=1e-6)


def test_only_the_order_counts_and_down_reverses() -> None:
    value = coarsened(orders(np.linspace(-1, 1, 4), 50, 0, np.random.default_rng(4)), np.random.default_rng(5))
    frame = {f"m{i}": column.tolist() for i, column in enumerate(value.T)}
    stretched = {name: np.exp(column).tolist() for name, column in frame.items()}
    turned = {name: (-np.array(column)).tolist() for name, column in frame.items()}
    assert rank(table(stretched)).models == rank(table(frame)).models
    assert rank(table(turned, direction="down")).models == rank(table(frame)).models


def test_winners_of_everything_have_a_score_and_no_upper_end() -> None:
    circle = {"a": [1, 2, 3] * 4, "b": [2, 3, 1] * 4, "c": [3, 1, 2] * 4}
    ranking = rank(table({"best": [4] * 12, **circle, "worst": [0] * 12}))
    best, *middle, worst = ranking.models
    assert (best.model, worst.model) == ("best", "worst")
    assert np.isfinite([row.score for row in ranking.models]).all()
    assert best.high == np.inf and np.isfinite(best.low) and worst.low == -np.inf and np.isfinite(worst.high)
    assert all(np.isfinite([row.low, row.high]).all() for row in middle)
    assert any("not strongly connected" in warning for warning in ranking.warnings)


def test_groups_without_a_shared_order_are_not_told_apart() -> None:
    left = {"a": [1, 1, 1, 0] * 15 + [None] * 60, "b": [0, 0, 0, 1] * 15 + [None] * 60}
    right = {"c": [None] * 60 + [1, 1, 1, 0] * 15, "d": [None] * 60 + [0, 0, 0, 1] * 15}
    ranking = rank(table({**left, **right}))
    assert {row.model: (row.rank_low, row.rank_high) for row in ranking.models} == {
        "a": (1, 1),
        "b": (2, 2),
        "c": (1, 1),
        "d": (2, 2),
    }


@pytest.mark.parametrize("values", [{"a": [1, None], "b": [None, 0]}, {"a": [1, 1], "b": [1, 1]}])
def test_where_nothing_is_ordered_nothing_is_ranked(values: dict[str, list[float | None]]) -> None:
    ranking = rank(table(values))
    assert [(row.group, row.rank, row.rank_low, row.rank_high) for row in ranking.models] == [
        (1, 1, 1, 1),
        (2, 1, 1, 1),
    ]


def test_one_model_is_a_ranking_of_one() -> None:
    (row,) = rank(table({"a": [1, 0, 1]})).models
    assert (row.score, row.rank, row.samples) == (0, 1, 3)


def test_sandwich_and_bootstrap_agree() -> None:
    value = coarsened(orders(np.linspace(-1, 1, 6), 150, 0.3, np.random.default_rng(6)), np.random.default_rng(7))
    m = measured(value)
    sandwich, _ = PlackettLuce().estimate(m)
    bootstrap, _ = PlackettLuce().estimate(m, draws=300, seed=1)
    assert sandwich.covariance is not None and bootstrap.draws is not None
    assert bootstrap.scores == pytest.approx(sandwich.scores)
    assert bootstrap.draws.std(axis=0) == pytest.approx(np.sqrt(np.diag(sandwich.covariance)), rel=0.15)
    ranking = PlackettLuce()(m, intervals="bootstrap", replicates=50)
    assert all(row.low < row.score < row.high for row in ranking.models)


@pytest.mark.parametrize("missing", [0, 0.7])
def test_ties_that_hide_an_order_do_not_move_the_strengths(missing: float) -> None:
    theta, rng = np.linspace(-1.5, 1.5, 8), np.random.default_rng(0)
    estimates, _ = PlackettLuce().estimate(measured(coarsened(orders(theta, 6000, missing, rng), rng)))
    assert estimates.covariance is not None
    off = (estimates.scores - theta) / np.sqrt(np.diag(estimates.covariance))
    assert np.abs(off).max() < 3


def test_a_mark_that_all_have_to_pass_stretches_the_strengths_and_keeps_their_order() -> None:
    """Who passes early says more than the order does, and the likelihood takes it for order."""
    theta, rng = np.linspace(-1.5, 1.5, 8), np.random.default_rng(9)
    value = orders(theta, 6000, 0, rng)
    found = scores(measured((value > rng.normal(0, 1.5, (6000, 1))).astype(float)))
    assert (np.diff(found) > 0).all()
    assert 1.1 < np.polyfit(theta, found, 1)[0] < 1.3


@pytest.mark.slow
@pytest.mark.parametrize(
    ("models", "samples", "missing", "ties"),
    [
        (10, 100, 0.0, False),
        (10, 100, 0.7, False),
        (50, 1000, 0.9, False),
        (10, 100, 0.0, True),
        (10, 100, 0.7, True),
    ],
)
def test_intervals_of_differences_cover(models: int, samples: int, missing: float, ties: bool) -> None:
    theta, rng = np.linspace(-1.8, 1.8, models), np.random.default_rng([models, samples, ties])
    inside = []
    for _ in range(60 if models > 10 else 250):
        value = orders(theta, samples, missing, rng)
        m = measured(coarsened(value, rng) if ties else value)
        true = theta[[int(name[1:]) for name in m.models]]
        low, high = difference_intervals(*PlackettLuce().estimate(m))
        gap, pairs = true[:, None] - true, np.triu_indices(len(m.models), 1)
        inside.append(((low <= gap) & (gap <= high))[pairs].mean())
    assert 0.935 < np.mean(inside) < 0.97


@pytest.mark.skipif(not WILD.exists(), reason="shared/data/measurements is not beside this checkout")
def test_grades_of_a_judge_are_ranked() -> None:
    frame = pl.read_parquet(WILD).filter(pl.col("judge") == "gpt-4-turbo-2024-04-09")
    m = Measurements.from_frame(frame.select("model", sample="sample_id", value="score"), kind="ordinal")
    ranking = rank(m)
    assert ranking.models[0].model == "Qwen1.5-72B-Chat-greedy" and ranking.models[-1].model == "gemma-2b-it"
    assert all(row.rank_high - row.rank_low <= 3 for row in ranking.models)
    thinned = m.value[np.random.default_rng(0).permutation(m.value.size)]
    nothing = rank(replace(m, value=thinned))
    assert all(row.rank_high - row.rank_low >= 8 for row in nothing.models)
