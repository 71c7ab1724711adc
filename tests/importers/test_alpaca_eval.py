"""AlpacaEval."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ingest.importer import LogError
from ingest.importers.alpaca_eval import AlpacaEval
from tests.importers.damaged import assert_any_json_will_do, assert_survives, claims, read

LEAST = {
    "instruction": "Name a colour.",
    "output_1": "Red.",
    "generator_1": "gpt4_1106_preview",
    "dataset": "helpful_base",
    "output_2": "Blue!",
    "generator_2": "mine",
    "annotator": "weighted_alpaca_eval_gpt4_turbo",
    "preference": 2.0,
}


def written(folder: Path, *records: Any, lines: bool = False) -> Path:
    path = folder / "annotations.json"
    whole = [{**LEAST, **one} if isinstance(one, dict) else one for one in records]
    path.write_text("".join(json.dumps(one) + "\n" for one in whole) if lines else json.dumps(whole, indent=2))
    return path


@pytest.mark.parametrize("lines", [False, True])
def test_votes(tmp_path: Path, lines: bool) -> None:
    """In a list, or one a line; 1 and 2 are the outputs, and both 1.5 and, of old, 0 a tie."""
    preferences = [1, 2.0, 1.5, 0, None, float("nan")]
    log = read(AlpacaEval(), written(tmp_path, *({"preference": one} for one in preferences), lines=lines))
    assert log.votes["outcome"].to_list() == ["a", "b", "tie", "tie", None, None]
    assert log.votes.select("model_a", "model_b", "judge").unique().rows() == [
        ("gpt4_1106_preview", "mine", "weighted_alpaca_eval_gpt4_turbo")
    ]
    (sample,) = log.samples.values()
    assert (sample.prompt, sample.tags) == ("Name a colour.", ("helpful_base",))
    assert set(log.votes["sample"]) == {sample.sample_id}
    assert log.warnings == [] and log.results.is_empty()


def test_weighted_preferences_lose_their_weight(tmp_path: Path) -> None:
    """Which is told with their number."""
    log = read(AlpacaEval(), written(tmp_path, *({"preference": one} for one in (1.0001, 1.4999, 1.5, 1.51, 2))))
    assert log.votes["outcome"].to_list() == ["a", "a", "tie", "b", "b"]
    assert len(log.warnings) == 1 and log.warnings[0].startswith("3 preferences")


def test_what_is_no_vote_is_refused(tmp_path: Path) -> None:
    wrong = [2.5, 0.5, -1, "2", True, [1], 10**400]
    key = written(
        tmp_path, {}, 5, {"instruction": " "}, {"generator_1": None}, *({"preference": one} for one in wrong)
    )
    log = read(AlpacaEval(), key)
    assert log.votes.height == 1
    assert dict(log.refused) == {
        "not an object in JSON": 1,
        "not an annotation": 1,
        "no generator": 1,
        "preference is no number from 1 to 2": len(wrong),
    }


def test_the_input_belongs_to_the_instruction(tmp_path: Path) -> None:
    log = read(AlpacaEval(), written(tmp_path, {"input": "In French."}, {"input": ""}))
    assert [sample.prompt for sample in log.samples.values()] == ["Name a colour.\n\nIn French.", "Name a colour."]


def test_without_the_models_nothing_can_be_said(tmp_path: Path) -> None:
    """As in annotations by people, whose outputs have no generator."""
    key = written(tmp_path, {"generator_1": None, "generator_2": None})
    with pytest.raises(LogError, match="generator_1"):
        read(AlpacaEval(), key)


def test_outputs_without_annotations_are_not_claimed(tmp_path: Path) -> None:
    other = tmp_path / "model_outputs.json"
    other.write_text(json.dumps([{"instruction": "a", "output": "b", "generator": "c"}]))
    assert not claims(AlpacaEval(), other)


@pytest.mark.slow
@pytest.mark.parametrize("lines", [False, True])
def test_damage(tmp_path: Path, lines: bool) -> None:
    records = [{"instruction": f"Name {n}.", "preference": one} for n, one in enumerate((1, 2, 1.5, None, 1.25))]
    key = written(tmp_path, *records, lines=lines)
    assert_survives(AlpacaEval(), key)
    if not lines:
        assert_any_json_will_do(AlpacaEval(), key)
