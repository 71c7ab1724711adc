"""Counts that add up give what the rows give."""

from __future__ import annotations

from dataclasses import replace

import hypothesis.extra.numpy as arrays
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from aggregate.bootstrap import resampling_units
from aggregate.counted import GROUPS, Counted, groups_of
from aggregate.estimates import difference_intervals
from aggregate.measurements import Measurements
from aggregate.methods.bradley_terry import BradleyTerry, BradleyTerryNoTies
from aggregate.methods.davidson import Davidson
from aggregate.methods.rao_kupper import RaoKupper
from aggregate.paired import PairedMethod
from aggregate.win_rates import win_rates

METHODS = (BradleyTerry(), BradleyTerryNoTies(), Davidson(), RaoKupper())


def frame(models: int, samples: int, seed: int, *, seen: float = 0.6, per_cluster: int = 2) -> pl.DataFrame:
    """Rates of models of unlike strength on samples of unlike difficulty, those of a cluster alike."""
    rng = np.random.default_rng(seed)
    cluster = np.arange(samples) // per_cluster
    ease = rng.normal(0, 1, cluster[-1] + 1)[cluster] + rng.normal(0, 0.5, samples)
    chance = special.expit(np.linspace(1, -1, models)[:, None] + ease)
    model, sample = np.nonzero(rng.random((models, samples)) < seen)
    passes = rng.binomial(4, chance[model, sample])
    return pl.DataFrame(
        {
            "model": [f"m{i:02}" for i in model],
            "sample": [f"s{i:05}" for i in sample],
            "cluster": [f"c{i:05}" for i in cluster[sample]],
            "value": passes / 4,
            "passes": passes,
            "attempts": np.full(model.size, 4),
        }
    )


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_scores_are_those_of_the_rows(method: PairedMethod) -> None:
    """To the ninth digit, and so is all else that is not an interval or its rank range."""
    m = Measurements.from_frame(frame(8, 1000, 0))
    rows, counts = method(m), method(Counted.of(m))
    assert counts.samples == rows.samples
    for ours, theirs in zip(counts.models, rows.models, strict=True):
        assert ours.model == theirs.model
        assert ours.score == pytest.approx(theirs.score, abs=1e-9)
        assert (ours.rank, ours.samples, ours.coverage) == (theirs.rank, theirs.samples, theirs.coverage)
    assert counts.clusters == GROUPS
    assert [line for line in counts.warnings if line not in rows.warnings] == [
        "intervals rest on 64 random groups of clusters, of which counts are kept, and not on each cluster: their "
        "widths vary by about 9% with the grouping"
    ]


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_groups_cover_their_own_samples(method: PairedMethod) -> None:
    """By rows and by counts: models that saw all that their group saw are complete."""
    other = frame(3, 60, 1, seen=1).with_columns(
        pl.concat_str(pl.lit("other "), name).alias(name) for name in ("model", "sample", "cluster")
    )
    m = Measurements.from_frame(pl.concat([frame(4, 200, 0), other]))
    rows, counts = method(m), method(Counted.of(m))
    assert {row.coverage for row in rows.of_group(2).models} == {1.0}
    seen = {row.model: row.samples for row in rows.models}
    shared = m.of_shared().of_models(np.array([not name.startswith("other") for name in m.models]))
    assert {row.coverage for row in rows.of_group(1).models} == {
        seen[name] / shared.sample_count for name in shared.models
    }
    assert {row.model: row.coverage for row in counts.models} == {row.model: row.coverage for row in rows.models}


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_any_parts_add_up(data: st.DataObject) -> None:
    """Whichever samples are in which part, though clusters lie in several and models in few."""
    table = frame(5, 40, data.draw(st.integers(0, 10**6)), seen=data.draw(st.sampled_from([0.2, 0.6, 1.0])))
    part_of = data.draw(arrays.arrays(np.int8, 40, elements=st.integers(0, 2)))
    part = part_of[table["sample"].str.slice(1).cast(pl.Int64).to_numpy()]
    whole = Counted.of(Measurements.from_frame(table))
    tables = [table.filter(pl.Series(part == p)) for p in range(3) if (part == p).any()]
    parts = [Counted.of(Measurements.from_frame(some)) for some in tables]
    total = Counted.total(parts)
    assert total.models == whole.models
    for name in ("wins", "ties", "shared", "lone", "samples"):
        np.testing.assert_allclose(getattr(total, name), getattr(whole, name), atol=1e-12, err_msg=name)
    assert sum(parts[1:], parts[0]).sample_count == whole.sample_count


