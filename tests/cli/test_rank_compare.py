"""Whether methods agree, as `evalhub rank` tells it."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from evalhub import report
from tests.cli.helpers import evalhub, written

ALIKE = pl.DataFrame(
    [
        {"model": model, "sample": f"s{i}", "value": float(i % 10 < passed)}
        for model, passed in (("good", 8), ("fair", 5), ("bad", 2))
        for i in range(100)
    ]
)
# `weak` saw easy samples only, `strong` hard ones only; both met `both`, which tells them apart.
BIASED = pl.DataFrame(
    [
        {"model": model, "sample": f"{half}{i}", "value": float(i % 10 < passed)}
        for half, rates in {"easy": {"weak": 7, "both": 9}, "hard": {"strong": 4, "both": 1}}.items()
        for model, passed in rates.items()
        for i in range(500)
    ]
)


def test_auto_says_whether_the_others_agree(tmp_path: Path) -> None:
    """In words and as JSON."""
    path = written(ALIKE, tmp_path / "t.csv")
    assert "Methods agree on the order of all models" in evalhub("rank", path).out
    agreement = evalhub("rank", path, "--json").json["agreement"]
    assert agreement["methods"] == ["auto", "mean", "bradley-terry"]
    assert next((c["first"], c["second"], c["tau"]) for c in agreement["concords"]) == ("auto", "mean", 1.0)
    assert agreement["places"]["good"]["mean"] == {"group": 1, "rank": 1, "rank_low": 1, "rank_high": 1}
    assert (agreement["contradictions"], agreement["moves"], agreement["left_out"]) == ([], [], {})


def test_a_contradiction_is_a_warning(tmp_path: Path) -> None:
    """The mean is sure of what comparisons on shared samples deny."""
    path = written(BIASED, tmp_path / "t.csv")
    found = evalhub("rank", path, "--method", "bradley-terry", "--compare", "--json").json
    pairs = [(x["first"], x["above"], x["below"], x["second"]) for x in found["agreement"]["contradictions"]]
    assert ("bradley-terry", "strong", "weak", "mean") in pairs
    assert any("bradley-terry and mean contradict each other" in warning for warning in found["warnings"])
    out = " ".join(evalhub("rank", path, "--method", "bradley-terry", "--compare").out.split())
    assert "Methods contradict each other (see the warnings)" in out
    assert "Largest moves: " in out


def test_side_by_side_with_what_cannot_be_compared(tmp_path: Path) -> None:
    """A method that cannot rank the input is left out with its reason."""
    votes = pl.DataFrame({"model_a": ["a"] * 9, "model_b": ["b"] * 9, "outcome": ["a"] * 6 + ["b"] * 3})
    path = written(votes, tmp_path / "v.csv")
    done = evalhub("rank", path, "--compare", "--method", "win-rate")
    assert done.code == 0, done.err
    assert "Methods side by side" in done.out and "not compared: mean: only votes" in done.out
    left_out = evalhub("rank", path, "--json").json["agreement"]["left_out"]
    assert left_out.keys() == {"mean"} and "Methods side by side" not in evalhub("rank", path).out


def test_others_are_asked_only_where_that_is_cheap_or_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(ALIKE, tmp_path / "t.csv")
    assert "agreement" not in evalhub("rank", path, "--method", "mean", "--json").json
    monkeypatch.setattr(report, "CHEAP", 299)
    assert "agreement" not in evalhub("rank", path, "--json").json
    assert "agreement" in evalhub("rank", path, "--compare", "--json").json
