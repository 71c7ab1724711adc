"""Two models side by side: differences of what both have, their intervals, and where they disagree."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from app import pair_queries
from app.by_tag import NO_TAG, by_tag
from app.snapshot import published
from app.views import compare as view
from tests.app.conftest import Open, codes, open_page, words
from tests.app.pair_snapshot import EVIL, EVIL_TAG, FEW, GOOD, POOR


def compare(folder: Path, **parameters: str) -> AppTest:
    """The page alone, at an address."""
    return open_page("compare", folder, **parameters)


def test_it_asks_for_two_models(pair_snapshots: Path) -> None:
    """In the order of the ranking; none is chosen for the reader, and a model differs from itself in nothing."""
    app = compare(pair_snapshots)
    assert "Choose two different models." in words(app)
    assert set(app.selectbox("first").options) == {GOOD, POOR, EVIL, FEW}
    app.selectbox("first").select(GOOD)
    app.selectbox("second").select(GOOD).run()
    assert "Choose two different models." in words(app)
    app.selectbox("second").select(POOR).run()
    assert app.metric[0].value == "+24.4 points"


def test_the_difference_is_of_samples_that_both_have(pair_snapshots: Path) -> None:
    """19 of 78: what one of them lacks is left out, never wrong; the interval is by clusters."""
    app = compare(pair_snapshots, first=GOOD, second=POOR)
    text = words(app)
    assert app.metric[0].value == "+24.4 points"
    assert "pass rates **0.744** and **0.5** on **78 samples** in **39 clusters**" in text
    assert "1 of the first, 1 of the second. Missing is not wrong." in text
    assert "The first is better" in text
    assert "**62.2%** · 19 won, 59 tied, 0 lost of 78" in text
    turned = compare(pair_snapshots, first=POOR, second=GOOD)
    assert turned.metric[0].value == "−24.4 points" and "The second is better" in words(turned)


def test_models_that_are_alike_are_not_told_apart(pair_snapshots: Path) -> None:
    """No difference seen is no certainty, and there is no sample on which they disagree."""
    app = compare(pair_snapshots, first=EVIL, second=POOR)
    assert app.metric[0].value == "+0.0 points"
    assert "which one is better is not certain" in words(app)
    assert "There is no such sample." in words(app)


def test_tags_are_sorted_and_thin_ones_marked(pair_snapshots: Path) -> None:
    """A sample of two tags counts in both; a tag of one sample stands there with its width."""
    table = compare(pair_snapshots, first=GOOD, second=POOR).dataframe[0].value.set_index("tag")
    assert list(table.index) == [EVIL_TAG, "odd", "even"]
    assert list(table["difference"]) == pytest.approx([1, 19 / 39, 0])
    assert list(table["samples"]) == [1, 39, 39] and list(table["clusters"]) == [1, 39, 39]
    assert list(table["note"]) == ["thin", "", ""]
    assert table["low"][EVIL_TAG] < 0 < table["low"]["odd"]


def test_samples_without_a_tag_have_a_row() -> None:
    """And a tag that a sample names twice counts once."""
    both = pl.DataFrame(
        {
            "sample_id": ["a", "b"],
            "cluster": ["a", "b"],
            "tags": [["t", "t"], []],
            "first": [1.0, 0.5],
            "second": [0.0, 1.0],
        },
        schema_overrides={"tags": pl.List(pl.String)},
    )
    assert by_tag(both).select("tag", "difference", "samples").rows() == [("t", 1, 1), (NO_TAG, -0.5, 1)]


def test_who_does_better_chooses_the_samples(pair_snapshots: Path) -> None:
    """Those of the first, of the second; a link keeps the choice."""
    app = compare(pair_snapshots, first=GOOD, second=POOR, ahead="the first")
    table = app.dataframe[1].value
    assert len(table) == 19 and set(table["difference"]) == {1}
    app.selectbox("ahead").select("the second").run()
    assert "There is no such sample." in words(app)


def test_a_sample_shows_what_both_said(pair_snapshots: Path) -> None:
    """A tick opens it under the table, and the address keeps it."""
    sample = pair_queries.pass_rates(published(pair_snapshots), "", GOOD, POOR).filter(
        pl.col("source_id") == "s03"
    )
    sample_id = sample["sample_id"][0]
    app = compare(pair_snapshots, first=GOOD, second=POOR, sample=sample_id)
    assert [tab.label for tab in app.tabs] == [r"acme\/good", r"acme\/poor"]
    assert codes(app) == ["3", "yes", "yes", "3", "yes", "no"]
    assert app.query_params["sample"] == sample_id


def test_many_disagreements_have_pages(pair_snapshots: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them are reached, none twice; a link opens on the page of its sample."""
    monkeypatch.setattr(view, "PAGE", 10)
    app = compare(pair_snapshots, first=EVIL, second=GOOD)
    first = list(app.dataframe[1].value["id"])
    app.number_input[0].set_value(2).run()
    second = list(app.dataframe[1].value["id"])
    assert (len(first), len(second), len({*first, *second})) == (10, 9, 19)
    rates = pair_queries.pass_rates(published(pair_snapshots), "", EVIL, GOOD)
    sample_id = rates.filter(pl.col("source_id") == second[0])["sample_id"][0]
    linked = compare(pair_snapshots, first=EVIL, second=GOOD, sample=sample_id)
    assert linked.number_input[0].value == 2 and "/ " + second[0] in words(linked)


def test_hostile_names_are_text(pair_snapshots: Path) -> None:
    """In Markdown escaped, in selectors and tables as they are."""
    text = "\n".join(element.value for element in compare(pair_snapshots, first=EVIL, second=GOOD).markdown)
    assert "<b>" not in text.replace(r"\<b\>", "") and r"gamma\:red\[\<b\>x\<\/b\>\]" in text


def test_every_table_has_files_and_meanings(pair_snapshots: Path) -> None:
    """CSV and Parquet under each, and a line on each column."""
    app = compare(pair_snapshots, first=GOOD, second=POOR)
    assert [button.label for button in app.download_button] == ["CSV", "Parquet"] * 2
    text = words(app)
    for table in app.dataframe:
        for column in table.value.columns:
            assert f"- **{column}**: " in text


def test_values_are_those_of_the_ranking(pair_snapshots: Path) -> None:
    """Means over the samples of each model are what the ranking by mean says."""
    board = published(pair_snapshots)
    rates = pair_queries.pass_rates(board, "fake", GOOD, FEW)
    scores = dict(
        board.connection.execute(
            "SELECT model, score FROM ranking_row JOIN ranking USING (ranking_id) WHERE method = 'mean'"
        ).fetchall()
    )
    assert rates["first"].mean() == pytest.approx(scores[GOOD])
    assert rates["second"].mean() == pytest.approx(scores[FEW]) and rates["second"].count() == 5


def test_an_older_snapshot_says_what_to_run(snapshots: Path, open_app: Open) -> None:
    """It opens all the same, and its other pages stand."""
    assert "Run `evalhub publish` again." in words(compare(snapshots))
    assert not open_app(snapshots).error
