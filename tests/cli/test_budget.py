"""`evalhub score --budget`: part of a pool is run, the whole of it is estimated."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import duckdb
import pytest

from evalhub.store.hub import Hub
from evalhub.store.samples import choose_samples, load_samples
from ingest.records import Model, Status
from tests.cli.helpers import evalhub
from tests.cli.test_killed import started
from tests.scoring.fakes import Fake
from tests.scoring.fakes import run as run_fake

ESTIMATE = {"rate", "low", "high", "samples", "observed", "method", "how", "saved", "cost", "groups"}


@pytest.fixture
def pool(hub_path: Path) -> Path:
    """A hub with 40 samples of two tags."""
    done = evalhub("ingest", "reasoning-gym", "-o", "generators=gcd,lcm", "-o", "size=20", "--hub", hub_path)
    assert done.code == 0, done.err
    return hub_path


def attempted(path: Path, model: str = "baseline:empty") -> set[str]:
    """Samples that the model has attempts on."""
    with duckdb.connect(str(path / "hub.duckdb"), read_only=True) as hub:
        rows = hub.execute("SELECT DISTINCT sample_id FROM attempt WHERE model_id = ?", [model]).fetchall()
    return {row[0] for row in rows}


def test_a_budget_gives_an_estimate_of_the_whole(pool: Path) -> None:
    """In JSON beside what scripts rely on, and as a table."""
    call = ("score", "baseline:random", "--budget", 10, "--max-attempts", 4, "--hub", pool)
    done = evalhub(*call, "--json")
    assert done.code == 0, done.err
    found = done.json
    assert found["pool"].keys() >= ESTIMATE
    assert (found["pool"]["samples"], found["pool"]["observed"], found["pool"]["method"]) == (40, 10, "plain")
    assert 0 <= found["pool"]["low"] <= found["pool"]["rate"] <= found["pool"]["high"] < 0.6
    assert found["pool"]["saved"] == pytest.approx(0.75)
    assert [(group["tag"], group["samples"], group["observed"]) for group in found["pool"]["groups"]] == [
        ("gcd", 20, 5),
        ("lcm", 20, 5),
    ]
    assert found["sources"][0]["samples"] == 10
    out = " ".join(evalhub(*call).out.split())
    assert "Estimate of what running every sample would give" in out and "all 40 10" in out
    assert "cost saved: about 75%" in out
    assert "pool" not in evalhub("score", "baseline:random", "--hub", pool, "--json").json


def test_a_larger_budget_builds_on_the_smaller(pool: Path) -> None:
    """And the same one again makes nothing."""
    sizes = []
    for budget in (6, 15, 15, 4, 100):
        done = evalhub("score", "baseline:empty", "--budget", budget, "--max-attempts", 2, "--hub", pool, "--json")
        assert done.code == 0, done.err
        sizes.append((len(attempted(pool)), done.json["pool"]["observed"], done.json["sources"][0]["samples"]))
    assert sizes == [(6, 6, 6), (15, 15, 15), (15, 15, 15), (15, 15, 4), (40, 40, 40)]
    assert done.json["pool"]["method"] == "all" and done.json["pool"]["saved"] is None


def test_limit_and_budget_together_are_a_wrong_call(hub_path: Path) -> None:
    """Before anything is made."""
    done = evalhub("score", "baseline:random", "--limit", 5, "--budget", 5, "--hub", hub_path)
    assert (done.code, done.out) == (2, "") and "give one of them" in done.err and not hub_path.exists()
    assert evalhub("score", "baseline:random", "--budget", 0, "--hub", hub_path).code == 2


def chosen(path: Path) -> list[str]:
    """Samples that were drawn, in order."""
    with duckdb.connect(str(path / "hub.duckdb"), read_only=True) as hub:
        return [row[0] for row in hub.execute("SELECT sample_id FROM choice ORDER BY place").fetchall()]


@pytest.mark.slow
def test_killed_and_started_again(tmp_path: Path) -> None:
    """The samples of the first start are run, though other models have shown more in between."""
    path, first = tmp_path / "hub", []
    assert evalhub("ingest", "easy-vqa", "--limit", 1500, "--hub", path).code == 0
    call = ("score", "baseline:empty", "--budget", 700, "--max-attempts", 40, "--hub", path)
    delay = 0.25
    while not first:
        with started(*call) as run:
            time.sleep(delay)
            run.send_signal(signal.SIGKILL)
            run.wait()
        first, delay = chosen(path), 2 * delay
    assert len(first) == 700
    with Hub(path) as hub:
        pool = load_samples(hub, choose_samples(hub))
        for number in range(6):
            other = Fake(answers=lambda asked: (asked.choices[0], Status.OK), capacity=2000)
            other.model = Model(model_id=f"other-{number}")
            run_fake(hub, other, pool, passes=1, max_attempts=1)
    done = evalhub(*call, "--json")
    assert done.code == 0, done.err
    assert chosen(path) == first and attempted(path) == set(first)
    assert done.json["pool"]["observed"] == 700 and done.json["pool"]["method"] == "completed"
