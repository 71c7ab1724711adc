"""The ranking page shows what the newest rankings of a snapshot say, and says how sure it is."""

from __future__ import annotations

import io
from pathlib import Path

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from app.snapshot import published
from app.views.ranking import as_download, as_table
from evalhub.ranking import DEFAULT
from tests.app import snapshot
from tests.app.conftest import Open, words
from tests.app.snapshot import ALPHA, BETA, CHANCE, GAMMA


def test_it_opens_on_the_default_of_rank(open_app: Open, snapshots: Path) -> None:
    """The whole pool by the method that `evalhub rank` takes when it is told none; the others follow."""
    app = open_app(snapshots)
    assert (app.selectbox("source").value, app.selectbox("method").value) == ("", DEFAULT)
    assert app.selectbox("method").options == ["auto", "mean"]
    assert "auto takes for granted: one scale of strength fits all samples" in words(app).replace("*", "")
    assert list(app.dataframe[0].value["model"]) == [ALPHA, GAMMA, BETA]
    assert app.dataframe[0].value["score"][0] == 0.61234567


def test_the_newest_ranking_of_the_pool_is_shown(open_app: Open, snapshots: Path) -> None:
    """Rank ranges, ties, coverage and baselines of the newest ranking; the older one is not shown."""
    table = open_app(snapshots, method="mean").dataframe[0].value.set_index("model")
    assert list(table.index) == [ALPHA, GAMMA, BETA, f"{ALPHA} [temperature=0.0]", CHANCE]
    assert list(table["rank"]) == ["1–2", "1–3", "2–3", "4", "5"]
    assert list(table["tie"]) == ["a", "a", "", "", ""]
    assert table["score"][ALPHA] == 0.51234567
    assert table["coverage"][GAMMA] == 0.125
    assert list(table["note"]) == ["", "thin coverage", "thin coverage", "", "chance baseline"]


def test_warnings_and_assumptions_stand_on_the_page(open_app: Open, snapshots: Path) -> None:
    """A warning is shown in its own characters, whatever Markdown would make of them."""
    app = open_app(snapshots, method="mean")
    assert app.warning[0].value == r"gamma\:red\[\<b\>x\<\/b\>\] covers 1 of 8 samples"
    assert "takes for granted: every sample weighs the same" in words(app)
    assert "**4** models · **1** chance baseline · **8** samples in **4** clusters" in words(app)


def test_source_and_method_choose_the_ranking(open_app: Open, snapshots: Path) -> None:
    """The selectors change table and assumption; a pair without a ranking says so."""
    app = open_app(snapshots)
    app.selectbox("method").select("mean").run()
    assert "every sample weighs the same" in words(app)
    assert len(app.dataframe[0].value) == 5
    app.selectbox("source").select("words").run()
    assert list(app.dataframe[0].value["model"]) == [ALPHA, BETA, CHANCE]
    assert "Pass rate by source" not in words(app)
    app.selectbox("source").select("").run()
    app.selectbox("method").select("auto").run()
    assert "one scale of strength fits all samples" in words(app)
    assert len(app.dataframe[0].value) == 3
    app.selectbox("source").select("words").run()
    assert "no ranking of this source by this method" in words(app)
    assert not app.dataframe


def test_an_address_names_source_and_method(open_app: Open, snapshots: Path) -> None:
    """A link opens the same ranking; a parameter that fits nothing falls back to the default."""
    app = open_app(snapshots, source="words", method="mean")
    assert (app.selectbox("source").value, app.selectbox("method").value) == ("words", "mean")
    assert "evalhub rank --source words --method mean" in [block.value for block in app.code]
    assert open_app(snapshots, source="'; DROP TABLE ranking").selectbox("source").value == ""


def test_an_empty_ranking_says_so(open_app: Open, snapshots: Path) -> None:
    """A source on which nothing was measured has a page, without a table."""
    app = open_app(snapshots, source="void", method="mean")
    assert "No model has been measured on these samples yet." in words(app)
    assert not app.dataframe


