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
from ingest.arxiv.replay.server import Replay
from tests.arxiv.replays import FakeClock, folder_of, paper


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


def test_two_processes_share_one_pace_and_one_connection(tmp_path: Path) -> None:
    """Both fetch as fast as they may, at a pace of 0.2 s by the real clock."""
    code = (
        "import sys; from pathlib import Path; from ingest.arxiv.addresses import addresses\n"
        "from ingest.arxiv.client import Client\n"
        "folder = Path(sys.argv[1])\n"
        "client = Client(folder, at=addresses(sys.argv[2]), seconds=0.2)\n"
        "for _ in range(4): client.file('/pdf/2601.00001', folder / sys.argv[3], Path.exists)\n"
    )
    with Replay(folder_of(tmp_path / "papers", paper("2601.00001"))) as replay:
        began = time.monotonic()
        both = [
            subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "cache"), replay.url, name])
            for name in ("one", "other")
        ]
        assert [process.wait(60) for process in both] == [0, 0]
        assert time.monotonic() - began > 7 * 0.2
        times = [asked.at for asked in replay.asked]
        assert len(times) == 8
        # Two that know nothing of each other would make these four gaps in half the time.
        assert min(later - earlier for earlier, later in zip(times, times[4:], strict=False)) > 0.6
        assert replay.most_at_once == 1
