"""Which papers a window holds."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ingest.arxiv.errors import SourceDown
from ingest.arxiv.records import Found, Window
from ingest.arxiv.replay.faults import Fault
from ingest.arxiv.replay.server import Replay
from ingest.arxiv.search import query_of, search
from ingest.source import SourceError
from tests.arxiv.replays import JANUARY, FakeClock, client_of, folder_of, paper


def searched(tmp_path: Path, *papers: dict[str, Any], window: Window = JANUARY, **more: Any) -> list[Found]:
    with Replay(folder_of(tmp_path / "papers", *papers)) as replay:
        return search(client_of(replay, tmp_path / "cache", FakeClock()), window, **more)


def test_the_query_is_by_category_and_days() -> None:
    """The last day of the window is the one before `until`."""
    assert query_of(JANUARY) == ("(cat:cs.CL OR cat:hep-th) AND submittedDate:[202601010000 TO 202601312359]")


def test_the_window_is_half_open(tmp_path: Path) -> None:
    found = searched(
        tmp_path,
        paper("2512.00009", submitted="2025-12-31T23:59:59Z"),
        paper("2601.00001", submitted="2026-01-01T00:00:00Z"),
        paper("2602.00002", submitted="2026-01-31T23:59:59Z"),
        paper("2602.00003", submitted="2026-02-01T00:00:00Z"),
        paper("2602.00004", submitted="2026-02-01T01:00:00+03:00"),
    )
    assert [one.arxiv_id for one in found] == ["2601.00001", "2602.00002", "2602.00004"]


def test_all_of_a_paper_is_told(tmp_path: Path) -> None:
    """The version is the latest, and its date; an old identifier and a cross-listing are no trouble."""
    (found,) = searched(
        tmp_path,
        paper(
            "hep-th/9901001",
            title="On  $x < y$ &\n more",
            categories=["math.AG", "hep-th"],
            version=3,
            updated="2026-03-05T10:00:00Z",
        ),
    )
    assert found == Found(
        arxiv_id="hep-th/9901001",
        version="v3",
        title="On $x < y$ & more",
        first_published_at=date(2026, 1, 10),
        published_at=date(2026, 3, 5),
        categories=("math.AG", "hep-th"),
        withdrawn=False,
    )


def test_a_paper_in_two_categories_is_found_once(tmp_path: Path) -> None:
    assert len(searched(tmp_path, paper("2601.00001", categories=["hep-th", "cs.CL"]))) == 1


@pytest.mark.parametrize(
    ("told", "withdrawn"),
    [
        ({"comment": "This paper has been withdrawn by the author due to an error"}, True),
        ({"comment": "arXiv admin note: this submission has been withdrawn by arXiv administrators"}, True),
        ({"comment": "Withdrawn"}, True),
        ({"abstract": "This paper has been withdrawn."}, True),
        (
            {"comment": "12 pages", "abstract": "Drugs that were withdrawn from the market. This paper asks why."},
            False,
        ),
        ({"abstract": "We study when the paper money was withdrawn."}, False),
    ],
)
def test_withdrawn_papers_are_told_apart(tmp_path: Path, told: dict[str, str], withdrawn: bool) -> None:
    (found,) = searched(tmp_path, paper("2601.00001", **told))
    assert found.withdrawn == withdrawn


@pytest.mark.parametrize("page", [1, 3, 7, 2000])
def test_all_pages_are_read(tmp_path: Path, page: int) -> None:
    """In the same order, however many there are."""
    papers = [paper(f"2601.0000{number}", day=30 - number) for number in range(1, 8)]
    told: list[tuple[int, int]] = []
    found = searched(tmp_path, *papers, page=page, progress=lambda *args: told.append(args))
    assert [one.arxiv_id for one in found] == [f"2601.0000{number}" for number in range(7, 0, -1)]
    assert told[-1] == (7, 7)


def test_an_empty_page_before_the_end_is_asked_for_again(tmp_path: Path) -> None:
    papers = [paper(f"2601.0000{number}") for number in range(1, 8)]
    with Replay(folder_of(tmp_path / "papers", *papers), faults=[Fault(kind="empty", times=3)]) as replay:
        assert len(search(client_of(replay, tmp_path, FakeClock()), JANUARY, page=3)) == 7
        assert [asked.query["start"] for asked in replay.asked] == ["0", "0", "0", "0", "3", "6"]


def test_a_window_without_papers_is_empty(tmp_path: Path) -> None:
    assert searched(tmp_path) == []


def test_pages_that_do_not_add_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same page comes whatever is asked for."""
    papers = [paper(f"2601.0000{number}") for number in range(1, 8)]
    with Replay(folder_of(tmp_path / "papers", *papers)) as replay:
        answer = replay.answer
        monkeypatch.setattr(
            replay, "answer", lambda path, query, fault: answer(path, query | {"start": "0"}, fault)
        )
        with pytest.raises(SourceDown, match="there are 7 papers and lists 3"):
            search(client_of(replay, tmp_path, FakeClock()), JANUARY, page=3)


def test_an_error_of_arxiv_is_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Replay(folder_of(tmp_path / "papers")) as replay:
        whole = replay.answer
        monkeypatch.setattr(replay, "answer", lambda path, *_: whole(path, {}, None))
        with pytest.raises(SourceError, match="does not take the search: a replay answers"):
            search(client_of(replay, tmp_path, FakeClock()), JANUARY)
        assert len(replay.asked) == 1


def test_more_than_arxiv_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.arxiv.search._MOST", 3)
    with pytest.raises(SourceError, match="4 papers in the window, and arXiv lists 3 of a search: narrow it"):
        searched(tmp_path, *(paper(f"2601.0000{number}") for number in range(1, 5)))
