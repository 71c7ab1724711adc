"""`evalhub score`, `rank` and `publish` on a hub."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from evalhub.store import snapshot
from evalhub.store.hub import Hub
from evalhub.store.results import start_run
from tests.cli.helpers import evalhub

PART = {"source", "samples", "attempts", "passes", "rate", "low", "high"}
ROW = {"model", "score", "low", "high", "rank", "rank_low", "rank_high", "samples", "coverage"}


@pytest.fixture
def pool(hub_path: Path) -> Path:
    """A hub with a few samples that need no sandbox."""
    done = evalhub("ingest", "reasoning-gym", "-o", "generators=gcd,lcm", "-o", "size=4", "--hub", hub_path)
    assert done.code == 0, done.err
    return hub_path


def test_score_prints_json_alone(pool: Path) -> None:
    """With the fields that scripts rely on; progress goes to stderr."""
    done = evalhub("score", "baseline:empty", "--max-attempts", 3, "--json", "--hub", pool)
    assert done.code == 0, done.err
    found = done.json
    assert found.keys() >= {"model", "run", "sources"} and found["model"] == "baseline:empty"
    (part,) = found["sources"]
    assert part.keys() >= PART
    assert {name: part[name] for name in ("source", "samples", "attempts", "passes", "rate")} == {
        "source": "reasoning-gym",
        "samples": 8,
        "attempts": 24,
        "passes": 0,
        "rate": 0.0,
    }
    assert 0 < part["high"] < 1 and [tag["tag"] for tag in part["tags"]] == ["gcd", "lcm"]
    assert found["ranking"]["models"][-1].keys() >= ROW
    assert {row["model"] for row in found["ranking"]["models"]} == {"baseline:empty", "baseline:random"}
    assert "loading baseline:empty" in done.err


def test_score_for_people(pool: Path) -> None:
    """Tables on stdout; a second run makes no new attempts and gives the same numbers."""
    first = evalhub("score", "baseline:random", "--hub", pool)
    assert first.code == 0 and "reasoning-gym" in first.out and "Ranking" in first.out
    second = evalhub("score", "baseline:random", "--hub", pool)
    assert second.out == first.out
    assert "going on with" in second.err


def test_an_empty_pool_gets_the_starter_samples(hub_path: Path) -> None:
    """Once."""
    for limit in (2, 1):
        done = evalhub(
            "score", "baseline:random", "--limit", limit, "--max-attempts", 1, "--json", "--hub", hub_path
        )
        assert done.code == 0, done.err
        assert ("filling the empty pool" in done.err) is (limit == 2)
    pool = evalhub("sources", "--json", "--hub", hub_path).json["pool"]
    assert pool == [{"source": "human-eval", "samples": 16}, {"source": "reasoning-gym", "samples": 96}]


def test_a_limit_counts_for_each_source(pool: Path) -> None:
    """And is spread over its tags."""
    done = evalhub("score", "baseline:random", "--limit", 2, "--max-attempts", 2, "--json", "--hub", pool)
    assert [(tag["tag"], tag["samples"]) for tag in done.json["sources"][0]["tags"]] == [("gcd", 1), ("lcm", 1)]


def test_a_source_and_overrides(pool: Path) -> None:
    """Only its samples; temperature 0 makes one attempt, but a baseline has no temperature."""
    evalhub("ingest", "easy-vqa", "--limit", 3, "--hub", pool)
    call = ("score", "baseline:random", "--source", "easy-vqa", "--temperature", 0, "--hub", pool)
    done = evalhub(*call, "--json")
    (part,) = done.json["sources"]
    assert (part["source"], part["samples"]) == ("easy-vqa", 3) and part["attempts"] > 3
    said = "temperature 0 gives the same output every time"
    assert said not in evalhub(*call).err
    assert said in evalhub("score", "./absent.gguf", "--temperature", 0, "--hub", pool).err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["baseline:nonsense"], "unknown baseline 'baseline:nonsense': there are baseline:random"),
        (["baseline:random", "--source", "nowhere"], "the pool has no source 'nowhere'; it has reasoning-gym"),
        (["recorded:"], "recorded:FILE is a source of samples: evalhub score replay:FILE runs"),
        (["replay:"], "name the file of recorded attempts: replay:FILE"),
        (["/no/such/folder"], ""),
        (["./absent.gguf"], ""),
    ],
)
def test_what_cannot_be_scored(pool: Path, arguments: list[str], message: str) -> None:
    """One line, exit code 1, and no run in the hub."""
    done = evalhub("score", *arguments, "--json", "--hub", pool)
    assert done.code == 1 and done.line.startswith(message)
    assert "use --debug" not in done.line and len(done.line) > 10
    with duckdb.connect(str(pool / "hub.duckdb"), read_only=True) as hub:
        assert hub.execute("SELECT count(*) FROM run").fetchall() == [(0,)]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--limit", "0"],
        ["--passes", "0"],
        ["--max-attempts", "0"],
        ["--seed", "-1"],
        ["--temperature", "-0.1"],
        ["--temperature", "nan"],
        ["--top-p", "0"],
        ["--top-p", "nan"],
        ["--max-tokens", "0"],
        ["--device", "abacus"],
    ],
)
def test_numbers_that_make_no_sense_are_wrong_calls(hub_path: Path, arguments: list[str]) -> None:
    """Refused before anything is made."""
    done = evalhub("score", "baseline:random", *arguments, "--hub", hub_path)
    assert (done.code, done.out) == (2, "") and not hub_path.exists()


@pytest.mark.parametrize("command", ["rank", "publish"])
def test_nothing_to_rank(hub_path: Path, pool: Path, tmp_path: Path, command: str) -> None:
    """Neither without a hub, which is not made for it, nor without measurements; and no snapshot appears."""
    done = evalhub(command, "--json", "--hub", tmp_path / "typo")
    assert done.code == 1 and "evalhub ingest, import or score makes one" in done.line
    assert not (tmp_path / "typo").exists()
    done = evalhub(command, "--json", "--hub", pool)
    assert done.code == 1 and done.line == "nothing is measured yet: run evalhub score MODEL first"
    with Hub(pool) as hub:
        about: dict[str, Any] = {"options": {}, "versions": {}, "conditions": {}}
        start_run(hub, model_id="tiny", seed=0, passes=1, max_attempts=1, **about)
    done = evalhub(command, "--json", "--hub", pool)
    assert done.code == 1 and "the run of tiny was stopped before its end" in done.line
    assert snapshot.current(hub_path) is None
    assert not list(hub_path.rglob("*.tmp*"))


def test_rank_and_publish(pool: Path) -> None:
    """By method and source; the snapshot holds every ranking."""
    evalhub("score", "baseline:empty", "--max-attempts", 2, "--hub", pool)
    ranked = evalhub("rank", "--method", "mean", "--source", "reasoning-gym", "--json", "--hub", pool).json
    assert ranked["method"] == "mean" and ranked["models"][0].keys() >= ROW and ranked["warnings"] is not None
    for arguments, message in (
        (["--method", "astrology"], "unknown method 'astrology'"),
        (["--source", "nowhere"], "the pool has no source 'nowhere'; it has reasoning-gym"),
    ):
        assert evalhub("rank", *arguments, "--hub", pool).line.startswith(message)
    done = evalhub("publish", "--json", "--hub", pool)
    assert done.code == 0 and done.json["rankings"] == 6
    assert snapshot.current(pool) == done.json["snapshot"]
    with duckdb.connect(str(snapshot.folder(pool) / f"{done.json['snapshot']}.duckdb"), read_only=True) as board:
        listed = board.execute("SELECT source, method FROM ranking ORDER BY ALL").fetchall()
    assert set(listed) == {(s, m) for s in ("", "reasoning-gym") for m in ("auto", "mean", "bradley-terry")}


def test_a_backend_named_by_itself_is_its_prefix(hub_path: Path) -> None:
    done = evalhub("score", "empty", "--backend", "baseline", "--limit", 1, "--json", "--hub", hub_path)
    assert done.json["model"] == "baseline:empty"
