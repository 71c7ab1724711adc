"""The board as plain files: whole, linked, and harmless whatever names say."""

from __future__ import annotations

import json
import re
import shutil
from html.parser import HTMLParser
from math import inf
from pathlib import Path

import duckdb
import polars as pl
import pytest

from app import queries
from app.site.__main__ import main
from app.site.shown import ranking_file, ranking_rows, slug, wins_file
from app.site.write import write_site
from app.snapshot import published
from evalhub.exports.target import MARK
from evalhub.wording import with_interval
from tests.app import live_hub, snapshot
from tests.app.pair_snapshot import GOOD
from tests.app.screenshot import chromium, look, why_not
from tests.app.snapshot import ALPHA, BETA, GAMMA
from tests.cli.helpers import evalhub


class Page(HTMLParser):
    """What a browser would find in a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.scripts: list[str | None] = []
        self.images = 0
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = dict(attributes)
        assert not any(name.startswith("on") for name in found)
        if tag in ("a", "link"):
            self.links.append(found.get("href") or "")
        self.images += tag in ("img", "iframe", "object", "form")
        if tag == "script":
            self.scripts.append(found.get("src"))

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.fixture
def site(snapshots: Path, tmp_path: Path) -> Path:
    """The site of a snapshot whose models, samples and warnings were named by somebody hostile."""
    write_site(published(snapshots), tmp_path / "site")
    return tmp_path / "site"


def test_every_link_leads_to_a_file_of_the_site_and_nothing_else_is_loaded(site: Path) -> None:
    pages = sorted(site.glob("*.html"))
    assert {"index.html", "about.html", "frontier.html"} <= {page.name for page in pages}
    for path in pages:
        page = Page(path.read_text("utf-8"))
        assert page.scripts == ["sort.js"] and not page.images
        for link in page.links:
            assert link.startswith(("data:,", "#")) or (site / link).is_file(), (path.name, link)
        assert "default-src 'none'" in path.read_text("utf-8")


def test_what_others_wrote_is_text(site: Path) -> None:
    """Shown to the character, but for what a terminal or a reader's eye would obey."""
    texts = {path.name: path.read_text("utf-8") for path in site.glob("*.html")}
    for text in texts.values():
        assert "<script>alert" not in text and not re.search("[\x00-\x08\x1b\u202e]", text)


def test_the_first_page_is_the_ranking_and_the_files_hold_it(site: Path, snapshots: Path) -> None:
    first = Page((site / "index.html").read_text("utf-8"))
    rows = pl.read_parquet(site / "data/ranking-index.parquet")
    assert rows.height and set(rows["method"]) == {"auto"}
    assert pl.read_csv(site / "data/ranking-index.csv").height == rows.height
    for row in rows.iter_rows(named=True):
        assert with_interval(row["score"], row["low"], row["high"])[0] in first.words
    assert "evalhub rank --method auto" in first.words
    assert "7.24B" in first.words and "2026-03-01" in first.words and "None" not in first.words
    assert published(snapshots).snapshot_id in first.words


def test_one_row_that_knows_nothing_squeezes_no_other(snapshots: Path) -> None:
    """Its bar is cut and marked, where its numbers are whole."""
    shown = published(snapshots)
    rows = queries.ranking_rows(shown, queries.rankings(shown)["ranking_id"][0])
    place = pl.int_range(rows.height * 5) % 10
    rows = pl.concat([rows] * 5).with_columns(score=place, low=place - 0.5, high=place + 0.5)
    wide = rows[:1].with_columns(score=pl.lit(5.2), low=pl.lit(-300.4), high=pl.lit(inf))
    *most, last = ranking_rows(pl.concat([rows, wide], how="vertical_relaxed"))
    assert {row["wide"] for row in most} == {10.0} and not any(row["cut"] for row in most)
    assert (last["low"], last["high"], last["cut"]) == ("-300", "", ["low", "high"])
    assert last["wide"] == 100


@pytest.mark.slow
@pytest.mark.skipif(bool(why_not()), reason=why_not() or "a browser is here")
def test_a_long_ranking_fits_a_window_and_scrolls_in_its_own_box(tmp_path: Path) -> None:
    """Columns that say nothing of any model are left out, and the heads stay in sight."""
    snapshot.write(tmp_path / "snapshots", many=60)
    write_site(published(tmp_path / "snapshots"), tmp_path / "site")
    with chromium() as browser:
        look(browser, 1300, 900)
        browser.get((tmp_path / "site" / ranking_file("", "mean")).as_uri())
        box = "const box = document.querySelector('.wide');"
        wide, room, long, high = browser.execute_script(
            f"{box} return [box.scrollWidth, box.clientWidth, box.scrollHeight, box.clientHeight]"
        )
        assert wide <= room and long > high <= 900
        assert browser.execute_script("return document.documentElement.scrollWidth") <= 1300
        top = browser.execute_script(
            f"{box} box.scrollTo(0, 500); return box.querySelector('thead th').getBoundingClientRect().top"
            " - box.getBoundingClientRect().top"
        )
        assert top == pytest.approx(0, abs=1)
        heads = browser.execute_script("return [...document.querySelectorAll('thead th')].map(e => e.innerText)")
    assert "note" in heads and "cost" not in heads


