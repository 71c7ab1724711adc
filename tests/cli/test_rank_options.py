"""`evalhub rank FILES`: several at once, and what may be said about them."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from tests.cli.helpers import evalhub, written

VALUES = pl.DataFrame(
    [
        {
            "model": model,
            "sample": f"s{sample}",
            "value": float(sample % 10 < passed),
            "metric": "hit",
            "source": "x",
        }
        for model, passed in (("good", 8), ("fair", 5), ("bad", 2))
        for sample in range(60)
    ]
)
TIMES = VALUES.select("model", "sample", value=3 - 2 * pl.col("value"), metric=pl.lit("time"), source=pl.lit("x"))
VOTES = pl.DataFrame({"model_a": ["late"] * 9, "model_b": ["good"] * 9, "outcome": ["a"] * 7 + ["b", "tie"]})


def test_several_files_are_one_ranking(tmp_path: Path) -> None:
    """Of any format, values and votes, in any order."""
    half = written(VALUES.filter(pl.col("model") == "good"), tmp_path / "a.csv")
    rest = written(VALUES.filter(pl.col("model") != "good"), tmp_path / "b.parquet")
    votes = written(VOTES, tmp_path / "c.jsonl")
    rank = ("rank", "--method", "bradley-terry", "--json")
    found = evalhub(*rank, votes, half, rest).json
    assert [row["model"] for row in found["models"]] == ["late", "good", "fair", "bad"]
    assert found["samples"] == 69
    assert evalhub(*rank, half, rest).json == evalhub(*rank, written(VALUES, tmp_path / "all.csv")).json


def test_every_file_is_looked_for_before_any_is_read(tmp_path: Path) -> None:
    """The first one is broken, and yet the second one's absence is told."""
    (tmp_path / "broken.csv").write_text("")
    good = written(VALUES, tmp_path / "good.csv")
    for wrong, message in (
        ("absent.csv", "cannot be read: there is no such file"),
        ("", "is a folder: give the files in it"),
        ("good.xlsx", "give a file that ends in .parquet, .csv, .tsv, .jsonl"),
    ):
        assert message in evalhub("rank", tmp_path / "broken.csv", good, tmp_path / wrong).line


def test_one_of_several_metrics(tmp_path: Path) -> None:
    """Or an error that names those there are."""
    both = written(pl.concat([VALUES, TIMES]), tmp_path / "t.parquet")
    votes = written(VOTES, tmp_path / "votes.csv")
    mean = ("rank", "--method", "mean", "--json")
    assert "several metrics have no common scale" in evalhub(*mean, both).line
    found = evalhub(*mean, both, votes, "--metric", "time", "--direction", "down").json
    assert [(row["model"], row["samples"]) for row in found["models"]] == [("good", 60), ("fair", 60), ("bad", 60)]
    assert evalhub(*mean, both, "--metric", "tiem").line == "no rows of metric 'tiem'; there are hit, time"
    assert "a column 'metric' names them" in evalhub(*mean, votes, "--metric", "time").line


def test_kind_and_direction_of_files_that_do_not_say(tmp_path: Path) -> None:
    path = written(VALUES.drop("metric"), tmp_path / "t.csv")
    found = evalhub("rank", path, "--method", "mean", "--direction", "down", "--json").json
    assert [row["model"] for row in found["models"]] == ["bad", "fair", "good"]
    odd = written(VALUES.drop("metric").with_columns(pl.col("value") / 3), tmp_path / "odd.csv")
    assert "whole grades" in evalhub("rank", odd, "--kind", "ordinal").line


def test_level_intervals_and_seed(tmp_path: Path) -> None:
    """A lower level is a narrower interval; the bootstrap is another road to the same place."""
    path = written(VALUES, tmp_path / "t.csv")
    rank = ("rank", path, "--method", "bradley-terry", "--json")
    wide, narrow = evalhub(*rank).json, evalhub(*rank, "--level", 0.5).json
    assert narrow["level"] == 0.5
    for one, other in zip(wide["models"], narrow["models"], strict=True):
        assert one["low"] < other["low"] < other["score"] < other["high"] < one["high"]
    drawn = [
        evalhub(*rank, "--intervals", "bootstrap", "--replicates", 200, "--seed", seed).json["models"]
        for seed in (1, 1, 2)
    ]
    assert drawn[0] == drawn[1] != drawn[2]
    assert drawn[0][0]["low"] == pytest.approx(wide["models"][0]["low"], abs=0.3)
    for level in (1, "1e-300", "nan"):
        assert evalhub(*rank, "--level", level).code == 2
    for wrong in (["--replicates", 1], ["--intervals", "guessed"]):
        assert evalhub(*rank, *wrong).code == 2


def test_sources_and_pairs_are_balanced(tmp_path: Path) -> None:
    """A small source counts as much as a large one; pairs only where there are any."""
    small = pl.DataFrame({"model": ["good", "bad"], "sample": ["t", "t"], "value": [0.0, 1.0], "source": "y"})
    path = written(pl.concat([VALUES.drop("metric"), small]), tmp_path / "t.csv")
    rank = ("rank", path, "--json", "--method")
    even = evalhub(*rank, "mean", "--balance", "sources").json["models"]
    assert {row["model"]: row["score"] for row in even} == pytest.approx({"good": 0.4, "fair": 0.5, "bad": 0.6})
    plain = evalhub(*rank, "bradley-terry").json["models"]
    pairs = evalhub(*rank, "bradley-terry", "--balance", "pairs").json["models"]
    assert pairs[0]["score"] < plain[0]["score"]  # sample t, where good lost, has gained on the others
    assert "auto does not compare models in pairs" in evalhub(*rank, "auto", "--balance", "pairs").line
    no_source = written(VALUES.drop("source"), tmp_path / "u.csv")
    assert "add a column 'source'" in evalhub("rank", no_source, "--balance", "sources").line


def test_what_is_about_the_hub_or_about_files_only(tmp_path: Path) -> None:
    """A wrong call is told before anything is opened."""
    for arguments in (["--kind", "binary"], ["--direction", "down"], ["--by", "subject"]):
        assert evalhub("rank", *arguments).code == 2
    assert evalhub("rank", written(VALUES, tmp_path / "t.csv"), "--source", "x").code == 2
