"""What must hold for every method: found through entry points, so that a new one is held to it as well."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import entry_points
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregate.measurements import Measurements, MeasurementsError
from aggregate.method import Method
from aggregate.ranking import Ranking

METHODS = {entry.name: entry.load()() for entry in entry_points(group="evalhub.methods")}

TOLERANCE = {"elo": 4.0}
"""Of scores that should be equal, where 1e-6 is too much to ask: Elo's random orders change with the input."""

every_method = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS.keys())
few = settings(deadline=None, max_examples=20)
seeds = st.integers(0, 10**9)


def connected(seed: int) -> pl.DataFrame:
    """Passes and fails of 3 to 5 models; each pair has met alone, and each of the two has won once."""
    rng = np.random.default_rng(seed)
    models, samples = rng.integers(3, 6), rng.integers(2, 12)
    rows = [
        (f"m{model}", f"{i} beats {j}", float(model == i))
        for i in range(models)
        for j in range(models)
        if i != j
        for model in (i, j)
    ]
    passed = rng.random((samples, models)) < rng.random(models)
    sample, model = np.nonzero(rng.random((samples, models)) < 0.7)
    rows += [(f"m{m}", f"s{s}", float(passed[s, m])) for s, m in zip(sample, model, strict=True)]
    return pl.DataFrame(rows, schema=["model", "sample", "value"], orient="row")


def scores(method: Method, *frames: pl.DataFrame | Measurements) -> dict[str, float]:
    first = frames[0]
    m = first if isinstance(first, Measurements) else Measurements.from_frame(*frames)  # type: ignore[arg-type]
    return {row.model: row.score for row in method(m).models}


def gaps(found: Mapping[str, float]) -> dict[str, float]:
    """Scores from the first model on: where their zero is may depend on how many samples each saw."""
    first = found[min(found)]
    return {name: score - first for name, score in found.items()}


def tolerance(method: Method) -> float:
    return TOLERANCE.get(method.name, 1e-6)


def alike(method: Method, one: Mapping[str, float], other: Mapping[str, float]) -> None:
    assert one == pytest.approx(dict(other), abs=tolerance(method))


@every_method
def test_it_says_what_it_is(method: Method) -> None:
    assert METHODS[method.name] is method and isinstance(method.pairwise, bool)
    assert len(method.assumes) > 20 and len(method.unit) > 5 and not method.assumes.endswith(".")


@every_method
@few
@given(seeds)
def test_labels_do_not_matter(method: Method, seed: int) -> None:
    frame = connected(seed)
    names = frame["model"].unique().sort()
    new = dict(zip(names, np.random.default_rng(seed).permutation(names.to_numpy()).tolist(), strict=True))
    renamed = frame.with_columns(pl.col("model").replace_strict(new))
    alike(method, {new[name]: score for name, score in scores(method, frame).items()}, scores(method, renamed))


@every_method
@few
@given(seeds)
def test_the_order_and_the_names_of_samples_do_not_matter(method: Method, seed: int) -> None:
    frame = connected(seed)
    shuffled = frame.sample(fraction=1, shuffle=True, seed=seed % 2**32)
    assert method(Measurements.from_frame(shuffled)) == method(Measurements.from_frame(frame))
    renamed = frame.with_columns(sample=pl.col("sample").str.reverse())
    alike(method, scores(method, renamed), scores(method, frame))


@every_method
@few
@given(seeds)
def test_a_sample_twice_is_a_sample_of_weight_2(method: Method, seed: int) -> None:
    frame = connected(seed)
    rng = np.random.default_rng(seed)
    again = rng.choice(frame["sample"].unique().sort().to_numpy(), 2, replace=False).tolist()
    frame = frame.with_columns(cluster=pl.col("sample"))
    copies = frame.filter(pl.col("sample").is_in(again)).with_columns(sample=pl.lit("again ") + pl.col("sample"))
    m = Measurements.from_frame(frame)
    heavy = replace(m, weight=np.where(np.isin(m.samples, again), 2.0, 1.0))
    alike(method, gaps(scores(method, heavy)), gaps(scores(method, frame, copies)))


