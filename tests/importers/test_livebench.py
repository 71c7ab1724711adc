"""LiveBench."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ingest.importer import LogError, Told
from ingest.importers.livebench import LiveBench
from tests.importers.damaged import assert_any_json_will_do, assert_survives, claims, read

LEAST = {"question_id": "a1", "task": "aime", "model": "gpt-x", "score": 1, "turn": 1, "category": "math"}


def written(folder: Path, *records: Any) -> Path:
    path = folder / "ground_truth_judgment.jsonl"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(
        "".join(json.dumps({**LEAST, **one} if isinstance(one, dict) else one) + "\n" for one in records)
    )
    return path


def test_judgments_of_several_models(tmp_path: Path) -> None:
    """Without the questions at hand they go by their ids."""
    log = read(
        LiveBench(), written(tmp_path, {}, {"question_id": "a2", "score": 0.25}, {"model": "other", "score": 0})
    )
    assert log.results.select("model", "value").rows() == [("gpt-x", 1.0), ("gpt-x", 0.25), ("other", 0.0)]
    assert set(log.results["metric"]) == {"livebench/score"} and log.results["main"].all()
    sample = log.samples[log.results["sample"][0]]
    assert (sample.source, sample.source_id, sample.tags) == ("livebench:math/aime", "a1", ("math", "aime"))
    assert log.results["sample"][0] == log.results["sample"][2]


@pytest.mark.parametrize(
    ("state", "value", "reason"),
    [
        ({}, 0.0, ""),
        ({"eval_status": None}, 0.0, ""),
        ({"eval_status": "unresolved"}, 0.0, ""),
        ({"eval_status": "eval_error"}, None, "eval_error"),
        ({"eval_status": "eval_timeout"}, None, "eval_timeout"),
        ({"eval_status": "what comes next"}, None, "what comes next"),
        ({"error": True, "error_msg": "docker"}, None, "error"),
        ({"score": None}, None, "no value"),
        ({"score": float("nan")}, None, "NaN"),
    ],
)
def test_a_score_of_zero_that_scoring_failed_to_give(
    tmp_path: Path, state: dict[str, Any], value: float | None, reason: str
) -> None:
    """Rows of older releases have no state and count."""
    log = read(LiveBench(), written(tmp_path, {"score": 0, **state}))
    assert log.results.select("value", "reason").rows() == [(value, reason)]


@pytest.mark.parametrize("place", [".", ".."])
def test_questions_beside_the_judgments(tmp_path: Path, place: str) -> None:
    """As LiveBench lays them, a folder above, or in the same one. A broken line tells nothing."""
    key = written(tmp_path / "model_judgment", {}, {"question_id": "a2"})
    question = {
        "question_id": "a1",
        "turns": ["How many?"],
        "ground_truth": 42,
        "livebench_release_date": "2024-06-24T00:00:00",
    }
    (key.parent / place / "question.jsonl").write_text("{broken\n" + json.dumps(question) + "\n")
    log = read(LiveBench(), key)
    known, named = (log.samples[sample] for sample in log.results["sample"])
    assert (known.prompt, known.reference, known.source_id) == ("How many?", "42", "a1")
    assert known.published_at == date(2024, 6, 24)
    assert named.source_id == named.prompt == "a2"


def test_what_is_no_judgment_is_refused(tmp_path: Path) -> None:
    key = written(tmp_path, {}, [1], {"question_id": ""}, {"score": "1"}, {"score": -1}, {"score": [0]})
    log = read(LiveBench(), key)
    assert log.results.height == 1
    assert dict(log.refused) == {
        "not an object in JSON": 1,
        "not a judgment": 1,
        "livebench/score is no number": 2,
        "livebench/score out of its range": 1,
    }
    assert log.partial == ""


def test_a_cut_line_is_told(tmp_path: Path) -> None:
    key = written(tmp_path, {}, {"question_id": "a2"})
    key.write_bytes(key.read_bytes()[:-9])
    log = read(LiveBench(), key)
    assert (log.results.height, dict(log.refused)) == (1, {"cut short": 1})
    assert "cut short in line 2" in log.partial


def test_without_a_model(tmp_path: Path) -> None:
    key = written(tmp_path, {"model": ""})
    with pytest.raises(LogError, match="--model"):
        read(LiveBench(), key)
    assert read(LiveBench(), key, Told(model="mine")).results["model"].to_list() == ["mine"]


def test_other_lines_are_not_claimed(tmp_path: Path) -> None:
    """Judgments of MT-Bench have neither task nor category."""
    other = tmp_path / "ground_truth_judgment.jsonl"
    other.write_text(
        json.dumps({"question_id": 1, "model": "a", "score": 3, "turn": 1, "judge": ["gpt-4"]}) + "\n"
    )
    assert not claims(LiveBench(), other)


@pytest.mark.slow
def test_damage(tmp_path: Path) -> None:
    states = [
        {"question_id": f"q{n}", "score": n % 2, "eval_status": "eval_error" if n == 3 else None} for n in range(9)
    ]
    key = written(tmp_path, *states)
    questions = tmp_path / "question.jsonl"
    questions.write_text(
        json.dumps({"question_id": "q1", "turns": ["Who \ud83d\ude00?"], "ground_truth": ["b"]}) + "\n"
    )
    assert_survives(LiveBench(), key, also=(questions,))
    assert_any_json_will_do(LiveBench(), key, also=(questions,))
