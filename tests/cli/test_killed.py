"""A run that is killed, again and again, ends as one that is left alone."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import time
from itertools import pairwise
from pathlib import Path
from shutil import copytree

import duckdb
import pytest

from tests.cli.helpers import evalhub, process

_LOOKED_AT = """
    (SELECT attempt.* EXCLUDE (made_at, seconds) FROM attempt
     JOIN measurement USING (model_id, condition_id, seed, sample_id)
     WHERE attempt < attempts + missing)
"""
"""Attempts that a measurement rests on; those made ahead of them depend on how far others were."""

TABLES = {
    "sample": "SELECT * EXCLUDE (added_at) FROM sample",
    "origin": "SELECT * FROM origin",
    "condition": "SELECT * FROM condition",
    "model": "SELECT * EXCLUDE (added_at) FROM model",
    "run": "SELECT * EXCLUDE (started_at, ended_at) FROM run",
    "measurement": "SELECT * EXCLUDE (measured_at) FROM measurement",
    "attempt": f"SELECT * FROM {_LOOKED_AT}",
    "verdict": f"SELECT DISTINCT verdict.* FROM verdict JOIN {_LOOKED_AT} USING (sample_id, output)",
}
"""What two hubs must agree on: all but times."""


def pool(path: Path, size: int) -> Path:
    """A hub with samples that take a few seconds to score."""
    done = evalhub("ingest", "easy-vqa", "--limit", size, "--hub", path)
    assert done.code == 0, done.err
    return path


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hub that no test changes: each runs on a copy."""
    return pool(tmp_path_factory.mktemp("filled") / "hub", 2000)


def content(path: Path, *tables: str) -> dict[str, list[tuple[object, ...]]]:
    """The rows of these tables, in order."""
    with duckdb.connect(str(path / "hub.duckdb"), read_only=True) as hub:
        return {table: hub.execute(f"FROM ({TABLES[table]}) ORDER BY ALL").fetchall() for table in tables}


def attempts(path: Path) -> dict[tuple[object, ...], tuple[object, ...]]:
    """Every attempt by its key."""
    with duckdb.connect(str(path / "hub.duckdb"), read_only=True) as hub:
        rows = hub.execute("SELECT * EXCLUDE (made_at, seconds) FROM attempt").fetchall()
    return {row[:5]: row for row in rows}


def started(*call: object, stdout: int = subprocess.DEVNULL) -> subprocess.Popen[str]:
    """A run that has begun to load its model."""
    run = process(*call, stdout=stdout, stderr=subprocess.PIPE)
    assert run.stderr
    while "loading" not in run.stderr.readline():
        assert run.poll() is None
    return run


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0, 3])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_run_with_its_state(
    filled: Path, tmp_path: Path, number: signal.Signals, seconds: int
) -> None:
    """Before the first attempt and later: JSON for programs, a line for people, the code that shells expect."""
    call = ("score", "baseline:random", "--passes", 900, "--max-attempts", 900, "--json")
    with started(*call, "--hub", copytree(filled, tmp_path / "hub"), stdout=subprocess.PIPE) as run:
        time.sleep(seconds)
        run.send_signal(number)
        out, err = run.communicate(timeout=60)
    assert run.returncode == 128 + number and json.loads(out)["interrupted"] is True
    assert err.splitlines()[-1].startswith("stopped; what was done is kept")


@pytest.mark.slow
def test_killed_six_times(filled: Path, tmp_path: Path) -> None:
    """At random moments: no attempt is lost or made twice, and what counts is the same to the last row."""
    dice = random.Random(20261124)
    call = ("score", "baseline:random", "--seed", 5, "--passes", 3, "--max-attempts", 30)
    whole, torn = (copytree(filled, tmp_path / name) for name in ("whole", "torn"))
    with started(*call, "--hub", whole) as run:
        began = time.monotonic()
        assert run.wait(300) == 0
        length = time.monotonic() - began
    made: list[dict[tuple[object, ...], tuple[object, ...]]] = []
    while len(made) < 6:
        with started(*call, "--hub", torn) as run:
            time.sleep(dice.uniform(0, length * (4 + len(made)) / 16))
            if run.poll() is not None:
                break
            run.send_signal(signal.SIGKILL)
            run.wait()
            made.append(attempts(torn))
    assert len(made) >= 4 and len(set(map(len, made))) > 2
    assert process(*call, "--hub", torn).wait(300) == 0
    made.append(attempts(torn))
    for before, after in pairwise(made):
        assert before.items() <= after.items(), "an attempt was lost or made anew"
    undisturbed = attempts(whole)
    assert all(made[-1][key] == undisturbed[key] for key in made[-1].keys() & undisturbed.keys())
    expected, found = content(whole, *TABLES), content(torn, *TABLES)
    for table in TABLES:
        assert expected[table] and found[table] == expected[table], table
    assert len(expected["measurement"]) == len(expected["sample"])