def test_groups_never_change() -> None:
    """Counts that were kept are added to new ones, on whatever machine."""
    assert groups_of(["", "a", "paper-1", "münchen"]).tolist() == [46, 30, 15, 45]
    size = np.bincount(groups_of([f"cluster {i}" for i in range(64_000)]), minlength=GROUPS)
    assert size.min() > 850 and size.max() < 1150


def test_missing_values_and_unmeasured_models_add_up() -> None:
    """A model without a value here may have one there."""
    table = frame(3, 30, 1)
    gap = pl.DataFrame({"model": ["m00", "x", "y"], "sample": ["s1", "s1", "s1"], "value": [None, None, None]})
    first = pl.concat([table, gap.with_columns(pl.col("value").cast(pl.Float64))], how="diagonal")
    second = frame(3, 30, 2).with_columns(pl.lit("x").alias("model"), pl.col("sample") + "b").unique("sample")
    total = Counted.total(
        [
            Counted.of(Measurements.from_frame(first)),
            Counted.of(Measurements.from_frame(second)),
            Counted.nothing(["z", "m01"], 2),
        ]
    )
    assert (total.missing, total.unmeasured, total.models) == (5, ("y", "z"), ("m00", "m01", "m02", "x"))
    assert int(total.lone.sum()) == second.height + int(Counted.of(Measurements.from_frame(table)).lone.sum())


def test_votes_are_refused() -> None:
    """Rather than left out."""
    votes = pl.DataFrame({"model_a": ["a"], "model_b": ["b"], "outcome": ["a"]})
    with pytest.raises(ValueError, match="votes"):
        Counted.of(Measurements.from_frame(votes))


def grouped(m: Measurements) -> Measurements:
    """The rows with each group named as their cluster."""
    name = [f"{g:02}" for g in groups_of(m.clusters)]
    table = pl.DataFrame(
        {
            "model": [m.models[i] for i in m.model],
            "sample": [m.samples[i] for i in m.sample],
            "cluster": [name[m.cluster_of[i]] for i in m.sample],
            "value": m.value,
        }
    )
    return Measurements.from_frame(table, kind="binary")


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
@pytest.mark.parametrize("intervals", ["sandwich", "bootstrap"])
def test_intervals_are_those_of_groups_in_the_place_of_clusters(method: PairedMethod, intervals: str) -> None:
    """Exactly."""
    m = Measurements.from_frame(frame(6, 400, 3))
    rows = method(grouped(m), intervals=intervals, replicates=50)  # type: ignore[arg-type]
    counts = method(Counted.of(m), intervals=intervals, replicates=50)  # type: ignore[arg-type]
    for ours, theirs in zip(counts.models, rows.models, strict=True):
        assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-8)
        assert (ours.rank_low, ours.rank_high) == (theirs.rank_low, theirs.rank_high)


def test_models_that_never_met_are_ranked_apart() -> None:
    """As from rows."""
    one, two = frame(3, 60, 4), frame(3, 60, 5)
    two = two.with_columns(pl.col("model") + "n", pl.col("sample") + "t", pl.col("cluster") + "t")
    m = Measurements.from_frame(pl.concat([one, two]))
    rows, counts = BradleyTerry()(m), BradleyTerry()(Counted.of(m))
    assert [row.score for row in counts.models] == pytest.approx([row.score for row in rows.models], abs=1e-9)
    assert any("share no sample" in line for line in counts.warnings)


