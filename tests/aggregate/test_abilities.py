"""Rasch, 2PL and auto as rankings: what they say, what they refuse to say, and how far their intervals hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from aggregate.abilities import LOG_ODDS_UNIT, PASS_UNIT, VALUE_UNIT
from aggregate.ability_method import AbilityMethod
from aggregate.estimates import difference_intervals
from aggregate.measurements import Measurements
from aggregate.method import Intervals
from aggregate.methods.auto import Auto
from aggregate.methods.mean import Mean
from aggregate.methods.rasch import Rasch
from aggregate.methods.two_parameter import TwoParameter
from tests.aggregate.tables import frame_of, simulated, table

METHODS = [Rasch, TwoParameter, Auto]


def world(rng: np.random.Generator, ability: np.ndarray, hard: np.ndarray) -> np.ndarray:
    return (rng.random((ability.size, hard.size)) < 1 / (1 + np.exp(hard - ability[:, None]))).astype(float)


def test_easier_samples_do_not_lift_a_model_and_a_warning_says_who_had_them() -> None:
    rng = np.random.default_rng(1)
    hard = rng.normal(size=2000)
    value = world(rng, np.array([0.0, 0.6, -0.6, 0.3]), hard)
    keep = rng.random(value.shape) < 0.8
    keep[0] &= hard < 0
    m = Measurements.from_frame(frame_of(value, keep))
    assert Mean()(m).models[0].model == "m00"
    ranking = Auto()(m)
    assert [row.model for row in ranking.models] == ["m01", "m03", "m00", "m02"]
    for row in ranking.models:
        assert row.score == pytest.approx(value[int(row.model[1:])].mean(), abs=0.03)
    (warning,) = ranking.warnings
    assert "coverage is biased (p < " in warning and "m00 on easier ones" in warning
    assert "intervals widened" in warning


@pytest.mark.parametrize("method", METHODS)
def test_a_model_that_passed_everything_has_no_upper_bound_below_1(method: type[AbilityMethod]) -> None:
    rows = {row.model: row for row in method()(table({"a": [1] * 12, "b": [1, 0] * 6, "c": [0] * 12})).models}
    assert rows["a"].high == pytest.approx(1) and 0.6 < rows["a"].low < 0.8 and rows["a"].score > 0.95
    assert rows["c"].low == pytest.approx(0) and 0.2 < rows["c"].high < 0.4
    assert rows["a"].rank_high >= 1 and rows["b"].rank == 2


@pytest.mark.parametrize("method", METHODS)
def test_models_that_share_nothing_are_never_told_apart(method: type[AbilityMethod]) -> None:
    rng = np.random.default_rng(2)
    value = world(rng, np.array([-2.0, -1.0, 1.0, 2.0]), rng.normal(size=400))
    keep = np.zeros_like(value, bool)
    keep[:2, :200] = keep[2:, 200:] = True
    ranking = method()(Measurements.from_frame(frame_of(value, keep)))
    assert [(row.model, row.group) for row in ranking.models] == [("m01", 1), ("m00", 1), ("m03", 2), ("m02", 2)]
    assert [(row.rank, row.rank_low, row.rank_high, row.tie_group) for row in ranking.models] == [
        *((1, 1, 1, 1), (2, 2, 2, 2)),
        *((1, 1, 1, 1), (2, 2, 2, 2)),
    ]
    assert [(group.models, group.unit) for group in ranking.groups] == [(2, PASS_UNIT)] * 2
    assert {row.coverage for row in ranking.models} == {1.0}
    assert any("2 groups of models share no sample" in warning for warning in ranking.warnings)


@pytest.mark.parametrize("method", [*METHODS, Mean])
@pytest.mark.parametrize("intervals", ["sandwich", "bootstrap"])
def test_intervals_stay_within_what_a_metric_can_be(method: type[AbilityMethod | Mean], intervals: Any) -> None:
    """Where that is known: here of one of two groups."""
    frame = pl.DataFrame(
        {
            "model": ["a"] * 4 + ["b"] * 4 + ["c"] * 4 + ["d"] * 4,
            "sample": [f"s{i}" for i in range(4)] * 2 + [f"t{i}" for i in range(4)] * 2,
            "value": [9.5, 10, 10, 4, 0, 0, 0.5, 2, *[95.0, 100, 100, 40], *[0.0, 0, 5, 20]],
            "metric": ["grade"] * 8 + ["points"] * 8,
        }
    )
    m = Measurements.from_frame(frame)
    free, known = (
        {row.model: row for row in method()(one, intervals=intervals, replicates=100).models}
        for one in (m, m.with_ends({"grade": (0, 10)}))
    )
    assert free["a"].high > 10 and free["b"].low < 0
    assert (known["a"].high, known["b"].low) == (10, 0)
    for name, row in known.items():
        assert row.low <= row.score <= row.high and row.score == free[name].score
    assert known["c"] == free["c"] and known["d"] == free["d"]


@pytest.mark.parametrize("method", METHODS)
def test_a_group_that_was_only_voted_on_has_abilities_and_no_pass_rates(method: type[AbilityMethod]) -> None:
    """And no bound where a few votes that all say the same leave all open."""
    votes = pl.DataFrame({"model_a": ["x", "x", "y"], "model_b": ["y", "z", "z"], "outcome": ["a", "a", "tie"]})
    ranking = method()(
        Measurements.from_frame(pl.DataFrame({"model": ["a"], "sample": ["s"], "value": [1]}), votes)
    )
    row = {row.model: row for row in ranking.models}
    assert [(group.models, group.unit) for group in ranking.groups] == [(3, LOG_ODDS_UNIT), (1, PASS_UNIT)]
    assert row["x"].score > row["y"].score and all(row[name].group == 1 for name in "xyz")
    assert (row["x"].low, row["x"].high) == (-np.inf, np.inf)
    assert (row["a"].group, row["a"].rank, row["a"].rank_high, row["a"].high) == (2, 1, 1, pytest.approx(1))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("intervals", ["sandwich", "bootstrap"])
def test_each_group_has_the_unit_of_its_own_metrics(method: type[AbilityMethod], intervals: Any) -> None:
    """A pass rate where all is passed or failed, whatever other groups were measured by. In one of them lower is
    better, and an ability without any other to stand beside has no bound."""
    rng = np.random.default_rng(4)
    parts = []
    for name, kind, direction in (("p", "binary", "up"), ("n", "numeric", "down"), ("m", "both", "up")):
        models, samples = (2, 60) if kind != "both" else (1, 6)
        for i in range(models):
            for s in range(samples):
                number = kind == "numeric" or (kind == "both" and s % 2)
                parts.append(
                    {
                        "model": f"{name}{i}",
                        "sample": f"{name}{s}",
                        "value": rng.normal(5 + 3 * i) if number else float(rng.random() < 0.2 + 0.6 * i),
                        "metric": "loss" if kind == "numeric" else "grade" if number else "passed",
                        "kind": "numeric" if number else "binary",
                        "direction": direction,
                    }
                )
    ranking = method()(Measurements.from_frame(pl.DataFrame(parts)), intervals=intervals, replicates=50)
    assert [group.unit for group in ranking.groups] == [VALUE_UNIT, PASS_UNIT, LOG_ODDS_UNIT]
    assert [row.model for row in ranking.models] == ["n0", "n1", "p1", "p0", "m0"]
    row = {row.model: row for row in ranking.models}
    assert 4 < row["n0"].low < row["n0"].score < row["n0"].high < 6 and row["n1"].score > 7
    assert 0 < row["p1"].low < row["p1"].high < 1
    assert (row["m0"].low, row["m0"].high) == (-np.inf, np.inf)


def test_lower_is_better_turns_scores_and_ranks_around() -> None:
    rng = np.random.default_rng(3)
    value = 30 + 5 * rng.normal(size=(3, 1)) + rng.normal(size=(3, 300)) + 4 * rng.normal(size=300)
    frame = frame_of(value, rng.random(value.shape) < 0.7)
    ranking = Auto()(Measurements.from_frame(frame, direction="down"))
    means = {row.model: row.score for row in ranking.models}
    assert [row.score for row in ranking.models] == sorted(means.values())
    for row in ranking.models:
        assert row.low < row.score < row.high
        assert row.score == pytest.approx(value[int(row.model[1:])].mean(), abs=0.3)
    assert ranking.unit.startswith("estimated mean value")
    failures = Auto()(Measurements.from_frame(frame_of((value > 30) * 1.0, value > 0), direction="down"))
    assert [row.score for row in failures.models] == sorted(row.score for row in failures.models)
    assert all(0 <= row.low <= row.score <= row.high <= 1 for row in failures.models)


def test_kinds_without_a_common_scale_give_abilities() -> None:
    rng = np.random.default_rng(4)
    ability, hard = np.linspace(-1, 1, 4), rng.normal(size=600)
    binary = frame_of(world(rng, ability, hard), rng.random((4, 600)) < 0.5)
    number = 100 + 20 * (ability[:, None] - hard + 0.5 * rng.normal(size=(4, 600)))
    seconds = frame_of(number, rng.random((4, 600)) < 0.5)
    both = pl.concat(
        [
            binary.with_columns(metric=pl.lit("pass"), direction=pl.lit("up")),
            seconds.with_columns(metric=pl.lit("seconds"), direction=pl.lit("down"), value=200 - pl.col("value")),
        ]
    )
    ranking = Auto()(Measurements.from_frame(both))
    assert ranking.unit.startswith("ability above the average model")
    assert [row.model for row in ranking.models] == ["m03", "m02", "m01", "m00"]
    found = np.array([row.score for row in ranking.models])[::-1]
    np.testing.assert_allclose(found, ability, atol=0.2)


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_sandwich_and_bootstrap_agree(method: type[AbilityMethod]) -> None:
    rng = np.random.default_rng(5)
    hard = np.repeat(rng.normal(size=60), 4)
    value = world(rng, np.linspace(-0.5, 0.5, 4), hard)
    cluster = np.arange(240) // 4
    m = Measurements.from_frame(frame_of(value, rng.random(value.shape) < 0.6, cluster=cluster))
    widths = [
        np.array([row.high - row.low for row in sorted(method()(m, **options).models, key=lambda row: row.model)])
        for options in ({"intervals": "sandwich"}, {"intervals": "bootstrap", "replicates": 80})
    ]
    np.testing.assert_allclose(widths[0], widths[1], rtol=0.3)


@pytest.mark.parametrize("method", METHODS)
def test_a_handful_of_results_is_not_certain(method: type[AbilityMethod]) -> None:
    one = pl.DataFrame({"model": ["a", "b", "c"], "sample": "s", "value": [3.1, 2.9, 1.0]})
    won = pl.DataFrame({"model_a": ["a"] * 3, "model_b": ["b"] * 3, "outcome": ["a"] * 3})
    for frame in (one, won):
        ranking = method()(Measurements.from_frame(frame))
        count = len(ranking.models)
        assert all((row.rank_low, row.rank_high) == (1, count) for row in ranking.models)


@pytest.mark.parametrize("intervals", ["sandwich", "bootstrap"])
def test_numbers_far_from_0_are_ranked_like_those_near(intervals: Intervals) -> None:
    rng = np.random.default_rng(2)
    value = np.linspace(0, 1, 4)[:, None] + rng.normal(size=60) + rng.normal(size=(4, 60))
    near, far = (
        Auto()(
            Measurements.from_frame(frame_of(value + shift, rng.random(value.shape) < 2)),
            intervals=intervals,
            replicates=40,
        )
        for shift in (0.0, 1e9)
    )
    for a, b in zip(near.models, far.models, strict=True):
        assert (b.score - 1e9, b.low - 1e9, b.high - 1e9) == pytest.approx((a.score, a.low, a.high), abs=1e-4)


def test_rates_of_unequal_attempts_average_over_samples() -> None:
    """Where all was seen the score is the mean of the rates, however often each sample was tried."""
    rng = np.random.default_rng(3)
    attempts = rng.integers(2, 40, (3, 50))
    passes = rng.binomial(attempts, rng.beta(0.3, 0.6, 50))
    model, sample = (axis.ravel() for axis in np.indices(attempts.shape))
    frame = pl.DataFrame(
        {"model": model, "sample": sample, "passes": passes.ravel(), "attempts": attempts.ravel()}
    )
    frame = frame.with_columns(value=pl.col("passes") / pl.col("attempts"))
    mean = frame.group_by("model").agg(pl.col("value").mean())
    found = {row.model: row.score for row in Auto()(Measurements.from_frame(frame)).models}
    assert found == pytest.approx({str(name): value for name, value in mean.iter_rows()}, abs=0.003)


def test_tags_that_a_model_never_saw_are_named() -> None:
    rng = np.random.default_rng(4)
    tag = np.array(["text", "text", "images"])[np.arange(300) % 3]
    value = world(rng, np.array([0.0, 0.5, -0.5]), rng.normal(size=300))
    keep = rng.random(value.shape) < 0.9
    keep[0] &= tag == "text"
    warnings = Auto()(Measurements.from_frame(frame_of(value, keep, tag=tag))).warnings
    assert any("m00 on images (33% of the samples)" in warning for warning in warnings)


def test_two_scales_under_one_name_are_seen() -> None:
    rng = np.random.default_rng(5)
    value = rng.random((4, 30)) * np.array([1, 1, 100, 100])[:, None]
    m = Measurements.from_frame(frame_of(value, value >= 0))
    for ranking in (Auto()(m), Mean()(m)):
        assert any("on two scales, at most 1 for m00, m01" in warning for warning in ranking.warnings)
    assert not any(
        "two scales" in w for w in Auto()(Measurements.from_frame(frame_of(10 * value, value >= 0))).warnings
    )


@pytest.mark.slow
@pytest.mark.parametrize(("models", "samples"), [(2, 3), (20, 10), (50, 20)])
def test_equal_models_on_few_samples_are_not_told_apart(models: int, samples: int) -> None:
    for kind in ("binary", "numeric"):
        held = []
        for seed in range(15):
            rng = np.random.default_rng(seed)
            u = rng.normal(size=samples) + (rng.logistic if kind == "binary" else rng.normal)(
                size=(models, samples)
            )
            value = (u > 0).astype(float) if kind == "binary" else u
            rows = Auto()(Measurements.from_frame(frame_of(value, np.isfinite(value)))).models
            held.append(all(row.rank_low == 1 and row.rank_high == models for row in rows))
        assert np.mean(held) >= 0.9


def test_uneven_tags_widen_the_intervals_of_auto() -> None:
    rng = np.random.default_rng(6)
    tag = np.arange(1200) % 6
    taste = 0.8 * rng.normal(size=(6, 6))
    u = np.linspace(-0.5, 0.5, 6)[:, None] + taste[:, tag] - rng.normal(size=1200)
    value = (rng.random(u.shape) < 1 / (1 + np.exp(-u))).astype(float)
    keep = rng.random(value.shape) < 0.5
    even = Auto()(Measurements.from_frame(frame_of(value, keep, tag=tag)))
    keep[0] &= tag < 2
    uneven = Auto()(Measurements.from_frame(frame_of(value, keep, tag=tag)))
    width = [{row.model: row.high - row.low for row in ranking.models} for ranking in (even, uneven)]
    assert width[1]["m00"] > 2 * width[0]["m00"]
    assert width[1]["m05"] == pytest.approx(width[0]["m05"], rel=0.2)


@pytest.mark.slow
@pytest.mark.parametrize("truth", ["rasch", "2pl", "gumbel"])
@pytest.mark.parametrize("seen", [0.1, 0.7])
def test_intervals_of_differences_hold(truth: str, seen: float) -> None:
    rng = np.random.default_rng([len(truth), int(10 * seen)])
    models, samples = 8, 600 if seen < 0.5 else 200
    expected = simulated(truth, np.random.default_rng(0), models, 400_000).mean(axis=1)
    true = expected[:, None] - expected
    held: dict[str, list[float]] = {method.name: [] for method in (Rasch, Auto)}
    pairs = np.triu_indices(models, 1)
    for _ in range(40):
        value = simulated(truth, rng, models, samples)
        m = Measurements.from_frame(frame_of(value, rng.random(value.shape) < seen))
        for method in (Rasch(), Auto()):
            low, high = difference_intervals(*method.estimate(m), level=0.95)
            held[method.name].append(float(((low <= true) & (true <= high))[pairs].mean()))
    for name, found in held.items():
        # 60 runs of 28 dependent pairs: two standard errors are about .02.
        assert 0.925 <= np.mean(found) <= 0.98, (name, np.mean(found))


@pytest.mark.slow
@pytest.mark.parametrize(("pattern", "tagged"), [("leaning", False), ("parts", True), ("parts", False)])
def test_intervals_under_biased_coverage(pattern: str, tagged: bool) -> None:
    """Samples picked by how hard they are; or parts of the pool, on which models do unevenly."""
    rng = np.random.default_rng([len(pattern), tagged])
    models, samples, parts = 10, 1200, 12
    ability = np.linspace(1, -1, models)[:, None]
    held, warned, runs = [], 0, 15
    for _ in range(runs):
        hard, part = 1.2 * rng.normal(size=samples), np.arange(samples) % parts
        if pattern == "leaning":
            u = ability - hard
            lean = rng.normal(0, 1.5, (models, 1))
            wish = np.exp(-lean * hard / hard.std())
            seen = rng.random(u.shape) < 0.2 * wish / wish.mean(axis=1, keepdims=True)
        else:
            own = 0.4 * rng.normal(size=(models, parts))
            u = ability + own[:, part] - 0.8 * rng.normal(size=parts)[part] - 0.8 * hard
            saw = np.stack([np.isin(part, rng.choice(parts, 4, replace=False)) for _ in range(models)])
            seen = saw & (rng.random(u.shape) < 0.6)
        chance = 1 / (1 + np.exp(-u))
        value = (rng.random(u.shape) < chance).astype(float)
        frame = frame_of(value, seen, **({"tag": part} if tagged else {}))
        estimates, used = Auto().estimate(Measurements.from_frame(frame))
        low, high = difference_intervals(estimates, used)
        expected = chance.mean(axis=1)
        true = expected[:, None] - expected
        held.append(((low <= true) & (true <= high))[np.triu_indices(models, 1)].mean())
        warned += bool(estimates.warnings)
    if pattern == "leaning" or tagged:
        assert np.mean(held) >= 0.9
    if not tagged:
        assert warned == runs
