"""What goes wrong on the way, and what becomes of it."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from ingest.arxiv.addresses import ARXIV, addresses
from ingest.arxiv.client import Client
from ingest.arxiv.errors import SourceDown
from ingest.arxiv.pace import LONGEST
from ingest.arxiv.replay.faults import Fault
from ingest.arxiv.replay.server import Replay
from ingest.arxiv.search import search
from ingest.source import SourceError
from tests.arxiv.replays import JANUARY, FakeClock, client_of, folder_of, paper, paths


def searched(tmp_path: Path, *faults: Fault, **more: Any) -> tuple[list[str], Replay, FakeClock]:
    """What a search finds that has to live with faults."""
    clock = FakeClock()
    with Replay(folder_of(tmp_path / "papers", paper("2601.00001")), faults=faults) as replay:
        found = search(client_of(replay, tmp_path / "cache", clock, **more), JANUARY)
    return [one.arxiv_id for one in found], replay, clock


@pytest.mark.parametrize("kind", ["busy", "broken", "half", "short", "malformed", "page", "empty"])
def test_what_passes_is_tried_again(tmp_path: Path, kind: Any) -> None:
    """Twice here, with a longer wait before the third time."""
    found, replay, clock = searched(tmp_path, Fault(kind=kind, times=2))
    assert found == ["2601.00001"]
    assert len(replay.asked) == 3
    first, second = clock.slept
    assert 3.75 <= first <= 6.25
    assert 7.5 <= second <= 12.5


def test_an_answer_that_takes_too_long_in_all_is_tried_again(tmp_path: Path) -> None:
    """Though a byte comes every now and then."""
    found, replay, _ = searched(tmp_path, Fault(kind="drip", seconds=0.02), patience=(5.0, 0.3))
    assert found == ["2601.00001"]
    assert len(replay.asked) == 2


@pytest.mark.parametrize("kind", ["stall", "hang"])
def test_silence_is_tried_again(tmp_path: Path, kind: Any) -> None:
    found, replay, _ = searched(tmp_path, Fault(kind=kind), patience=(0.2, 5.0))
    assert found == ["2601.00001"]
    assert len(replay.asked) == 2


@pytest.mark.parametrize("kind", ["busy", "broken", "malformed", "page", "empty"])
def test_what_does_not_pass_is_a_source_that_is_down(tmp_path: Path, kind: Any) -> None:
    with pytest.raises(SourceDown, match="again and again"):
        searched(tmp_path, Fault(kind=kind, times=99))


def test_no_server_is_a_source_that_is_down(tmp_path: Path) -> None:
    with Replay(folder_of(tmp_path / "papers", paper("2601.00001"))) as replay:
        pass
    clock = FakeClock()
    with pytest.raises(SourceDown, match="no answer"):
        search(client_of(replay, tmp_path, clock), JANUARY)
    assert len(clock.slept) == 5


@pytest.mark.parametrize("said", ["77", "date"])
def test_retry_after_is_honoured(tmp_path: Path, said: str) -> None:
    """As seconds, and as a date of the server's clock."""
    if said == "date":
        said = format_datetime(datetime.fromtimestamp(FakeClock().time + 77, UTC), usegmt=True)
    found, _, clock = searched(tmp_path, Fault(kind="busy", said=said))
    assert found == ["2601.00001"]
    assert clock.slept == [77.0]


def test_a_long_retry_after_ends_it_and_holds_for_the_next_run(tmp_path: Path) -> None:
    clock = FakeClock()
    fault = Fault(kind="busy", said=str(int(LONGEST) + 1))
    with Replay(folder_of(tmp_path / "papers", paper("2601.00001")), faults=[fault]) as replay:
        for _ in range(2):
            with pytest.raises(SourceDown, match="not to be asked before"):
                search(client_of(replay, tmp_path / "cache", clock), JANUARY)
        assert len(replay.asked) == 1
        clock.time += LONGEST + 2
        assert search(client_of(replay, tmp_path / "cache", clock), JANUARY)


