"""`evalhub recommend`: the best of those that may be used."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from evalhub.store.hub import Hub
from tests.cli.helpers import evalhub, written

RATES = {"large": (0.9, 0.8), "small": (0.7, 0.2), "other": (0.2, 0.7), "nameless": (0.95, 0.9)}


@pytest.fixture
def measured(hub_path: Path, tmp_path: Path) -> Path:
    """Four models on 80 samples with two tags, three of them of known size; and chance."""
    rng = np.random.default_rng(0)
    rows = [
        (model, f"s{sample}", float(rng.random() < rates[sample % 2]), ("algebra", "history")[sample % 2])
        for model, rates in RATES.items()
        for sample in range(80)
    ]
    table = tmp_path / "rows.parquet"
    pl.DataFrame(rows, schema=["model", "sample", "value", "tag"], orient="row").write_parquet(table)
    assert evalhub("import", table, "--source", "exam", "--hub", hub_path).code in (0, None)
    for model, size in (("large", "70B"), ("small", "7B"), ("other", "8B")):
        evalhub("model", "set", model, "--parameters", size, "--hub", hub_path)
    return hub_path


def test_the_best_that_is_small_enough(measured: Path) -> None:
    found = evalhub("recommend", "--json", "--hub", measured).json
    assert found["candidates"][0]["model"] == "nameless" and found["samples"] == 80
    found = evalhub("recommend", "--max-params", "8e9", "--json", "--hub", measured).json
    assert {one["model"] for one in found["candidates"]} == {"small", "other"}
    assert found["refused"] == {"large": "too large", "nameless": "its size is unknown"}
    evalhub("model", "set", "other", "--parameters", "8030000000", "--hub", measured)
    for most, used in (("8B", 2), ("8.0B", 2), ("8.00B", 1), ("8e9", 1), ("8030M", 2)):
        found = evalhub("recommend", "--max-params", most, "--json", "--hub", measured).json
        assert len(found["candidates"]) == used, most
    evalhub("model", "set", "other", "--parameters", "8B", "--hub", measured)
    found = evalhub("recommend", "--max-params", "8e9", "--json", "--hub", measured).json
    assert found["parameters"] == {"small": 7 * 10**9, "other": 8 * 10**9}
    assert "use small: the only candidate\n" in evalhub("recommend", "--max-params", "7B", "--hub", measured).out
    pair = found["pair"]
    assert {pair["first"], pair["second"]} == {"small", "other"} and pair["low"] > 0
    shown = evalhub("recommend", "--max-params", "8B", "--hub", measured).out
    assert (
        "two together: ask " in shown
        and " 8B" in shown
        and "USD" not in shown
        and "not used, too large: large" in shown
    )


def test_two_together_are_named_where_they_beat_the_model_recommended(measured: Path) -> None:
    shown = evalhub("recommend", "--hub", measured).out
    assert "two together: no pair does better than nameless by more than luck\n" in shown and "ask " not in shown
    pair = evalhub("recommend", "--max-params", "8B", "--json", "--hub", measured).json["pair"]
    shown = evalhub("recommend", "--max-params", "8B", "--hub", measured).out
    assert f"on all else. That scores {pair['score']:.3f}, {pair['gain']:+.3f} [" in shown


def test_no_better_than_guessing_is_said(measured: Path, tmp_path: Path) -> None:
    """By the shared samples of a filter, too, and where --models fits no baseline."""
    rows = [
        ("baseline:random", f"s{sample}", float(sample // 2 % 2), ("algebra", "history")[sample % 2])
        for sample in range(80)
    ]
    table = tmp_path / "chance.parquet"
    pl.DataFrame(rows, schema=["model", "sample", "value", "tag"], orient="row").write_parquet(table)
    assert "guessing" not in evalhub("recommend", "--hub", measured).out
    evalhub("import", table, "--source", "exam", "--hub", measured)
    found = evalhub("recommend", "--json", "--hub", measured).json
    assert found["guessing"] == 0.5 and "baseline:random" not in str(found["candidates"])
    beats = {one["model"]: one["beats_guessing"] for one in found["candidates"]}
    assert beats == {"nameless": True, "large": True, "small": False, "other": False}
    shown = evalhub("recommend", "--hub", measured).out
    assert shown.startswith("use nameless: ") and "\nno better than guessing (0.500): " in shown
    alone = ("--max-params", "7B", "--hub", measured)
    shown = evalhub("recommend", *alone, "--models", "parameters = 7000000000").out
    assert shown.startswith("small is the only candidate, and no better than guessing (0.500)\n")
    assert "chance" not in shown
    only = evalhub("recommend", *alone, "--json").json["candidates"][0]
    assert only["best"] is None and only["beats_guessing"] is False
    shown = evalhub("recommend", "--max-params", "8B", "--where", "subject = 'history'", "--hub", measured).out
    assert shown.startswith("use other: the best of 2 models with chance ")


def test_the_need_is_what_samples_stand_for_it(measured: Path) -> None:
    call = ("recommend", "--max-params", "8B", "--json", "--hub", measured)
    assert evalhub(*call, "--where", "subject = 'history'").json["candidates"][0]["model"] == "other"
    assert evalhub(*call, "--where", "subject = 'algebra'").json["candidates"][0]["model"] == "small"


def test_unknown_costs_are_not_cheap(measured: Path) -> None:
    done = evalhub("recommend", "--max-cost", "1", "--hub", measured)
    assert "its cost is unknown (attempts cost what prices.toml" in done.line and "says it" not in done.line


def test_what_is_mostly_unknown_is_said_first(measured: Path) -> None:
    call = ("recommend", "--max-params", "7B", "--hub", measured)
    assert "warning" not in evalhub(*call).out and evalhub(*call, "--json").json["warnings"] == []
    evalhub("model", "set", "large", "--forget", "parameters", "--hub", measured)
    said = "not used, its size is unknown: 2 of 4 models (evalhub model set NAME --parameters 7B says it)"
    assert evalhub(*call).out.startswith(f"warning: {said}\nuse small: ")
    assert evalhub(*call, "--json").json["warnings"] == [said]


def test_who_is_too_large_or_too_dear_is_told_what_would_do(measured: Path) -> None:
    done = evalhub("recommend", "--max-params", "1M", "--hub", measured)
    assert done.line == (
        "no model is left to recommend: nameless: its size is unknown (evalhub model set NAME --parameters 7B "
        "says it); large, other, small: too large (the smallest has 7B weights)"
    )
    with Hub(measured) as hub:
        (sample,) = hub.database.execute("SELECT min(sample_id) FROM sample").fetchall()[0]
        for model, cost in (("large", 0.02), ("small", 0.003)):
            row = [model, "c", 0, sample, 0, "ok", "hash", 1, 1.0, datetime.now(UTC), 0, cost]
            hub.database.execute("INSERT INTO attempt VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    done = evalhub("recommend", "--max-cost", "0.001", "--hub", measured)
    assert "large, small: too dear (the cheapest costs 0.003 USD an attempt)" in done.line


def test_votes_do_not_count_and_metrics_are_listed(hub_path: Path, tmp_path: Path) -> None:
    votes = pl.DataFrame([("a", "b", "a")] * 20, schema=["model_a", "model_b", "outcome"], orient="row")
    evalhub("import", written(votes, tmp_path / "votes.parquet"), "--source", "arena", "--hub", hub_path)
    assert evalhub("recommend", "--hub", hub_path).line == (
        "there are only votes, which do not count for a recommendation: evalhub rank takes them"
    )
    rows = [(f"s{sample}", metric, float(sample)) for sample in range(20) for metric in ("bleu", "chrf")]
    scores = pl.DataFrame(rows, schema=["sample", "metric", "value"], orient="row").with_columns(model=pl.lit("a"))
    evalhub("import", written(scores, tmp_path / "scores.parquet"), "--source", "exam", "--hub", hub_path)
    line = evalhub("recommend", "--hub", hub_path).line
    assert line == "a recommendation is by one metric: name it with --metric, of bleu, chrf"
    assert evalhub("recommend", "--metric", "chrf", "--hub", hub_path).out.startswith("use a: the only candidate")


def test_models_that_cannot_be_told_apart_are_said_to_be_so(hub_path: Path, tmp_path: Path) -> None:
    names = [f"organization/Some-Model-Family-{size}B-Instruct" for size in (7, 8, 9)]
    rows = [
        (name, f"s{sample}", float(sample % 3 == place))
        for place, name in enumerate(names)
        for sample in range(30)
    ]
    rows += [("poor", f"s{sample}", 0.0) for sample in range(30)]
    table = tmp_path / "rows.parquet"
    pl.DataFrame(rows, schema=["model", "sample", "value"], orient="row").write_parquet(table)
    evalhub("import", table, "--source", "exam", "--hub", hub_path)
    shown = evalhub("recommend", "--hub", hub_path).out
    told = evalhub("recommend", "--json", "--hub", hub_path).json["candidates"]
    assert shown.startswith("3 of 4 models cannot be told apart: ") and "likeliest best one" in shown
    assert all(
        name in line for name, line in zip([one["model"] for one in told], shown.splitlines()[-4:], strict=True)
    )
    pairs = [(round(one["best"], 2), one["score"]) for one in told]
    assert pairs == sorted(pairs, reverse=True)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--where", "subject = 'law'"), "no sample"),
        (("--bench", "none"), "none"),
        (("--metric", "zzz"), "nothing is measured by 'zzz'; there are "),
        (("--max-params", "1M"), "no model is left"),
    ],
)
def test_nothing_to_choose_from_is_one_line(options: tuple[str, ...], said: str, measured: Path) -> None:
    done = evalhub("recommend", *options, "--hub", measured)
    assert done.code == 1 and said in done.err and done.err.count("\n") == 1
