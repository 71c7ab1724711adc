"""Groups of a ranking on the board and the site."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import polars as pl

from app import queries
from app.groups import sections
from app.site.shown import model_file
from app.site.write import write_site
from app.snapshot import published
from evalhub.group_sections import ALONE, EACH, rank_range
from tests.app.conftest import open_page, words
from tests.app.snapshot import ALPHA, GAMMA, write

ROWS = pl.DataFrame({"model": ["a", "b", "c", "d", "e", "f"], "model_group": [1, 1, 2, 2, 3, 4]})
GROUPS = pl.DataFrame(
    {
        "model_group": [1, 2, 3, 4],
        "models": [2, 2, 1, 1],
        "unit": ["rate", "ability", "rate", "rate"],
        "sources": [["x", "y", "z", "w"], [], ["x"], ["x"]],
    }
)


def test_each_group_is_a_section_and_those_that_stand_alone_come_last() -> None:
    found = sections(GROUPS, ROWS)
    assert [(one.title, one.unit, one.rows["model"].to_list()) for one in found] == [
        ("Group 1 of 4: 2 models, measured on x, y, z, …", "rate", ["a", "b"]),
        ("Group 2 of 4: 2 models", "ability", ["c", "d"]),
        (ALONE + EACH, "rate", ["e", "f"]),
    ]


def test_one_group_needs_no_title_and_one_that_filters_empty_is_left_out() -> None:
    (whole,) = sections(GROUPS[:1], ROWS[:2])
    assert whole.title == "" and whole.rows.height == 2
    assert [one.rows["model"].to_list() for one in sections(GROUPS, ROWS[2:4])] == [["c", "d"]]


def test_a_snapshot_of_before_has_one_group(tmp_path: Path) -> None:
    path = write(tmp_path / "snapshots")
    with duckdb.connect(str(path)) as board:
        board.execute("DROP TABLE ranking_group; ALTER TABLE ranking_row DROP COLUMN model_group")
    shown = published(path.parent)
    ranking = queries.rankings(shown).row(0, named=True)
    rows = queries.ranking_rows(shown, ranking["ranking_id"])
    (whole,) = sections(queries.groups(shown, ranking["ranking_id"]), rows)
    assert whole.title == "" and whole.unit == ranking["unit"] and whole.rows.height == len(rows) > 2
    assert set(queries.places(shown, ALPHA)["unit"]) <= {"mean pass rate", "expected pass rate"}
    assert ALPHA in words(open_page("ranking", path.parent)) + str(
        open_page("ranking", path.parent).dataframe[0].value
    )


def test_who_is_beside_no_other_model_has_no_rank(tmp_path: Path) -> None:
    """On the board and in plain files."""
    path = write(tmp_path / "snapshots")
    with duckdb.connect(str(path)) as board:
        board.execute("UPDATE ranking_row SET model_group = 2 WHERE ranking_id = 'pool-bt' AND model = ?", [GAMMA])
        board.execute("INSERT INTO ranking_group VALUES ('pool-bt', 2, 1, 'odds', [])")
    app = open_page("ranking", path.parent)
    app.selectbox("group").select(1).run()
    assert app.dataframe[0].value["rank"].to_list() == ["–"]
    place = open_page("model", path.parent, model=GAMMA).dataframe[0].value
    assert place["rank"].to_list() == ["–"] and place["group"].to_list() == ["2 of 2"]
    assert "group" not in open_page("model", path.parent, model=GAMMA, method="mean").dataframe[0].value
    write_site(published(path.parent), tmp_path / "site")
    for page in ("index.html", model_file(GAMMA)):
        text = (tmp_path / "site" / page).read_text("utf-8")
        assert re.search("<td[^>]*>–</td>", text)
    assert (rank_range(1, 1, 1), rank_range(1, 1, 2), rank_range(1, 2, 2)) == ("–", "1", "1–2")
