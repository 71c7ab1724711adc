"""`evalhub live` on files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.aggregate.releases import release
from tests.cli.helpers import evalhub, written


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Results of 8 models on two releases."""
    folder, rng = tmp_path_factory.mktemp("releases"), np.random.default_rng(0)
    ability = rng.normal(0, 1, 8)
    return (
        written(release("old", ability, 60, rng), folder / "v1.parquet"),
        written(release("new", ability - 1, 60, rng), folder / "v2.csv"),
    )


def test_the_json_of_a_prediction(files: tuple[Path, Path]) -> None:
    """The fields that scripts rely on, and those beside them."""
    done = evalhub("live", "predict", "--old", files[0], "--new", files[1], "--models", "3", "--json")
    assert (done.code, done.err) == (0, "")
    found = done.json
    assert found.keys() >= {"rerun", "models", "baselines", "drift", "level", "samples", "backtest", "warnings"}
    assert len(found["rerun"]) == 3 and len(found["models"]) == 8
    for row in found["models"]:
        assert row.keys() >= {"model", "score", "low", "high", "rerun", "observed"}
        assert row["low"] <= row["score"] <= row["high"]
        assert row["rerun"] == (row["model"] in found["rerun"]) == (row["observed"] is None)
    assert found["baselines"].keys() == {"shift", "carry"}
    assert all(len(guess) == 8 for guess in found["baselines"].values())
    assert found["drift"]["alarm"] and found["drift"]["change"] < 0 and found["drift"]["false_alarms"] == 0.05
    assert found["backtest"]["error"]["predicted"] < found["backtest"]["error"]["carry"]


def test_only_those_with_results_count_as_run_again(files: tuple[Path, Path], tmp_path: Path) -> None:
    """Then nothing is compared, and the table says where a score is from."""
    new = pl.read_csv(files[1]).filter(pl.col("model").is_in(["m02", "m05"]))
    path = written(new, tmp_path / "new.jsonl")
    found = evalhub("live", "predict", "--old", files[0], "--new", path, "--json").json
    assert found["rerun"] == ["m02", "m05"] and found["backtest"] is None
    out = evalhub("live", "predict", "--old", files[0], "--new", path).out
    assert "prediction" in out and "300 answers" in out and "observed" not in out and "Drift:" in out


def test_part_of_the_answers_of_everyone(files: tuple[Path, Path], tmp_path: Path) -> None:
    """Scores have intervals then, and empty values are no fails."""
    new = pl.read_csv(files[1])
    keep = np.random.default_rng(1).random(new.height) < 0.4
    some = written(new.with_columns(value=pl.when(pl.Series(keep)).then("value")), tmp_path / "some.csv")
    found = evalhub("live", "predict", "--old", files[0], "--new", some, "--json").json
    truth = dict(new.group_by("model").agg(pl.col("value").mean()).iter_rows())
    assert len(found["rerun"]) == 8
    for row in found["models"]:
        assert row["low"] < row["score"] < row["high"] and abs(row["score"] - truth[row["model"]]) < 0.12
    assert any("have no value" in line for line in found["warnings"])


def test_a_plan(files: tuple[Path, Path]) -> None:
    call = ("live", "plan", "--old", files[0], "--new-samples", 400, "--budget", 1000, "--retired", "m03")
    found = evalhub(*call, "--json").json
    assert found["budget"] == 1000 and found["samples"] == 400
    for way in found["ways"]:
        assert way.keys() == {"way", "models", "samples_each", "share", "answers", "expected_error"}
        assert way["answers"] <= 1000 and "m03" not in way["models"]
    assert {way["way"] for way in found["ways"]} == {"models", "samples"}
    out = evalhub(*call).out
    assert "samples each" in out and "Models that answer everything: " in out


def test_other_names_of_columns(files: tuple[Path, Path], tmp_path: Path) -> None:
    frame = pl.read_parquet(files[0]).rename({"value": "correct"})
    path = written(frame, tmp_path / "named.parquet")
    call = ("live", "plan", "--new-samples", 400, "--budget", 1000, "--json")
    assert evalhub(*call, "--old", path, "--columns", "value=correct").json == (
        evalhub(*call, "--old", files[0]).json
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--models", "9"], "--models 9: 8 models have results on both releases"),
        (["--models", "9" * 5000], "--models 999999999…: 8 models have results on both releases"),
        (["--models", ","], "has a name missing beside a comma"),
        (["--models", "m01,,m02"], "has a name missing beside a comma"),
        (["--models", "m01,nobody"], "--models: the new release has no results of 'nobody'"),
        (["--metric", "accuracy"], "no rows of metric 'accuracy'"),
        (["--new", "absent.csv"], "absent.csv"),
    ],
)
def test_what_cannot_be_predicted_is_one_line(files: tuple[Path, Path], words: list[str], message: str) -> None:
    assert message in evalhub("live", "predict", "--old", files[0], "--new", files[1], *words).line


def test_what_cannot_be_planned_is_one_line(files: tuple[Path, Path]) -> None:
    call = ("live", "plan", "--old", files[0], "--new-samples", 400)
    for long in (("--budget", "9" * 5000), ("--budget", "9" * 400)):
        refused = evalhub(*call, *long)
        assert refused.code == 2 and "'--budget'" in refused.err and "Traceback" not in refused.err
    assert "less than one of each of 8 models" in evalhub(*call, "--budget", 7).line
    assert "'nobody' has no results" in evalhub(*call, "--budget", 900, "--retired", "nobody").line
    votes = pl.DataFrame({"model_a": ["x"], "model_b": ["y"], "outcome": ["a"]})
    path = written(votes, files[0].parent / "votes.csv")
    assert "votes say no score" in evalhub(*call[:3], path, *call[4:], "--budget", 9).line


def test_a_level_that_is_none_is_a_wrong_call(files: tuple[Path, Path]) -> None:
    assert evalhub("live", "predict", "--old", files[0], "--new", files[1], "--level", "1").code == 2
