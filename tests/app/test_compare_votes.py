"""Two models side by side between whom there are votes."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from tests.app.conftest import open_page, words
from tests.cli.helpers import evalhub, written


@pytest.fixture
def voted(tmp_path: Path) -> Path:
    """A published hub: votes between three models, two of which were measured, too."""
    outcomes = ["a"] * 5 + ["tie"] * 6 + ["b"] * 9
    votes = [
        (*pair, f"{n}", told) for pair in (("one", "two"), ("three", "one")) for n, told in enumerate(outcomes)
    ]
    values = [(model, f"{n}", float(n % of == 0)) for model, of in (("one", 2), ("two", 3)) for n in range(30)]
    hub = tmp_path / "hub"
    for name, rows, schema in (
        ("votes", votes, ["model_a", "model_b", "sample", "outcome"]),
        ("values", values, ["model", "sample", "value"]),
    ):
        path = written(pl.DataFrame(rows, schema=schema, orient="row"), tmp_path / f"{name}.csv")
        done = evalhub("import", path, "--hub", hub)
        assert done.code in (0, None), done.err
    evalhub("publish", "--hub", hub)
    return hub


def test_votes_have_the_interval_of_the_command(voted: Path) -> None:
    """From either side, and also where values stand beside them."""
    for first, second, before in (
        ("one", "two", "Votes** alone: "),
        ("one", "three", "Win rate** of the first: "),
    ):
        of = evalhub("compare", first, second, "--json", "--hub", voted).json["votes"]
        interval = f"95 % interval **{of['low']:.1%}** to **{of['high']:.1%}**"
        app = open_page("compare", voted / "snapshots", first=first, second=second)
        line = next(one.value for one in app.markdown if before in one.value)
        assert f"**{of['share']:.1%}**" in line and interval in line
        counts = f"{of['wins']} won, {of['ties']} tied, {of['losses']} lost"
        assert counts in line


def test_votes_alone_are_no_contradiction(voted: Path) -> None:
    app = open_page("compare", voted / "snapshots", first="one", second="three")
    assert "lost of 20 votes" in words(app)
    assert "Only votes compare them. There is no sample on which both have a result." in words(app)