@every_method
@few
@given(seeds)
def test_models_that_share_no_sample_with_the_others_do_not_move_them_apart(method: Method, seed: int) -> None:
    frame = connected(seed)
    rng = np.random.default_rng(seed)
    strangers = pl.DataFrame(
        {
            "model": ["x", "y", "z"] * 8,
            "sample": np.repeat([f"t{s}" for s in range(8)], 3),
            "value": (rng.random(24) < 0.5).astype(float),
        }
    )
    before, after = scores(method, frame), scores(method, frame, strangers)
    alike(method, gaps(before), gaps({name: after[name] for name in before}))


@every_method
@few
@given(seeds)
def test_one_more_pass_never_lowers_a_score(method: Method, seed: int) -> None:
    frame = connected(seed)
    failed = frame.with_row_index().filter(pl.col("value") == 0)
    row = failed.row(np.random.default_rng(seed).integers(failed.height), named=True)
    better = frame.with_row_index().with_columns(
        value=pl.when(pl.col("index") == row["index"]).then(1.0).otherwise(pl.col("value"))
    )
    assert lead(scores(method, better), row["model"]) >= lead(scores(method, frame), row["model"]) - tolerance(
        method
    )


@every_method
@few
@given(seeds)
def test_one_more_vote_won_never_lowers_a_score(method: Method, seed: int) -> None:
    rng = np.random.default_rng(seed)
    pairs = [(i, j, outcome) for i in "abcd" for j in "abcd" if i < j for outcome in ("a", "b")]
    pairs += [
        (*rng.choice(list("abcd"), 2, replace=False).tolist(), str(rng.choice(["b", "tie"]))) for _ in range(5)
    ]
    votes = pl.DataFrame(pairs, schema=["model_a", "model_b", "outcome"], orient="row")
    won = pl.DataFrame([*pairs[:-1], (*pairs[-1][:2], "a")], schema=votes.schema, orient="row")
    name = pairs[-1][0]
    try:
        before = scores(method, votes)
    except MeasurementsError as error:
        assert "only votes" in str(error)
        return
    assert lead(scores(method, won), name) >= lead(before, name) - tolerance(method)


def lead(found: Mapping[str, float], name: str) -> float:
    return found[name] - float(np.mean([score for other, score in found.items() if other != name]))


@every_method
@settings(deadline=None, max_examples=40)
@given(st.integers(1, 5), st.integers(1, 6), st.sampled_from(["0/1", "rates", "any"]), st.booleans(), seeds)
def test_little_and_odd_data_give_a_ranking_that_makes_sense(
    method: Method, models: int, samples: int, kind: str, votes: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    values = {"0/1": [0, 1], "rates": [0, 0.2, 1], "any": [-3, 0, 0.5, 20]}[kind]
    sample, model = np.nonzero(rng.random((samples, models)) < rng.random())
    frames = [pl.DataFrame({"model": model, "sample": sample, "value": rng.choice(values, model.size)})]
    if votes and models > 1:
        first = rng.integers(models, size=3)
        second = (first + rng.integers(1, models, 3)) % models
        outcome = rng.choice(["a", "b", "tie"], 3)
        frames.append(pl.DataFrame({"model_a": first, "model_b": second, "outcome": outcome}))
    try:
        m = Measurements.from_frame(*frames, kind="binary" if kind == "rates" else None)
        ranking = method(m)
    except MeasurementsError:
        return
    makes_sense(ranking)


def makes_sense(ranking: Ranking) -> None:
    fields: dict[str, Any] = ranking.to_json()
    assert json.loads(json.dumps(fields, allow_nan=False)) == fields
    count = len(ranking.models)
    for row in ranking.models:
        assert row.low <= row.score <= row.high and row.low < row.high
        assert 1 <= row.rank_low <= row.rank <= row.rank_high <= count
        assert 0 <= row.coverage <= 1 and 0 <= row.samples <= ranking.samples
    places = [(row.group, row.rank) for row in ranking.models]
    assert places == sorted(places) and [group.group for group in ranking.groups] == sorted({g for g, _ in places})
    assert ranking.models[0].rank_low == ranking.models[0].tie_group == 1
    assert all(isinstance(warning, str) and "\n" not in warning for warning in ranking.warnings)
