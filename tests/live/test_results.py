"""Plans and predictions for releases of the hub."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from aggregate.rerun.plan import Way
from evalhub.live.plan import Standing, commands
from evalhub.store.hub import Hub
from tests.cli.helpers import evalhub
from tests.live.sources import source

pytest.importorskip("pylatexenc", reason="pylatexenc is not installed")

MODELS = [f"model-{number}" for number in range(1, 7)]


@pytest.fixture
def two(hub_path: Path, tmp_path: Path) -> Path:
    """Two releases: six models measured on the first, two of them on the second, and chance on both."""
    for seed, (name, models) in enumerate([("old", MODELS), ("new", MODELS[::3])], 1):
        paper = source(tmp_path / name, seed)
        evalhub("ingest", "papers", paper, "-o", f"release={name}", "-o", "solvers=", "--hub", hub_path)
        with Hub(hub_path) as hub:
            where = {"source": f"live:{name}"}
            ids = hub.frame("SELECT source_id FROM sample WHERE source = $source", where)["source_id"].to_list()
        draw = random.Random(seed)
        rows = [
            (model, sample, float(draw.random() < 0.2 + 0.1 * place))
            for place, model in enumerate(models)
            for sample in ids
        ]
        table = tmp_path / f"{name}.csv"
        pl.DataFrame(rows, schema=["model", "sample", "value"], orient="row").write_csv(table)
        assert evalhub("import", table, "--source", f"live:{name}", "--hub", hub_path).code in (0, None)
        evalhub("score", "baseline:random", "--source", f"live:{name}", "--hub", hub_path)
    return hub_path


def test_models_that_were_not_run_on_a_release_of_the_hub_are_predicted(two: Path) -> None:
    found = evalhub("live", "predict", "--old", "old", "--new", "live:new", "--json", "--hub", two).json
    assert found["rerun"] == MODELS[::3] and {*MODELS} == {*found["baselines"]["carry"]}
    assert {row["model"] for row in found["models"]} == {*MODELS}
    for row in found["models"]:
        assert row["low"] <= row["score"] <= row["high"]


def test_a_plan_ends_with_the_commands_that_carry_it_out(two: Path) -> None:
    planned = ("live", "plan", "--old", "old", "--new", "new", "--budget", "40", "--hub", two)
    ways = {way["way"]: way for way in evalhub(*planned, "--json").json["ways"]}
    left = [model for model in ways["samples"]["models"] if model not in MODELS[::3]]
    assert ways["samples"]["commands"] == [
        f"# {model} is known from logs alone: import its results on live:new" for model in left
    ]
    assert ways["samples"]["commands"][0] in evalhub(*planned).out


def test_models_that_ran_here_have_commands_until_they_have_answered_their_share() -> None:
    way = Way(way="samples", models=("a", "b b", "c"), samples_each=5, share=0.5, answers=15, expected_error=0.1)
    on = Standing(source="live:new", samples=9, answered={"a": 5, "b b": 4}, ran={"a", "b b"})
    assert commands(way, on) == [
        "evalhub score 'b b' --source live:new --budget 5",
        "# c is known from logs alone: import its results on live:new",
    ]
    whole = replace(way, samples_each=9)
    assert commands(whole, on)[:2] == [
        "evalhub score a --source live:new",
        "evalhub score 'b b' --source live:new",
    ]


def test_where_only_chance_was_measured_it_says_what_to_do(hub_path: Path, tmp_path: Path) -> None:
    paper = source(tmp_path / "paper", 1)
    evalhub("ingest", "papers", paper, "-o", "release=old", "-o", "solvers=", "--hub", hub_path)
    planned = ("live", "plan", "--old", "old", "--new", "old", "--budget", "40", "--hub", hub_path)
    run = "run evalhub score MODEL --source live:old"
    assert evalhub(*planned).line.startswith(f"nothing is measured on old: {run}")
    evalhub("score", "baseline:random", "--source", "live:old", "--hub", hub_path)
    assert evalhub(*planned).line.startswith(f"nothing but chance baselines is measured on old: {run}")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("predict", "--old", "absent.csv", "--new", "new"), 1, "absent.csv is no file, and no release"),
        (("plan", "--old", "old", "--budget", "40"), 2, "--new-samples N"),
        (("plan", "--old", "old", "--new", "gone", "--budget", "40"), 1, "there is no release 'gone'"),
    ],
)
def test_what_is_not_there_is_said(arguments: tuple[str, ...], code: int, said: str, two: Path) -> None:
    done = evalhub("live", *arguments, "--hub", two)
    assert done.code == code and said in done.err
