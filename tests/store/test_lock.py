"""One writer at a time: the second one hears who the first one is, and a dead one holds nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from evalhub.errors import HubLocked
from evalhub.store.hub import Hub

HOLDER = """
import sys
from pathlib import Path
sys.argv = ["evalhub", "score", "some model"]
from evalhub.store.hub import Hub
hub = Hub(Path({path!r}))
{more}
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def holder(path: Path, more: str = "") -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the hub until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER.format(path=str(path), more=more)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin and process.stdout
    try:
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def test_the_second_writer_hears_who_the_first_one_is(hub_path: Path) -> None:
    """Its process and its command; and it leaves the first one's note where it is."""
    with holder(hub_path) as first:
        for _ in range(2):
            with pytest.raises(HubLocked) as caught:
                Hub(hub_path)
            assert f"process {first.pid} on " in str(caught.value)
            assert "`evalhub score some model`" in str(caught.value)


def test_a_killed_holder_holds_nothing(hub_path: Path) -> None:
    """The lock is free at once, and what it had not written whole is gone."""
    begun = "hub.database.execute('BEGIN'); hub.database.execute(\"INSERT INTO condition VALUES ('a', '', '{}')\")"
    with holder(hub_path, begun) as first:
        first.kill()
        first.wait()
        with Hub(hub_path) as hub:
            assert hub.database.execute("SELECT count(*) FROM condition").fetchall() == [(0,)]


def test_a_killed_holders_children_hold_nothing(hub_path: Path) -> None:
    """A child that outlives it does not keep the hub locked."""
    child = "import subprocess; child = subprocess.Popen(['sleep', '60']); print(child.pid, flush=True)"
    first = subprocess.Popen(
        [sys.executable, "-c", HOLDER.format(path=str(hub_path), more=child)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert first.stdout
    number = int(first.stdout.readline())
    try:
        first.kill()
        first.wait()
        with Hub(hub_path):
            os.kill(number, 0)  # it lives
    finally:
        os.kill(number, signal.SIGKILL)
        first.communicate()


def test_the_lock_ends_with_the_hub(hub_path: Path) -> None:
    """Also within one process, where a second Hub waits for nobody."""
    with Hub(hub_path), pytest.raises(HubLocked, match=f"process {os.getpid()} on"):
        Hub(hub_path)
    with Hub(hub_path):
        pass
    assert not (hub_path / "lock.json").exists()


@pytest.mark.parametrize("note", ["", "[]", "{}", "{half", "null"])
def test_an_unreadable_note_is_no_obstacle(hub_path: Path, note: str) -> None:
    """The message only names nobody."""
    with Hub(hub_path):
        (hub_path / "lock.json").write_text(note)
        with pytest.raises(HubLocked, match="another process"):
            Hub(hub_path)
