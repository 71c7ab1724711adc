"""`evalhub compare`: two models on what they share."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest

from tests.cli.helpers import evalhub, written

_SCHEMA = ["model", "sample", "source", "metric", "value", "main"]


@pytest.fixture
def measured(hub_path: Path, tmp_path: Path) -> Path:
    """Two models on two sources, one of them by a second metric, too; a third elsewhere; and votes."""
    rows = [
        *((model, f"{n}", "exam", "acc", float(n % of == 0), True) for model, of in (("one", 2), ("two", 3))
          for n in range(60)),
        *((model, f"q{n}", "quiz", "acc", 1.0, True) for model in ("one", "two") for n in range(5)),
        *((model, f"{n}", "exam", "f1", n / 60 + lead, False) for model, lead in (("one", 0.0), ("two", 0.5))
          for n in range(60)),
        ("third", "r9", "rest", "acc", 1.0, True),
    ]  # fmt: skip
    table = written(pl.DataFrame(rows, schema=_SCHEMA, orient="row"), tmp_path / "rows.parquet")
    votes = pl.DataFrame({"model_a": ["one", "two"], "model_b": ["two", "one"], "outcome": ["a", "tie"]})
    for path in (table, written(votes, tmp_path / "votes.csv")):
        done = evalhub("import", path, "--hub", hub_path)
        assert done.code in (0, None), done.err
    return hub_path


def test_each_metric_and_source_and_votes(measured: Path) -> None:
    found = evalhub("compare", "two", "one", "--json", "--hub", measured).json
    rows = {(row["metric"], row["source"]): row for row in found["comparisons"]}
    assert list(rows) == [("", None), ("", "exam"), ("", "quiz"), ("f1", "exam")]
    exam = rows["", "exam"]
    assert (exam["samples"], exam["first"], exam["second"]) == (60, pytest.approx(1 / 3), 0.5)
    assert (exam["wins"], exam["ties"], exam["losses"]) == (10, 30, 20)
    assert exam["difference"] == pytest.approx(-1 / 6) and exam["low"] < -1 / 6 < exam["high"]
    assert rows["", None]["samples"] == 65 and rows["f1", "exam"]["difference"] == pytest.approx(0.5)
    votes = found["votes"]
    assert (votes["wins"], votes["ties"], votes["losses"], votes["share"]) == (0, 1, 1, 0.25)
    assert 0 <= votes["low"] < 0.25 < votes["high"] < 1 and votes["clusters"] == 2 and found["level"] == 0.95


def test_what_is_shown(measured: Path) -> None:
    shown = evalhub("compare", "two", "one", "--level", "0.9", "--hub", measured).out
    assert shown.startswith("A is two, B is one\n") and "90% interval" in shown
    assert "2 votes between them: 0 for A, 1 for B, 1 tie\nA wins 0.25 of them (90% interval " in shown
    (exam,) = (line.split() for line in shown.splitlines() if line.startswith("pass rate  exam"))
    assert exam[2:7] == ["exam", "60", "0.33", "0.50", "-0.17"] and exam[-3:] == ["10", "30", "20"]


def test_large_numbers_leave_the_names_in_a_narrow_terminal(
    hub_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a table where it fits, else in lines; with the digits that the interval leaves."""
    of = {"up": (1e5, 3e5), "down": (3e5, 1e5), "huge": (1e28, 3e28)}
    for metric, scales in of.items():
        rows = [(m, f"{n}", metric, x * n) for m, x in zip(("one", "two"), scales, strict=True) for n in range(8)]
        table = pl.DataFrame(rows, schema=["model", "sample", "metric", "value"], orient="row")
        path = written(table, tmp_path / f"{metric}.csv")
        evalhub("import", path, "--metric", f"{metric}=up", "--source", "a-long-name", "--hub", hub_path)
    monkeypatch.setenv("FORCE_COLOR", "1")
    differences = {"up": "-700,000", "down": r"\+700,000", "huge": r"-7.0e\+28"}
    for width in (60, 80, 100, 140):
        monkeypatch.setenv("COLUMNS", str(width))
        shown = re.sub(r"\x1b\[[0-9;]*m", "", evalhub("compare", "one", "two", "--hub", hub_path).out)
        for metric, difference in differences.items():
            assert re.search(rf"^ *{metric}\b.*\n?.* {difference} ", shown, re.MULTILINE), shown
        assert shown.count("a-long-nam") == 3 and max(map(len, shown.splitlines())) <= width


def test_samples_and_metric_are_picked(measured: Path) -> None:
    """Votes are by no metric, and of samples that no filter knows."""
    by_f1 = evalhub("compare", "one", "two", "--metric", "f1", "--json", "--hub", measured).json
    assert [row["metric"] for row in by_f1["comparisons"]] == ["f1"] and not any(by_f1["votes"].values())
    quiz = evalhub("compare", "one", "two", "--source", "quiz", "--json", "--hub", measured).json
    assert [(row["source"], row["samples"]) for row in quiz["comparisons"]] == [("quiz", 5)]
    same = evalhub("compare", "one", "two", "--where", "source = 'quiz'", "--json", "--hub", measured).json
    assert same["comparisons"] == quiz["comparisons"]