def test_nobody_shares_a_sample() -> None:
    """Nothing to compare, and it is said."""
    table = pl.DataFrame({"model": ["a", "b"], "sample": ["s", "t"], "value": [1.0, 0.0]})
    m = Measurements.from_frame(table)
    rows, counts = BradleyTerry()(m), BradleyTerry()(Counted.of(m))
    assert [replace(row, low=0, high=0) for row in counts.models] == [
        replace(row, low=0, high=0) for row in rows.models
    ]


def test_win_rates_of_counts() -> None:
    """Those of the rows."""
    m = Measurements.from_frame(frame(5, 80, 6))
    np.testing.assert_allclose(win_rates(Counted.of(m)).rate, win_rates(m).rate, atol=1e-12)
    assert (win_rates(Counted.of(m)).shared == win_rates(m).shared).all()


def test_errors_from_groups_are_near_those_from_many_clusters() -> None:
    """Those of all differences together; a single one has a standard error of 9 %."""
    m = Measurements.from_frame(frame(10, 6000, 7))
    assert resampling_units(m).number == 3000
    errors = []
    for results in (m, Counted.of(m)):
        spread = BradleyTerry().estimate(results)[0].covariance  # type: ignore[type-var]
        assert spread is not None
        variance = np.diag(spread)
        errors.append(np.sqrt((variance[:, None] + variance - 2 * spread)[np.triu_indices(10, 1)]))
    ratio = errors[1] / errors[0]
    assert 0.92 < ratio.mean() < 1.08 and ratio.min() > 0.65 and ratio.max() < 1.4


@pytest.mark.slow
@pytest.mark.parametrize("seen", [0.3, 1.0])
@pytest.mark.parametrize("models", [4, 30])
def test_coverage(models: int, seen: float) -> None:
    """Of differences of scores, and of all rank ranges at once, against the score of a large population."""
    theta, held, ranked, pairs = np.linspace(0.6, -0.6, models), [], [], np.triu_indices(models, 1)
    rng = np.random.default_rng([models, round(10 * seen)])

    def drawn(clusters: int) -> Measurements:
        ease = np.repeat(rng.normal(0, 1, clusters), 3) + rng.normal(0, 0.7, 3 * clusters)
        lift = np.repeat(rng.normal(0, 0.4, (models, clusters)), 3, axis=1)
        value = rng.random((models, 3 * clusters)) < special.expit(theta[:, None] + ease + lift)
        model, sample = np.nonzero(rng.random(value.shape) < seen)
        table = pl.DataFrame({"model": model, "sample": sample, "value": value[model, sample].astype(float)})
        return Measurements.from_frame(
            table.with_columns("model", cluster=pl.col("sample") // 3).cast(
                {"model": pl.String, "sample": pl.String, "cluster": pl.String}
            )
        )

    population = drawn(100_000 if models == 4 else 20_000)
    truth = BradleyTerry().estimate(population)[0].scores
    ours = truth[:, None] - truth
    best = 1 + (truth[None, :] > truth[:, None]).sum(axis=1)
    for _ in range(160 if models == 4 else 60):
        counted = Counted.of(drawn(600))
        low, high = difference_intervals(*BradleyTerry().estimate(counted))
        held.append(((low <= ours) & (ours <= high))[pairs].mean())
        by_name = {row.model: row for row in BradleyTerry()(counted).models}
        rows = [by_name[name] for name in counted.models]
        ranked.append(all(r.rank_low <= rank <= r.rank_high for r, rank in zip(rows, best, strict=True)))
    print(f"{models} models, {seen:.0%} seen: differences {np.mean(held):.3f}, ranks {np.mean(ranked):.3f}")
    assert 0.93 <= np.mean(held) <= 0.97
    assert np.mean(ranked) >= 0.93
