"""The page of live releases: one scale, alarms, what was removed, what is due, and text that stays text."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from app.views import live
from evalhub.store.hub import Hub
from evalhub.store.refresh_stages import STAGES, begin, end
from evalhub.store.snapshot import folder, publish
from tests.app import live_hub
from tests.app.conftest import codes, open_page, words
from tests.app.live_hub import EASY, HARD, NEXT, PRIVATE, SECRET

TODAY = date(2026, 11, 4)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Snapshots of a hub with three releases."""
    return live_hub.published(tmp_path_factory.mktemp("live") / "hub")


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    """A day on which October is due, and not late."""
    monkeypatch.setattr(live, "_today", lambda: TODAY)


def open_live(folder: Path, **parameters: str) -> AppTest:
    """The page alone, at an address."""
    return open_page("live", folder, **parameters)


def test_a_harder_month_does_not_move_a_model_on_the_scale(published: Path) -> None:
    """As measured both lose 12 of 20; with that taken out they score in August what they do in September."""
    table = open_live(published).dataframe[0].value.set_index(["release", "model"])
    assert table.loc[(EASY, "alpha"), "pass rate"] == pytest.approx(0.9)
    assert table.loc[(HARD, "alpha"), "pass rate"] == pytest.approx(0.3)
    for month in (EASY, HARD, PRIVATE):
        row = table.loc[(month, "alpha")]
        assert row["anchored"] == pytest.approx(0.5) and row["samples"] == 20
        assert row["anchored low"] < row["anchored"] < row["anchored high"]
    newest = table.loc[(PRIVATE, "alpha")]
    assert newest[["anchored low", "anchored high"]].tolist() == pytest.approx(newest[["low", "high"]].tolist())


def test_the_alarm_names_the_harder_month(published: Path) -> None:
    """With the change and the number of models behind it."""
    app = open_live(published)
    assert f"{HARD} is harder than {EASY}**: 2 models run on both changed by -0.600" in words(app)
    changes = app.dataframe[1].value
    assert list(changes["to"]) == [HARD, PRIVATE] and list(changes["models"]) == [2, 1]
    assert changes["alarm"][0] == "yes" and changes["p"][0] < 0.05


def test_removed_questions_are_counted_by_filter_and_month(published: Path) -> None:
    """They themselves are not in the snapshot, nor is what was wrong with those of a private release."""
    removed = open_live(published).dataframe[2].value.set_index(["filter", "reason"])
    told = removed.loc[("blind", "right without the picture")]
    assert told[[EASY, HARD, PRIVATE]].tolist() == [1, 2, 0]
    assert removed.loc[("blind", live.UNTOLD), PRIVATE] == 1
    (path,) = published.glob("*.duckdb")
    with duckdb.connect(str(path), read_only=True) as board:
        columns = {row[0] for row in board.execute("DESCRIBE removed_count").fetchall()}
    assert columns == {"release", "filter", "reason", "questions"}


@pytest.mark.parametrize("day, late", [(TODAY, ""), (date(2026, 11, 20), "17 days ago")])
def test_lateness_is_that_of_the_day_it_is_read(
    published: Path, monkeypatch: pytest.MonkeyPatch, day: date, late: str
) -> None:
    """One snapshot, two readers; the month whose refresh published this very snapshot is whole."""
    monkeypatch.setattr(live, "_today", lambda: day)
    app = open_live(published)
    assert [(one.label, one.value) for one in app.metric] == [("Last refresh", HARD), ("Next due", "2026-11-03")]
    assert bool(app.error) == bool(late)
    assert late in words(app)


def test_a_month_that_was_left_out_is_late_too(tmp_path: Path) -> None:
    """However new the newest one is."""
    with Hub(tmp_path / "hub") as hub:
        for month in (EASY, PRIVATE):
            for stage in STAGES:
                begin(hub, month, stage)
                end(hub, month, stage, "done", {})
        publish(hub)
    (said,) = open_live(folder(tmp_path / "hub")).error
    assert f"Left out: {HARD}." in said.value


def test_a_stage_that_failed_says_why(published: Path) -> None:
    """Without the address of the server; of a private release it is told where to ask."""
    text = words(open_live(published))
    assert f"**{NEXT}**, stage collect" in text and "failed: openai:m is down" in text
    assert "10.0.0.7" not in text
    assert f"**{PRIVATE}**, stage score" in text and "failed: evalhub schedule status says why" in text


def test_nothing_is_markup_and_nothing_private_is_there(published: Path) -> None:
    """Reasons and errors come as their characters; no address of a server, and of a private release its name,
    numbers and hash: nothing else is anywhere in the file."""
    app = open_live(published)
    assert not app.get("html")
    for element in (*app.markdown, *app.warning, *app.caption):
        assert "<script>" not in element.value and "![i](" not in element.value
    assert any('"openai:writer"' in code for code in codes(app))
    (path,) = published.glob("*.duckdb")
    with duckdb.connect(str(path), read_only=True) as board:
        kept = board.execute("SELECT release, count(*) FROM release_question GROUP BY 1 ORDER BY 1").fetchall()
        assert kept == [(EASY, 20), (HARD, 20)]
        shown = board.execute("SELECT release, private, questions, papers, removed FROM release").fetchall()
        assert (PRIVATE, True, 20, 10, 2) in shown and (HARD, False, 20, 10, 3) in shown
        for (table,) in board.execute("SELECT table_name FROM duckdb_tables()").fetchall():
            for said in (SECRET, "10.0.0.7", "arXiv:2610"):
                found = board.execute(f"SELECT count(*) FROM {table} AS t WHERE contains(t::VARCHAR, ?)", [said])
                assert found.fetchall() == [(0,)], (table, said)
    assert not any(said in path.read_bytes() for said in (SECRET.encode(), b"10.0.0.7", b"arXiv:2610"))


def test_the_scale_and_the_models_are_in_the_address(published: Path) -> None:
    """A link shows the same."""
    app = open_live(published, scale="as measured", models="beta")
    assert app.radio("scale").value == "as measured" and app.multiselect("models").value == ["beta"]
    app.multiselect("models").set_value([]).run()
    assert "Choose a model, or" in words(app) and not app.exception


def test_older_snapshots_and_hubs_without_releases_say_what_to_run(snapshots: Path, tmp_path: Path) -> None:
    """Neither is an error."""
    assert "Publish again with `evalhub publish`." in words(open_live(snapshots))
    with Hub(tmp_path / "hub") as hub:
        publish(hub)
    app = open_live(folder(tmp_path / "hub"))
    assert "There is no live release yet." in words(app)
    assert "evalhub refresh" in codes(app)[0]
