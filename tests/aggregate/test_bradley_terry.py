"""Bradley-Terry and its kin: an independent fit, and the inputs that break other tools."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import optimize

from aggregate.measurements import Measurements
from aggregate.method import Intervals, Method
from aggregate.methods.bradley_terry import BradleyTerry, BradleyTerryNoTies
from aggregate.methods.davidson import Davidson
from aggregate.methods.rao_kupper import RaoKupper
from aggregate.ranking import Ranking
from tests.aggregate.tables import table

MMLU = Path(__file__).parents[3] / "shared/data/measurements/mmlu_pro_binary.parquet"


def rank(m: Measurements) -> Ranking:
    return BradleyTerry()(m, replicates=200)


def plain_fit(m: Measurements) -> np.ndarray:
    """The likelihood of all pairs of rows of a sample, maximised by a general-purpose solver."""
    won, lost, weight = [], [], []
    for s in range(len(m.samples)):
        rows = np.flatnonzero(m.sample == s)
        a, b = (side.ravel() for side in np.meshgrid(rows, rows))
        kept = (m.model[a] != m.model[b]) & (m.value[a] >= m.value[b])
        won.append(m.model[a][kept])
        lost.append(m.model[b][kept])
        # A tie stands here twice, once from each side.
        weight.append(np.where(m.value[a] > m.value[b], 1, 0.5)[kept])
    i, j, w = map(np.concatenate, (won, lost, weight))

    def loss(theta: np.ndarray) -> tuple[float, np.ndarray]:
        gap = theta[i] - theta[j]
        slope = w / (1 + np.exp(gap))
        pull = np.bincount(j, slope, theta.size) - np.bincount(i, slope, theta.size)
        return float((w * np.logaddexp(0, -gap)).sum()), pull

    start = np.zeros(len(m.models))
    fitted = optimize.minimize(loss, start, jac=True, method="BFGS", options={"gtol": 1e-7 * w.sum() / 1e3})
    return fitted.x - fitted.x.mean()


@pytest.mark.skipif(not MMLU.exists(), reason="shared/data/measurements is not beside this checkout")
def test_real_results_agree_with_an_independent_fit() -> None:
    rng = np.random.default_rng(0)
    frame = pl.read_parquet(MMLU).select("model", sample="sample_id", value="score")
    some = rng.choice(frame["sample"].unique().sort().to_numpy(), 300, replace=False)
    frame = frame.filter(pl.col("sample").is_in(some.tolist()))
    m = Measurements.from_frame(frame.filter(pl.Series(rng.random(frame.height) < 0.5)))
    scores = {row.model: row.score for row in rank(m).models}
    expected = plain_fit(m)
    expected -= np.average(expected, weights=m.samples_per_model)
    assert [scores[name] for name in m.models] == pytest.approx(expected, abs=1e-6)


def test_a_model_that_was_hardly_measured_does_not_blur_the_others() -> None:
    rng = np.random.default_rng(5)
    values = {
        name: (rng.random(80) < p).astype(float).tolist() for name, p in (("a", 0.8), ("b", 0.5), ("c", 0.3))
    }
    alone = {row.model: row for row in rank(table(values)).models}
    beside = {row.model: row for row in rank(table({**values, "new": [1.0, 0.0]})).models}
    for name in values:
        assert beside[name].score == pytest.approx(alone[name].score, abs=0.1)
        assert beside[name].high - beside[name].low < 1.2 * (alone[name].high - alone[name].low)
    assert beside["new"].high - beside["new"].low > 3 * (alone["a"].high - alone["a"].low)


def test_two_models_have_a_closed_form() -> None:
    ranking = rank(table({"a": [1, 1, 1, 0, 1, 0] * 4, "b": [0, 1, 0, 1, 0, 0] * 4}))
    # a wins 12, loses 4, 8 ties: odds 16 : 8, and each stands half the distance from the average.
    assert ranking.models[0].score == pytest.approx(np.log(2) / 2)
    assert ranking.models[0].score == -ranking.models[1].score
    assert ranking.warnings == () and ranking.method == "bradley-terry"


def test_only_shared_samples_count() -> None:
    ranking = rank(
        table({"a": [1, 0, 1, 1, 1, 1], "b": [0, 1, 1, None, None, None], "c": [0, 0, 1, None, 1, None]})
    )
    assert ranking.samples == 4
    assert {row.model: (row.samples, row.coverage) for row in ranking.models} == {
        "a": (4, 1.0),
        "b": (3, 0.75),
        "c": (4, 1.0),
    }


def test_easier_samples_do_not_make_a_better_model() -> None:
    rng = np.random.default_rng(3)
    easy, hard = (rng.random((3, 60)) < p for p in ([[0.95], [0.9], [0.9]], [[0.5], [0.2], [0.2]]))
    nothing: list[float | None] = [None] * 60
    ranking = rank(
        table(
            {
                "strong, hard samples": [*nothing, *hard[0]],
                "weak, easy samples": [*easy[1], *nothing],
                "weak, all samples": [*easy[2], *hard[2]],
            }
        )
    )
    assert ranking.models[0].model == "strong, hard samples"


def test_one_model_is_a_ranking_of_one() -> None:
    ranking = rank(table({"a": [1, 0, 1]}))
    (row,) = ranking.models
    assert (row.score, row.rank, row.rank_low, row.rank_high, row.samples, row.coverage) == (0, 1, 1, 1, 3, 1)
    assert (row.low, row.high) == (-np.inf, np.inf)
    assert "nothing to compare it with" in ranking.warnings[0]


def test_winners_of_everything_stay_finite_and_uncertain() -> None:
    ranking = rank(table({"all": [1] * 20, "half": [1, 0] * 10, "none": [0] * 20}))
    assert [row.model for row in ranking.models] == ["all", "half", "none"]
    assert all(np.isfinite([row.low, row.high]).all() and row.low < row.score < row.high for row in ranking.models)
    warnings = " / ".join(ranking.warnings)
    # Ties come back as half a win, so that these three are one part.
    assert "not strongly connected" not in warnings


def test_parts_that_a_win_never_came_back_from_are_named_and_have_one_bound() -> None:
    ranking = rank(table({"best": [1] * 12, "worst": [0] * 12, "worse": [0] * 12}))
    warnings = " / ".join(ranking.warnings)
    assert "2 parts a win never came back from one to another: [best], [worse, worst]" in warnings
    assert "won every comparison: best" in warnings and "imaginary average model" in warnings
    assert "lost every comparison" not in warnings  # the two below tie with each other
    assert [row.rank for row in ranking.models] == [1, 2, 2]
    best, *others = ranking.models
    assert best.high == np.inf and 0 < best.low < best.score
    # The two below are the core, and the zero; they keep both bounds.
    assert all(row.score == 0 and -np.inf < row.low < 0 < row.high < np.inf for row in others)


@pytest.mark.parametrize("intervals", ["sandwich", "bootstrap"])
@pytest.mark.parametrize("samples", [5, 20, 100])
def test_a_winner_of_everything_is_at_least_as_good_as_could_have_won_it_all(
    samples: int, intervals: Intervals
) -> None:
    m = table({"all": [1] * samples, "none": [0] * samples})
    best, worst = BradleyTerry()(m, intervals=intervals, replicates=200).models
    # Each stands half the distance from the average.
    bound = -np.log(0.025 ** (-1 / samples) - 1) / 2
    assert best.low <= bound + 1e-9 and worst.high == -best.low
    assert best.low > 0.8 * bound - 0.5
    assert (best.high, worst.low) == (np.inf, -np.inf)
    assert best.rank_high == (1 if samples > 10 else 2)


def test_groups_without_a_shared_sample_are_not_told_apart() -> None:
    left = {"a": [1, 1, 1, 0] * 15 + [None] * 60, "b": [0, 0, 0, 1] * 15 + [None] * 60}
    right = {"c": [None] * 60 + [1, 1, 1, 0] * 15, "d": [None] * 60 + [0, 0, 0, 1] * 15}
    ranking = rank(table({**left, **right}))
    assert any("2 groups of models share no sample" in w and "[a, b], [c, d]" in w for w in ranking.warnings)
    ranges = {row.model: (row.rank_low, row.rank_high) for row in ranking.models}
    assert ranges == {"a": (1, 1), "b": (2, 2), "c": (1, 1), "d": (2, 2)}
    assert [(row.model, row.group) for row in ranking.models] == [("a", 1), ("b", 1), ("c", 2), ("d", 2)]
    assert [(group.group, group.models) for group in ranking.groups] == [(1, 2), (2, 2)]


def test_a_model_that_met_nobody_keeps_a_row_that_says_nothing() -> None:
    ranking = rank(
        table({"a": [1, 0, 1, 1] * 5 + [None], "b": [0, 1, 0, 1] * 5 + [None], "alone": [None] * 20 + [1]})
    )
    row = next(row for row in ranking.models if row.model == "alone")
    assert (row.group, row.rank_low, row.rank_high, row.samples, row.coverage) == (2, 1, 1, 0, 0)
    assert (row.score, row.low, row.high) == (0, -np.inf, np.inf)
    assert "no sample shared with another model, nothing places: alone" in ranking.warnings


def test_nobody_met_anybody() -> None:
    ranking = rank(table({"a": [1, None], "b": [None, 0]}))
    assert [(row.group, row.rank, row.rank_high) for row in ranking.models] == [(1, 1, 1), (2, 1, 1)]


def test_equal_records_tie() -> None:
    ranking = rank(table({"b": [1, 0, 1] * 5, "a": [1, 1, 0] * 5, "c": [0, 0, 1] * 5}))
    assert [(row.model, row.rank) for row in ranking.models] == [("a", 1), ("b", 1), ("c", 3)]


def test_all_ties_are_not_certainty() -> None:
    ranking = rank(table({"a": [1] * 5, "b": [1] * 5}))
    assert all(row.score == 0 and row.low < -0.1 and row.high > 0.1 for row in ranking.models)
    assert all(row.rank_high == 2 for row in ranking.models)


def test_numeric_values_compare_by_order_only_and_down_reverses() -> None:
    values = {"a": [3.0, 7, 2, 9] * 4, "b": [1.0, 8, 1, 1] * 4}
    once = rank(table(values))
    assert once.models[0].score == pytest.approx(np.log(3) / 2)
    stretched = rank(table({name: np.exp(v).tolist() for name, v in values.items()}))
    assert stretched.models == once.models
    assert rank(table(values, direction="down")).models[0].model == "b"


def test_pass_rates_count_as_chances() -> None:
    rates = table({"a": [0.5, 1.0] * 10, "b": [0.25, 0.5] * 10}, kind="binary")
    # On average a beats b by (.75 - .375): wins and half the ties are .5 + .375 / 2.
    assert rank(rates).models[0].score == pytest.approx(np.log(0.6875 / 0.3125) / 2)


def simulated(clusters: int, missing: float, seed: int = 0) -> Measurements:
    rng = np.random.default_rng(seed)
    ability = np.linspace(-1, 1, 6)
    hard = np.repeat(rng.normal(size=clusters), 4) + 0.5 * rng.normal(size=4 * clusters)
    passed = rng.random((4 * clusters, 6)) < 1 / (1 + np.exp(hard[:, None] - ability))
    sample, model = np.nonzero(rng.random(passed.shape) >= missing)
    columns = {"model": model, "sample": sample, "cluster": sample // 4, "value": passed[sample, model]}
    return Measurements.from_frame(pl.DataFrame(columns))


@pytest.mark.parametrize("method", [BradleyTerry(), BradleyTerryNoTies(), Davidson(), RaoKupper()])
@pytest.mark.parametrize("missing", [0, 0.5])
def test_sandwich_and_bootstrap_agree(method: Method, missing: float) -> None:
    m = simulated(60, missing)
    sandwich, bootstrap = (
        {row.model: row for row in method(m, intervals=intervals, replicates=600).models}
        for intervals in ("sandwich", "bootstrap")
    )
    ratios = []
    for name in m.models:
        one, other = sandwich[name], bootstrap[name]
        assert one.score == other.score
        ratios.append((one.high - one.low) / (other.high - other.low))
        assert abs(one.rank_low - other.rank_low) <= 1 and abs(one.rank_high - other.rank_high) <= 1
    # The quantiles of 600 draws are known to about 5 %.
    assert np.mean(ratios) == pytest.approx(1, abs=0.1) and max(ratios) < 1.2


def test_votes_and_values_enter_one_fit() -> None:
    """A vote counts as a sample that two models were measured on with that outcome, in the vote's cluster."""
    rng = np.random.default_rng(1)
    value = (rng.random((40, 4)) < [0.7, 0.5, 0.4, 0.3]).astype(float)
    sample, model = np.divmod(np.arange(160), 4)
    values = pl.DataFrame({"model": model, "sample": sample, "cluster": sample // 2, "value": value.ravel()})
    first = rng.integers(4, size=50)
    second = (first + rng.integers(1, 4, 50)) % 4
    outcome, cluster = rng.choice([0, 0.5, 1], 50), rng.integers(25, size=50)
    votes = pl.DataFrame({"model_a": first, "model_b": second, "outcome": outcome, "cluster": cluster})
    as_values = pl.DataFrame(
        {
            "model": np.concatenate([first, second]),
            "sample": np.tile(np.arange(50), 2) + 1000,
            "cluster": np.tile(cluster, 2),
            "value": np.concatenate([outcome >= 0.5, outcome <= 0.5]),
        }
    )
    with_votes = rank(Measurements.from_frame(values, votes))
    alike = rank(Measurements.from_frame(values, as_values, kind="ordinal"))
    assert with_votes.samples == alike.samples == 90 and with_votes.clusters == alike.clusters
    for one, other in zip(with_votes.models, alike.models, strict=True):
        assert (one.model, one.samples, one.rank_low) == (other.model, other.samples, other.rank_low)
        assert (one.score, one.low, one.high) == pytest.approx((other.score, other.low, other.high), abs=1e-8)


def test_weights_stand_for_copies_in_one_cluster() -> None:
    m = simulated(20, 0.3)
    frame = pl.DataFrame(
        {
            "model": m.model,
            "sample": m.sample,
            "cluster": m.cluster_of[m.sample],
            "value": m.value,
        }
    )
    twice = Measurements.from_frame(frame, frame.with_columns(sample=pl.col("sample") + 1000))
    heavy = replace(m, weight=np.full(len(m.samples), 2.0))
    for one, other in zip(rank(heavy).models, rank(twice).models, strict=True):
        assert one.score == pytest.approx(other.score, abs=1e-8)
        # The imaginary sample is one of twice the weight, or one of twice as many.
        assert one.high - one.low == pytest.approx(other.high - other.low, rel=0.05)


def test_one_cluster_falls_back_to_its_samples() -> None:
    frame = pl.DataFrame(
        {
            "model": ["a", "b"] * 20,
            "sample": np.repeat(np.arange(20), 2),
            "value": [1, 0, 0, 1, 1, 0, 1, 1] * 5,
        }
    )
    alone, one = (rank(Measurements.from_frame(f)) for f in (frame, frame.with_columns(cluster=pl.lit("paper"))))
    assert one.models == alone.models and one.clusters == 1
    assert "speak about this cluster only" in one.warnings[0]