def test_about_names_everything_needed_to_judge_the_ranking(open_app: Open, snapshots: Path) -> None:
    """Ids, times, sizes, every column, and what the interval covers."""
    app = open_app(snapshots, method="mean")
    assert "About this ranking" in [box.label for box in app.expander]
    text = words(app)
    for fact in ("pool-mean-0123456789", "2026-11-03-a", "2026-11-03 09:30 UTC", "8 in 4 clusters"):
        assert fact in text
    for column in app.dataframe[0].value.columns:
        assert f"- **{column}**: " in text
    assert "in 95 of 100 cases" in text
    assert [block.value for block in app.code] == ["evalhub rank --method mean"]


def test_pass_rates_by_source_keep_the_order_of_the_ranking(open_app: Open, snapshots: Path) -> None:
    """One column per source; a model that was not measured there has no number."""
    rates = open_app(snapshots, method="mean").dataframe[1].value
    assert list(rates.columns) == ["model", "words"]
    assert list(rates["model"])[:3] == [ALPHA, GAMMA, BETA]
    assert rates["words"][0] == 0.52
    assert rates["words"].isna().tolist() == [False, True, False, True, False]


def test_downloads_hold_the_ranking_in_full_precision(open_app: Open, snapshots: Path) -> None:
    """CSV and Parquet name the ranking and keep every digit."""
    app = open_app(snapshots)
    assert [button.label for button in app.download_button] == ["CSV", "Parquet"] * 2
    connection = published(snapshots).connection
    rows = connection.sql("SELECT * EXCLUDE ranking_id FROM ranking_row WHERE ranking_id = 'words-mean'")
    ranking = {"ranking_id": "words-mean", "source": "words", "method": "mean", "level": 0.95}
    frame = as_download(pl.DataFrame(pl.from_arrow(rows.to_arrow_table())), ranking)
    again = pl.read_csv(io.StringIO(frame.write_csv()))
    assert again.select("ranking_id", "model", "score", "rank_low").row(0) == ("words-mean", ALPHA, 0.52, 1)


def test_ticking_a_row_opens_the_page_of_that_model(open_app: Open, snapshots: Path) -> None:
    """The row of a variant opens its model."""
    app = open_app(snapshots, method="mean")
    app.session_state["rows-pool-mean-0123456789"] = {"selection": {"rows": [3], "columns": [], "cells": []}}
    app.run()
    assert not app.exception
    assert app.query_params["model"] == ALPHA
    assert app.title[0].value == r"acme\/alpha\-7b"


def test_many_models(open_app: Open, tmp_path: Path) -> None:
    """Two hundred models are all in the table, and tie groups beyond z have letters too."""
    snapshot.write(tmp_path, many=200)
    table = open_app(tmp_path, method="mean").dataframe[0].value
    assert len(table) == 205
    assert {"z", "aa"} <= set(table["tie"])


def test_the_page_renders_alone(snapshots: Path) -> None:
    """A page is a function of a snapshot and of a way to leave for another page."""

    def page(folder: str) -> None:
        from pathlib import Path

        from app.snapshot import published
        from app.views.ranking import render

        render(published(Path(folder)), lambda *_: None)

    app = AppTest.from_function(page, args=(str(snapshots),), default_timeout=60).run()
    assert not app.exception
    assert app.selectbox("method").value == DEFAULT
    assert list(app.dataframe[0].value["model"]) == [ALPHA, GAMMA, BETA]


@pytest.mark.parametrize("coverage, note", [(0.8, ""), (0.79, "thin coverage")])
def test_where_coverage_counts_as_thin(coverage: float, note: str) -> None:
    """The mark begins below four fifths."""
    row = {
        "model": "m",
        "model_id": "m",
        "model_group": 1,
        "score": 0.5,
        "low": 0.4,
        "high": 0.6,
        "rank": 1,
        "rank_low": 1,
    }
    rows = pl.DataFrame([{**row, "rank_high": 2, "tie_group": 1, "samples": 9, "coverage": coverage}])
    assert as_table(rows)["note"].to_list() == [note]