@pytest.fixture
def many_wins(pair_snapshots: Path, tmp_path: Path) -> Path:
    """The site of a snapshot where 44 models were compared, and one is ranked that was not."""
    folder = shutil.copytree(pair_snapshots, tmp_path / "snapshots")
    (path,) = folder.glob("*.duckdb")
    with duckdb.connect(str(path)) as board:
        board.execute(
            "INSERT INTO pair_wins SELECT '', 'a model of a long name ' || i, ?, 78, 70, 2 FROM range(40) t(i)",
            [GOOD],
        )
        lone = "SELECT * REPLACE ('alone' AS model) FROM ranking_row WHERE model = ?"
        board.execute(f"INSERT INTO ranking_row {lone}", [GOOD])
    write_site(published(folder), tmp_path / "site")
    return tmp_path / "site"


def test_the_numbers_of_win_rates_add_up(many_wins: Path) -> None:
    page = Page((many_wins / wins_file("")).read_text("utf-8"))
    assert "30 of 44 models are shown" in page.words and "have no win rate: 1." in page.words
    wins = pl.read_parquet(many_wins / "data" / f"{Path(wins_file('')).stem}.parquet")
    assert wins["model"].n_unique() == 44


@pytest.mark.slow
@pytest.mark.skipif(bool(why_not()), reason=why_not() or "a browser is here")
def test_a_map_of_win_rates_fits_a_window(many_wins: Path) -> None:
    with chromium() as browser:
        look(browser, 1300, 900)
        browser.get((many_wins / wins_file("")).as_uri())
        box = "const box = document.querySelector('.wide');"
        wide, room = browser.execute_script(f"{box} return [box.scrollWidth, box.clientWidth]")
        assert wide <= room


def test_names_of_files_are_plain_and_differ(site: Path) -> None:
    assert slug("a/b") != slug("a b") and re.fullmatch(r"[a-z0-9-]+", slug("../<ü>/$(rm)\n"))
    assert ranking_file("", "auto") == "index.html" != ranking_file("", "mean")
    assert all(re.fullmatch(r"[a-z0-9-]+\.html", page.name) for page in site.glob("*.html"))


def test_the_frontier_has_every_group_of_which_something_is_known(tmp_path: Path) -> None:
    """The others are counted, and stand in the files with their groups."""
    path = snapshot.write(tmp_path / "snapshots")
    with duckdb.connect(str(path)) as board:
        board.execute("UPDATE ranking_row SET model_group = 2 WHERE ranking_id = 'pool-bt' AND model = ?", [BETA])
        board.execute("UPDATE ranking_row SET model_group = 3 WHERE ranking_id = 'pool-bt' AND model = ?", [GAMMA])
        board.execute(
            "INSERT INTO ranking_group VALUES ('pool-bt', 2, 1, 'ability', []), ('pool-bt', 3, 1, 'odds', [])"
        )
    write_site(published(path.parent), tmp_path / "site")
    page = Page((tmp_path / "site/frontier.html").read_text("utf-8"))
    assert ALPHA in page.words and BETA in page.words and GAMMA not in page.words
    assert "A score is: ability." in page.words and "any model of their groups takes: 1 model." in page.words
    rows = pl.read_csv(tmp_path / "site/data/frontier.csv")
    assert dict(rows.select("model_group", "unit").rows()) == {1: "expected pass rate", 2: "ability", 3: "odds"}


def test_an_older_snapshot_has_a_smaller_site(tmp_path: Path) -> None:
    """Without wins by pair and live releases."""
    snapshot.write(tmp_path / "snapshots")
    pages = write_site(published(tmp_path / "snapshots"), tmp_path / "site")
    assert pages == len(list((tmp_path / "site").glob("*.html")))
    assert not (tmp_path / "site/live.html").exists()


def test_what_cannot_be_written_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "snapshots").mkdir()
    (tmp_path / "snapshots/current").write_text("../elsewhere")
    assert main(["--snapshots", str(tmp_path / "snapshots"), str(tmp_path / "site")]) == 1
    said = capsys.readouterr()
    assert said.err.count("\n") == 1 and not said.out and not (tmp_path / "site").exists()


@pytest.mark.slow
def test_publish_writes_it_with_live_releases(tmp_path: Path) -> None:
    """And never over what is not its own."""
    hub = tmp_path / "hub"
    live_hub.published(hub)
    other = tmp_path / "mine"
    other.mkdir()
    (other / "thesis.tex").touch()
    refused = evalhub("publish", "--site", other, "--hub", hub)
    assert refused.code == 1 and "holds other files" in refused.err and (other / "thesis.tex").exists()
    site = tmp_path / "site"
    done = evalhub("publish", "--site", site, "--json", "--hub", hub)
    assert done.code == 0 and done.json["pages"] == len(list(site.glob("*.html")))
    assert not any(live_hub.SECRET.encode() in file.read_bytes() for file in site.rglob("*") if file.is_file())
    page = (site / "live.html").read_text("utf-8")
    assert "Models on one scale" in page and live_hub.ATTACK not in page
    assert evalhub("publish", "--site", site, "--hub", hub).code == 1
    (site / ".git").mkdir()
    for name in ("CNAME", ".git/HEAD"):
        (site / name).write_text("mine")
    (site / MARK).write_text(json.dumps([*json.loads((site / MARK).read_text()), "old.html"]))
    shutil.copy(site / "live.html", site / "old.html")
    assert evalhub("publish", "--site", site, "--force", "--hub", hub).code == 0
    assert (site / "CNAME").read_text() == (site / ".git/HEAD").read_text() == "mine"
    assert not (site / "old.html").exists()
    assert evalhub("publish", "--force", "--hub", hub).code == 2