def test_another_name_is_the_model(measured: Path) -> None:
    evalhub("model", "alias", "uno", "one", "--hub", measured)
    whole = evalhub("compare", "one", "two", "--json", "--hub", measured).json
    assert evalhub("compare", "uno", "two", "--json", "--hub", measured).json == whole
    assert "are one model" in evalhub("compare", "uno", "one", "--hub", measured).line


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ["one", "third"],
            "nothing is measured of both, and no vote is between them: one has values on 65 samples",
        ),
        (["one", "third", "--metric", "acc"], "on 65 samples (of exam, quiz) there; third has values on 1 sample"),
        (["one", "third", "--source", "rest"], "nothing on rest is measured of both, and no vote is between them"),
        (
            ["one", "third", "--source", "rest"],
            "one has nothing there; third has values on 1 sample (of rest) there",
        ),
        (
            ["one", "third"],
            "third has values on 1 sample (of rest); no chain of shared samples or votes connects them",
        ),
        (["one", "tow"], "a model 'tow', did you mean 'two'?"),
        (["T W-O", "one"], "a model 'T W-O', did you mean 'two'?"),
        (["two", "Two"], "a model 'Two': evalhub rank shows those there are"),
        (["one", "two", "--source", "rest", "--metric", "f1"], "by 'f1' on rest, but by no metric"),
        (["one", "two", "--metric", "bleu"], "neither is measured by 'bleu', but by acc, f1"),
        (["one", "two", "--source", "nope"], "no source 'nope'; it has exam, quiz, rest"),
    ],
)
def test_what_cannot_be_compared_is_one_line(measured: Path, arguments: list[str], says: str) -> None:
    assert says in evalhub("compare", *arguments, "--hub", measured).line


def test_a_model_asked_in_two_ways_has_to_be_named_whole(hub_path: Path, tmp_path: Path) -> None:
    rows = [(m, "1", c, 1.0) for m, c in (("one", "hot"), ("one", "cold"), ("two", ""))]
    table = pl.DataFrame(rows, schema=["model", "sample", "condition", "value"], orient="row")
    evalhub("import", written(table, tmp_path / "rows.parquet"), "--hub", hub_path)
    line = evalhub("compare", "one", "two", "--hub", hub_path).line
    assert line == "'one' was asked in several ways, name one: one [cold], one [hot]"
    assert evalhub("compare", "one [hot]", "two", "--json", "--hub", hub_path).json["first"] == "one [hot]"
    assert evalhub("compare", "one [hot]", "one [cold]", "--json", "--hub", hub_path).json["comparisons"]


def test_votes_with_others_are_told_and_whether_they_connect_two(hub_path: Path, tmp_path: Path) -> None:
    pairs = [("one", "mid"), ("mid", "two"), ("mid", "two"), ("far", "away")]
    votes = [(*pair, f"{n}", "a") for n, pair in enumerate(pairs)]
    table = pl.DataFrame(votes, schema=["model_a", "model_b", "sample", "outcome"], orient="row")
    evalhub("import", written(table, tmp_path / "votes.csv"), "--source", "an arena", "--hub", hub_path)
    line = evalhub("compare", "one", "two", "--hub", hub_path).line
    assert line.endswith(
        "one has 1 vote with others; two has 2 votes with others; a chain of others connects them: "
        "evalhub rank --method bradley-terry orders them"
    )
    line = evalhub("compare", "one", "two", "--source", "an arena", "--hub", hub_path).line
    assert line.endswith("evalhub rank --method bradley-terry --source 'an arena' orders them")
    line = evalhub("compare", "one", "far", "--hub", hub_path).line
    assert line.endswith("far has 1 vote with others; no chain of shared samples or votes connects them")


def test_an_end_that_rounds_to_nothing_tells_its_side(hub_path: Path, tmp_path: Path) -> None:
    rows = [("a", "1", 3.03), ("a", "2", 5.03), ("a", "3", 7.03), *(("b", n, 0.0) for n in "123")]
    for name, shift in (("above", 0.0), ("below", -0.08)):
        table = pl.DataFrame(rows, schema=["model", "sample", "value"], orient="row")
        moved = table.with_columns(pl.when(model="a").then(pl.col("value") + shift).otherwise("value"))
        hub = hub_path.with_name(name)
        evalhub("import", written(moved, tmp_path / f"{name}.csv"), "--metric", "up", "--hub", hub)
        assert (" +0.1 to " if shift == 0 else " -0.0 to ") in evalhub("compare", "a", "b", "--hub", hub).out
