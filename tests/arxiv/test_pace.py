"""One request in three seconds, over processes; nobody waits for ever."""

from __future__ import annotations

import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

from ingest.arxiv.errors import SourceDown
from ingest.arxiv.pace import LONGEST, SECONDS, Pace
from ingest.arxiv.replay.faults import Fault
from ingest.arxiv.replay.server import Replay
from tests.arxiv.replays import FakeClock, client_of, folder_of, paper


def test_turns_are_three_seconds_apart_whoever_takes_them(tmp_path: Path) -> None:
    """Also by objects that know nothing of each other."""
    clock = FakeClock()
    starts = []
    for _ in range(4):
        with Pace(tmp_path, clock=clock).turn():
            starts.append(clock.time)
            clock.time += 1.0
    assert [later - earlier for earlier, later in pairwise(starts)] == [SECONDS] * 3


def test_a_hold_is_for_all_and_the_longer_one_holds(tmp_path: Path) -> None:
    clock = FakeClock()
    start = clock.time
    Pace(tmp_path, clock=clock).hold(100.0)
    Pace(tmp_path, clock=clock).hold(10.0)
    with Pace(tmp_path, clock=clock).turn():
        assert clock.time == start + 100.0


def test_nobody_waits_for_long(tmp_path: Path) -> None:
    clock = FakeClock()
    pace = Pace(tmp_path, clock=clock)
    pace.hold(LONGEST + 60.0)
    with pytest.raises(SourceDown, match="not to be asked before 2026-02-02 "), pace.turn():
        pass
    clock.time += LONGEST + 60.0
    with pace.turn():
        assert not clock.slept


def test_a_clock_that_was_set_back_costs_no_more_than_was_meant(tmp_path: Path) -> None:
    clock = FakeClock()
    pace = Pace(tmp_path, clock=clock)
    pace.hold(30.0)
    clock.time -= 86_400.0
    with pace.turn():
        assert sum(clock.slept) == 30.0


def test_a_writer_that_was_killed_costs_one_turn(tmp_path: Path) -> None:
    clock = FakeClock()
    (tmp_path / "pace.json").write_text('{"written": 17')
    with Pace(tmp_path, clock=clock).turn():
        assert clock.slept == [SECONDS]


_FETCH = """
import sys
from pathlib import Path
from ingest.arxiv.addresses import addresses
from ingest.arxiv.client import Client
folder = Path(sys.argv[1])
client = Client(folder, at=addresses(sys.argv[2]), seconds=float(sys.argv[3]))
for _ in range(4):
    client.file("/pdf/2601.00001", folder / sys.argv[4], Path.exists)
"""


def two_processes(replay: Replay, folder: Path, seconds: float) -> None:
    """Both fetch four files as fast as they may."""
    both = [
        subprocess.Popen([sys.executable, "-c", _FETCH, str(folder), replay.url, str(seconds), name])
        for name in ("one", "other")
    ]
    assert [process.wait(60) for process in both] == [0, 0]
    assert len(replay.asked) == 8


@pytest.mark.slow
def test_two_processes_share_one_pace(tmp_path: Path) -> None:
    """Of 0.2 s, by the real clock."""
    with Replay(folder_of(tmp_path / "papers", paper("2601.00001"))) as replay:
        two_processes(replay, tmp_path / "cache", 0.2)
        times = [asked.at for asked in replay.asked]
    # Two that know nothing of each other would make these four gaps in half the time.
    assert min(later - earlier for earlier, later in zip(times, times[4:], strict=False)) > 0.6


@pytest.mark.slow
def test_two_processes_do_not_ask_at_the_same_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the pace would let them, and an answer takes its time."""
    with Replay(folder_of(tmp_path / "papers", paper("2601.00001"))) as replay:
        whole, busy, most = replay.answer, [0], [0]

        def answer(path: str, query: dict[str, str], fault: Fault | None) -> tuple[int, str, bytes]:
            busy[0] += 1
            most[0] = max(most[0], busy[0])
            time.sleep(0.1)
            busy[0] -= 1
            return whole(path, query, fault)

        monkeypatch.setattr(replay, "answer", answer)
        two_processes(replay, tmp_path / "cache", 0.0)
    assert most == [1]


def test_no_connection_stays_open(tmp_path: Path) -> None:
    """Another process may be next."""
    with Replay(folder_of(tmp_path / "papers", paper("2601.00001"))) as replay:
        client = client_of(replay, tmp_path / "cache", FakeClock())
        assert client.file("/pdf/2601.00001", tmp_path / "got", Path.exists)
        until = time.monotonic() + 10
        while replay.open and time.monotonic() < until:
            time.sleep(0.01)
        assert replay.open == 0
