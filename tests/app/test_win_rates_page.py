"""Who beats whom: the shares of a known hub, both ways round, with how much they rest on."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from app import pair_queries
from app.downloads import parquet
from app.snapshot import published
from evalhub.win_map import IN_WORDS, THIN_CELL, win_map
from tests.app.conftest import Open, words
from tests.app.pair_snapshot import EVIL, FEW, GOOD, POOR


def win_rates(folder: Path, **parameters: str | list[str]) -> AppTest:
    """The page alone, at an address."""

    def page(folder: str) -> None:
        from pathlib import Path

        from app.snapshot import published
        from app.views.win_rates import render

        render(published(Path(folder)), lambda *_: None)

    app = AppTest.from_function(page, args=(str(folder),), default_timeout=60)
    for name, value in parameters.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def cells(app: AppTest) -> list[dict[str, Any]]:
    """The cells that are drawn."""
    return pl.read_ipc_stream(app.get("vega_lite_chart")[0].proto.data.data).to_dicts()


def test_each_pair_stands_both_ways(pair_snapshots: Path) -> None:
    """Shares of two sides add up to one, and what is missing is in neither."""
    table = win_rates(pair_snapshots).dataframe[0].value.set_index(["model", "against"])
    assert len(table) == 12
    row = table.loc[(GOOD, POOR)]
    assert tuple(row) == pytest.approx(((19 + 59 / 2) / 78, 19, 59, 0, 78))
    assert table.loc[(POOR, GOOD)]["share"] == pytest.approx(1 - row["share"])
    assert table.loc[(POOR, EVIL)]["share"] == 0.5 and table.loc[(POOR, EVIL)]["samples"] == 79


def test_thin_pairs_are_marked(pair_snapshots: Path) -> None:
    """Grey in the map, by a threshold that the page states; the count is in every cell."""
    app = win_rates(pair_snapshots)
    assert f"fewer than {THIN_CELL} common samples" in words(app)
    drawn = cells(app)
    assert len(drawn) == 12
    assert all(cell["thin"] == (FEW in cell["row"] + cell["column"]) for cell in drawn)
    assert {cell["shared"] for cell in drawn} == {5, 78, 79}


def test_the_order_is_the_rankings(pair_snapshots: Path) -> None:
    """From the best down, on both sides."""
    order = pair_queries.ranked(published(pair_snapshots), "")["model"].to_list()
    assert set(order) == {GOOD, POOR, EVIL, FEW} and order.index(GOOD) < order.index(POOR)
    app = win_rates(pair_snapshots, models=[POOR, GOOD])
    assert {(cell["row"], cell["column"]) for cell in cells(app)} == {
        (f"1. {GOOD}", f"2. {POOR}"),
        (f"2. {POOR}", f"1. {GOOD}"),
    }
    assert "2 of 4 are drawn" in words(app)


def test_one_model_alone_is_compared_with_nobody(pair_snapshots: Path) -> None:
    """The page says so."""
    assert "Choose more of them." in words(win_rates(pair_snapshots, models=[GOOD]))


def test_the_scale_is_centred_on_one_half() -> None:
    """Its ends are as far from its middle, and the empty map has no cells."""
    frame = pl.DataFrame({"row": ["a"], "column": ["b"], "rate": [0.5], "shared": [THIN_CELL]})
    spec = win_map(frame, ["a", "b"], row=38).to_dict()
    domain = spec["layer"][0]["encoding"]["color"]["scale"]["domain"]
    assert domain == pytest.approx([1 - place for place in reversed(domain)]) and domain[len(domain) // 2] == 0.5


def test_numbers_stand_in_cells_of_few_models_only() -> None:
    """Many models have them in the tooltip."""
    names = [f"m{place}" for place in range(IN_WORDS + 1)]
    frame = pl.DataFrame({"row": ["m0"], "column": ["m1"], "rate": [0.5], "shared": [40]})
    assert len(win_map(frame, names[:-1], row=38).to_dict()["layer"]) == 3
    assert len(win_map(frame, names, row=20).to_dict()["layer"]) == 1


def test_files_and_meanings(pair_snapshots: Path) -> None:
    """CSV and Parquet; a line on each column; what is written is what was there."""
    app = win_rates(pair_snapshots)
    assert [button.label for button in app.download_button] == ["CSV", "Parquet"]
    for column in app.dataframe[0].value.columns:
        assert f"- **{column}**: " in words(app)
    frame = pair_queries.wins(published(pair_snapshots), "")
    assert pl.read_parquet(io.BytesIO(parquet(frame))).equals(frame)


def test_an_older_snapshot_says_what_to_run(snapshots: Path) -> None:
    """It was published without pairs."""
    assert "Run `evalhub publish` again." in words(win_rates(snapshots))


def test_both_pages_are_in_the_navigation(pair_snapshots: Path, open_app: Open) -> None:
    """Under names that links use."""
    from app.pages import PAGES

    assert {"compare", "win_rates"} <= {page.name for page in PAGES}
    assert open_app(pair_snapshots).title[0].value == "Ranking"
