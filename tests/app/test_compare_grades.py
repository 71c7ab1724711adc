"""Two models side by side on grades and other numbers, which are no pass rates."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from tests.app.conftest import open_page, words
from tests.cli.helpers import evalhub, written


@pytest.fixture
def graded(tmp_path: Path) -> Path:
    """A published hub: two models graded by two judges on twenty tasks."""
    rows = [
        *((model, f"t{n}", f"score by {judge}", float(n % 5 + 2 * lead + 1))
          for model, lead in (("one", 1), ("two", 0)) for judge in ("a", "b") for n in range(20)),
    ]  # fmt: skip
    table = written(
        pl.DataFrame(rows, schema=["model", "sample", "metric", "value"], orient="row"), tmp_path / "rows.parquet"
    )
    hub = tmp_path / "hub"
    directions = ("--metric", "score by a=up", "--metric", "score by b=up")
    for arguments in (("import", table, *directions), ("publish",)):
        done = evalhub(*arguments, "--hub", hub)
        assert done.code in (0, None), done.err
    return hub / "snapshots"


def test_numbers_are_compared_by_metric_with_intervals(graded: Path) -> None:
    app = open_page("compare", graded, first="one", second="two")
    table = app.dataframe[0].value
    assert table["metric"].to_list() == ["score by a", "score by b"]
    assert table["samples"].to_list() == [20, 20] and table["difference"].to_list() == [2.0, 2.0]
    assert table["first better"].to_list() == [20, 20] and table["second better"].to_list() == [0, 0]
    assert "There is no sample" not in words(app)


def test_no_interval_leaves_the_range_that_an_import_was_told(tmp_path: Path) -> None:
    """As the command has it."""
    rows = [
        (model, f"{n}", value)
        for model, lead in (("a", 6.0), ("b", 0.0))
        for n, value in enumerate((lead, lead * 1.6))
    ]
    table = written(pl.DataFrame(rows, schema=["model", "sample", "value"], orient="row"), tmp_path / "rows.csv")
    hub = tmp_path / "hub"
    evalhub("import", table, "--metric", "up:0:10", "--hub", hub)
    evalhub("publish", "--hub", hub)
    (row,) = evalhub("compare", "a", "b", "--json", "--hub", hub).json["comparisons"]
    assert (row["low"], row["high"]) == (-10, 10)
    shown = open_page("compare", hub / "snapshots", first="a", second="b").dataframe[0].value
    assert (shown["low"][0], shown["high"][0]) == (-10, 10)
