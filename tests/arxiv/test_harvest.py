"""Licences by OAI-PMH, with few requests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ingest.arxiv.errors import SourceDown
from ingest.arxiv.harvest import Licensed, licences
from ingest.arxiv.replay.faults import Fault
from ingest.arxiv.replay.server import Replay
from ingest.source import SourceError
from tests.arxiv.replays import BY, JANUARY, ONLY_ARXIV, FakeClock, client_of, folder_of, paper

TEN = [paper(f"2601.000{number}", day=10 + number % 7) for number in range(10, 20)]
IDS = {one["id"] for one in TEN}


def asked(
    tmp_path: Path, papers: list[dict[str, Any]], wanted: set[str], *faults: Fault, page: int = 1000
) -> tuple[dict[str, Licensed], list[str]]:
    """What is told, and the verbs of the requests that it took."""
    with Replay(folder_of(tmp_path / "papers", *papers), faults=faults, page=page) as replay:
        told = licences(client_of(replay, tmp_path / "cache", FakeClock()), JANUARY, wanted)
    return told, [one.query["verb"] for one in replay.asked]


def test_one_page_tells_of_many(tmp_path: Path) -> None:
    told, verbs = asked(tmp_path, TEN, IDS)
    assert told.keys() == IDS
    assert told["2601.00010"] == Licensed(licence="CC-BY-4.0", of=None)
    assert verbs == ["ListRecords"]


def test_one_paper_is_asked_for_by_name(tmp_path: Path) -> None:
    told, verbs = asked(tmp_path, TEN, {"2601.00012"})
    assert told.keys() == {"2601.00012"}
    assert verbs == ["GetRecord"]


def test_no_paper_takes_no_request(tmp_path: Path) -> None:
    assert asked(tmp_path, TEN, set()) == ({}, [])


def test_a_long_list_is_left_for_single_requests(tmp_path: Path) -> None:
    """Two papers among two hundred that changed later, ten a page: at most twice the two requests."""
    others = [paper(f"2603.{number:05d}", submitted="2026-03-01T00:00:00Z") for number in range(200)]
    late = [paper(f"2601.0000{number}", datestamp="2026-05-01") for number in (1, 2)]
    told, verbs = asked(tmp_path, others + late, {"2601.00001", "2601.00002"}, page=10)
    assert len(told) == 2
    assert verbs == ["ListRecords", "GetRecord", "GetRecord"]


@pytest.mark.parametrize("page", [1, 3, 10])
def test_pages_go_on_by_their_tokens(tmp_path: Path, page: int) -> None:
    told, _ = asked(tmp_path, TEN, IDS, page=page)
    assert told.keys() == IDS


def test_a_token_that_expired_costs_a_day_and_no_paper(tmp_path: Path) -> None:
    """The list goes on at the day where it broke off."""
    many = [paper(f"2601.{number:05d}", day=1 + number % 28) for number in range(200)]
    wanted = {one["id"] for one in many}
    with Replay(folder_of(tmp_path / "papers", *many), faults=[Fault(kind="expired")], page=50) as replay:
        told = licences(client_of(replay, tmp_path / "cache", FakeClock()), JANUARY, wanted)
    assert told.keys() == wanted
    starts = [one.query["from"] for one in replay.asked if "from" in one.query]
    assert starts == ["2026-01-01", "2026-01-07"]
    assert len(replay.asked) < 10


def test_tokens_that_always_expire(tmp_path: Path) -> None:
    many = [paper(f"2601.{number:05d}") for number in range(60)]
    with pytest.raises(SourceDown, match="list of cs:cs:CL breaks off again and again"):
        asked(tmp_path, many, {one["id"] for one in many}, Fault(kind="expired", times=99), page=1)


def test_deleted_and_unknown_records(tmp_path: Path) -> None:
    papers = [paper("2601.00001", deleted=True), paper("2601.00002", licence="")]
    told, _ = asked(tmp_path, papers, {"2601.00001", "2601.00002", "2601.00003"})
    assert told["2601.00001"].deleted
    assert told["2601.00002"].licence == ""
    assert "2601.00003" not in told


def test_every_category_has_its_set(tmp_path: Path) -> None:
    papers = [
        paper("hep-th/0601001", categories=["hep-th"], licence=ONLY_ARXIV),
        *(paper(f"hep-th/060100{number}", categories=["hep-th"]) for number in (2, 3, 4)),
        *TEN,
        paper("2601.09999", categories=["econ.EM"], licence=BY),
    ]
    told, verbs = asked(tmp_path, papers, {one["id"] for one in papers} - {"2601.09999"})
    assert len(told) == 14
    assert told["hep-th/0601001"].licence == "LicenseRef-arXiv-nonexclusive-distrib-1.0"
    assert "2601.09999" not in told
    assert verbs == ["ListRecords", "ListRecords"]


def test_an_error_of_the_protocol_is_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.arxiv.harvest._PREFIX", "marc")
    with pytest.raises(SourceError, match=r"\(cannotDisseminateFormat\): a replay knows the format arXiv"):
        asked(tmp_path, TEN, IDS)