def test_denied_access_is_asked_for_no_further(tmp_path: Path) -> None:
    clock = FakeClock()
    with Replay(folder_of(tmp_path / "papers"), faults=[Fault(kind="denied")]) as replay:
        with pytest.raises(SourceDown, match="access denied"):
            search(client_of(replay, tmp_path / "cache", clock), JANUARY)
        with pytest.raises(SourceDown, match="not to be asked before"):
            search(client_of(replay, tmp_path / "cache", clock), JANUARY)
        assert len(replay.asked) == 1


def test_a_redirect_takes_a_turn(tmp_path: Path) -> None:
    clock = FakeClock()
    with Replay(folder_of(tmp_path / "papers", paper("2601.00001"))) as replay:
        client = client_of(replay, tmp_path / "cache", clock)
        replay.faults.add(Fault(kind="redirect", said="/pdf/2601.00001v1"))
        assert client.file("/pdf/2601.00001", tmp_path / "got", Path.exists)
        assert paths(replay) == ["/pdf/2601.00001", "/pdf/2601.00001v1"]
        assert clock.slept == [3.0]


@pytest.mark.parametrize(
    "to", ["http://example.org/", "//example.org/x", "ftp://127.0.0.1/", "file:///etc/passwd"]
)
def test_a_redirect_elsewhere_is_not_followed(tmp_path: Path, to: str) -> None:
    with pytest.raises(SourceError, match="which is not arXiv; not followed"):
        searched(tmp_path, Fault(kind="redirect", said=to))


def test_redirects_without_end(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="redirected more than 5 times"):
        searched(tmp_path, Fault(kind="redirect", said="/api/query", times=99))


def test_arxiv_itself_is_asked_in_three_seconds_and_over_https() -> None:
    assert not ARXIV.local
    assert all(address.startswith("https://") for address in (ARXIV.search, ARXIV.oai, ARXIV.files))


def test_the_address_comes_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Replay(folder_of(tmp_path / "papers", paper("2601.00001"))) as replay:
        monkeypatch.setenv("EVALHUB_ARXIV", replay.url + "/")
        assert search(Client(tmp_path / "cache"), JANUARY)
    monkeypatch.setenv("EVALHUB_ARXIV", "localhost:80")
    with pytest.raises(SourceError, match="EVALHUB_ARXIV"):
        Client(tmp_path / "cache")
    monkeypatch.delenv("EVALHUB_ARXIV")
    assert addresses() is ARXIV


def test_who_asks_is_said(tmp_path: Path) -> None:
    _, replay, _ = searched(tmp_path, contact="me@example.org")
    assert replay.asked[0].agent.startswith("evalhub")
    assert replay.asked[0].agent.endswith("(me@example.org)")
    with pytest.raises(SourceError, match="as contact"):
        Client(tmp_path, contact="me\r\nX: y")


@pytest.mark.parametrize(
    "inside",
    [
        '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
        '<!DOCTYPE a SYSTEM "http://127.0.0.1/a.dtd"><a/>',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    ],
)
def test_xml_with_a_document_type_is_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inside: str
) -> None:
    with Replay(folder_of(tmp_path / "papers")) as replay:
        monkeypatch.setattr(replay, "answer", lambda *_: (200, "text/xml", inside.encode()))
        with pytest.raises(SourceError, match="declares a document type or entities") as refused:
            search(client_of(replay, tmp_path / "cache", FakeClock()), JANUARY)
        assert not isinstance(refused.value, SourceDown)
        assert len(replay.asked) == 1


def test_xml_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.arxiv.answers.MOST_XML", 100_000)
    with Replay(folder_of(tmp_path / "papers")) as replay:
        monkeypatch.setattr(replay, "answer", lambda *_: (200, "text/xml", b"<a>" + b" " * 100_001))
        with pytest.raises(SourceError, match="no page of records is as large as that"):
            search(client_of(replay, tmp_path / "cache", FakeClock()), JANUARY)


def test_a_server_on_this_machine_is_not_spared(tmp_path: Path) -> None:
    """So that a rehearsal takes no time; it can ask for some."""
    clock = FakeClock()
    faults = [Fault(kind="busy", times=3), Fault(kind="busy", said="9")]
    with Replay(folder_of(tmp_path / "papers", paper("2601.00001")), faults=faults) as replay:
        assert search(Client(tmp_path / "cache", at=addresses(replay.url), clock=clock), JANUARY)
    assert clock.slept == [9.0]
