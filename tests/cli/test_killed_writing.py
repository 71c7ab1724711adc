"""Commands killed at a write, which is counted: the doctor finds nothing wrong, and the same command goes on."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from shutil import copytree

import polars as pl
import pytest

from benchmarks.crash.content import content, differing
from tests.cli.helpers import evalhub

_KILLED = """
import os, signal, sys
from evalhub.store.hub import Hub
whole, left = Hub.insert, int(sys.argv[1])
def insert(self, statement, given):
    global left
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1
    whole(self, statement, given)
Hub.insert = insert
from evalhub.cli import main
main(sys.argv[2:])
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a hub and logs."""
    folder = tmp_path_factory.mktemp("killed")
    evalhub("ingest", "easy-vqa", "--limit", 20, "--hub", folder / "hub")
    evalhub("score", "baseline:random", "--max-attempts", 2, "--hub", folder / "hub")
    (folder / "logs").mkdir()
    for number in (1, 2):
        rows = {
            "model": ["a", "b"] * 3,
            "sample": [f"{number}-{i // 2}" for i in range(6)],
            "value": [0.0, 1.0] * 3,
        }
        pl.DataFrame(rows).write_csv(folder / "logs" / f"{number}.csv")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "writes"),
    [
        (("import", "LOGS"), (6,)),
        (("publish",), (9,)),
    ],
    ids=["import", "publish"],
)
def test_killed_at_a_write(words: tuple[str, ...], writes: tuple[int, ...], place: Path, tmp_path: Path) -> None:
    """One after the other on one hub, which ends as one that was left alone."""
    whole, torn = (copytree(place / "hub", tmp_path / name) for name in ("whole", "torn"))
    command = [str(place / "logs") if word == "LOGS" else word for word in words]
    assert evalhub(*command, "--hub", whole).code == 0
    for number in writes:
        call = [sys.executable, "-c", _KILLED, str(number), *command, "--hub", str(torn)]
        # Whatever it has started ends with it, and lets its output go.
        killed = subprocess.run(call, capture_output=True, check=False, timeout=60)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert evalhub("doctor", "--json", "--hub", torn).json["sound"]
    assert evalhub(*command, "--hub", torn).code == 0
    assert differing(content(whole), content(torn)) == []
    evalhub("doctor", "--mend", "--hub", torn)
    assert {one["check"] for one in evalhub("doctor", "--json", "--hub", torn).json["findings"]} <= {"texts"}
