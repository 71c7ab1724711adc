"""Every Eval Ever."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from ingest.importer import Log, LogError, Told
from ingest.importers.every_eval_ever import EveryEvalEver
from ingest.metrics import UP
from ingest.reading import imported_sample
from tests.importers.damaged import assert_any_json_will_do, assert_survives, claims, read, values

ID = "98ea850e-7019-4728-a558-8b1819ec47c2"
RUN = "sums/some/model/1747312345"


def result(name: str = "accuracy", evaluation: str = "sums", **config: Any) -> dict[str, Any]:
    """A result of an aggregate; `generation` is its generation_config."""
    generation = config.pop("generation", {"generation_args": {"temperature": 0.5, "max_tokens": 64}})
    return {
        "evaluation_result_id": f"{evaluation}/{name}",
        "evaluation_name": evaluation,
        "source_data": {"dataset_name": "Sums", "source_type": "other"},
        "metric_config": {"metric_name": name, "lower_is_better": False, "score_type": "binary", **config},
        "score_details": {"score": 0.5},
        "generation_config": generation,
    }


def instance(name: str, score: Any, *, of: str | None = "sums/accuracy", **more: Any) -> dict[str, Any]:
    found = {
        "schema_version": "instance_level_eval_0.3.0",
        "evaluation_id": RUN,
        "model_id": "some/model",
        "evaluation_name": "sums",
        "evaluation_result_id": of,
        "sample_id": name,
        "interaction_type": "single_turn",
        "input": {"raw": f"What is {name} + 1?", "reference": ["two"]},
        "output": {"raw": ["two"]},
        "answer_attribution": [],
        "evaluation": {"score": score, "is_correct": score != 1.0},
    }
    return {**found, **more}


def written(
    folder: Path, instances: list[Any] | None, *results: dict[str, Any], library: str = "mine", **details: Any
) -> Path:
    """An aggregate file with its instances beside it; returns the former."""
    key = folder / f"{ID}.json"
    aggregate: dict[str, Any] = {
        "schema_version": "0.3.0",
        "evaluation_id": RUN,
        "retrieved_timestamp": "1747312345.0",
        "source_metadata": {
            "source_type": "evaluation_run",
            "source_organization_name": "Us",
            "evaluator_relationship": "third_party",
        },
        "eval_library": {"name": library, "version": "1.2"},
        "model_info": {
            "name": "Model",
            "id": "some/model",
            "additional_details": {
                "num_parameters": "7000000000",
                "deployment_type": "unknown",
                "model_availability": "unknown",
            },
        },
        "evaluation_results": list(results) or [result()],
    }
    if instances is not None:
        samples = key.with_name(f"{ID}_samples.jsonl")
        samples.write_text("".join(json.dumps(one) + "\n" for one in instances))
        aggregate["detailed_evaluation_results"] = {
            "format": "jsonl",
            "file_path": f"data/sums/some/model/{samples.name}",
            "hash_algorithm": "sha256",
            "checksum": hashlib.sha256(samples.read_bytes()).hexdigest(),
            "total_rows": len(instances),
            **details,
        }
    key.write_text(json.dumps(aggregate, indent=2))
    return key


def test_the_score_is_the_value(tmp_path: Path) -> None:
    """And not `is_correct`, which is the other way round here."""
    key = written(tmp_path, [instance("1", 1.0), instance("2", 0.0)])
    log = read(EveryEvalEver(), key)
    assert log.results.select("model", "metric", "value", "main").rows() == [
        ("some/model", "accuracy", 1.0, True),
        ("some/model", "accuracy", 0.0, True),
    ]
    assert (log.tool, log.tool_version, log.partial, log.warnings) == ("mine", "1.2", "", [])
    assert log.models[0].parameters == 7_000_000_000
    assert log.scales["accuracy"].kind == "binary"
    sample = log.samples[log.results["sample"][0]]
    assert (sample.source, sample.source_id) == ("every-eval-ever:Sums", "1")
    same = imported_sample(source="elsewhere", source_id="x", prompt="What is 1 + 1?", reference="two")
    assert sample.sample_id == same.sample_id
    (condition,) = log.conditions.values()
    assert (condition.temperature, condition.max_tokens) == (0.5, 64)


def test_the_instances_find_their_aggregate(tmp_path: Path) -> None:
    """Either file can be named; the aggregate is the key to both."""
    key = written(tmp_path, [instance("1", 1.0)])
    samples = key.with_name(f"{ID}_samples.jsonl")
    assert EveryEvalEver().claim(key, key.read_bytes()) == (key, samples)
    assert EveryEvalEver().claim(samples, samples.read_bytes()) == (samples,)
    assert values(read(EveryEvalEver(), samples)) == values(read(EveryEvalEver(), key))


def test_instances_alone_must_be_told_how_to_read_them(tmp_path: Path) -> None:
    written(tmp_path, [instance("1", 1.0, of="dazzle")]).unlink()
    samples = tmp_path / f"{ID}_samples.jsonl"
    with pytest.raises(LogError, match="--metric 'dazzle=up'"):
        read(EveryEvalEver(), samples)
    assert read(EveryEvalEver(), samples, Told(scales={"dazzle": UP})).results["value"].to_list() == [1.0]


def test_aggregates_alone_are_no_results(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="only aggregates"):
        read(EveryEvalEver(), written(tmp_path, None))
    key = written(tmp_path, [instance("1", 1.0)])
    key.with_name(f"{ID}_samples.jsonl").unlink()
    with pytest.raises(LogError, match=f"{ID}_samples.jsonl beside it"):
        read(EveryEvalEver(), key)


def test_two_metrics_of_a_sample_are_two(tmp_path: Path) -> None:
    """Also where both have one name, as with lm-eval's filters; the aggregate's first is the main one."""
    filters = [result("exact_match", f"sums{name}") for name in ("", "/strict")]
    both = [
        instance("1", score, of=f"sums{name}/exact_match", evaluation_name=f"sums{name}")
        for name, score in (("/strict", 0.0), ("", 1.0))
    ]
    log = read(EveryEvalEver(), written(tmp_path, both, *filters))
    assert log.results.select("metric", "value", "main").rows() == [
        ("sums/strict/exact_match", 0.0, False),
        ("sums/exact_match", 1.0, True),
    ]
    apart = [
        instance("1", 1.0, of="a/acc", evaluation_name="a"),
        instance("2", 0.0, of="b/acc", evaluation_name="b"),
    ]
    log = read(EveryEvalEver(), written(tmp_path, apart, result("acc", "a"), result("acc", "b")))
    assert set(log.results["metric"]) == {"acc"} and log.results["main"].all()


@pytest.mark.parametrize(
    ("config", "scale"),
    [
        ({"lower_is_better": True, "score_type": "continuous"}, ("down", float("-inf"), float("inf"), "numeric")),
        (
            {"score_type": "continuous", "min_score": 0, "max_score": "Infinity"},
            ("up", 0, float("inf"), "numeric"),
        ),
        ({"score_type": "levels", "level_names": ["a", "b", "c"]}, ("up", 0, 2, "ordinal")),
        ({"score_type": "continuous", "min_score": 0, "max_score": 1}, ("up", 0, 1, "binary")),
    ],
)
def test_direction_and_range_are_the_aggregates(tmp_path: Path, config: dict[str, Any], scale: Any) -> None:
    """What passes or fails everywhere does so here, though its tool calls all scores continuous."""
    log = read(EveryEvalEver(), written(tmp_path, [instance("1", 1.0)], result(**config)))
    found = log.scales["accuracy"]
    assert (found.direction, found.low, found.high, found.kind) == scale


def test_values_beyond_the_range_are_refused(tmp_path: Path) -> None:
    log = read(EveryEvalEver(), written(tmp_path, [instance("1", 80), instance("2", "1"), instance("3", 1)]))
    assert log.results["value"].to_list() == [1.0]
    assert dict(log.refused) == {"accuracy out of its range": 1, "accuracy is no number": 1}


def test_a_direction_that_is_only_a_filler(tmp_path: Path) -> None:
    """The schema wants one also of metrics that have none."""
    filler = result("dazzle", additional_details={"polarity": "unknown"})
    key = written(tmp_path, [instance("1", 1.0, of="sums/dazzle")], filler)
    log = read(EveryEvalEver(), key)
    assert log.results.is_empty() and dict(log.refused) == {"whether higher is better is not told": 1}
    assert read(EveryEvalEver(), key, Told(scales={"dazzle": UP})).results.height == 1


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"error": "APIError: 500"}, "error"),
        ({"error": "Request timed out"}, "timeout"),
        ({"error": "the model refused"}, "refused"),
        ({"error": None}, ""),
        ({"evaluation": {"score": None, "is_correct": False}}, "no value"),
        ({"evaluation": {"score": float("nan"), "is_correct": False}}, "NaN"),
        ({"evaluation": None}, "no value"),
    ],
)
def test_what_is_missing_has_a_reason(tmp_path: Path, more: dict[str, Any], reason: str) -> None:
    log = read(EveryEvalEver(), written(tmp_path, [instance("1", 0.0, **more)]))
    assert log.results.select("value", "reason").rows() == [(None if reason else 0.0, reason)]


def test_an_unknown_level_is_missing(tmp_path: Path) -> None:
    levels = result(score_type="levels", level_names=["bad", "good"], has_unknown_level=True)
    log = read(EveryEvalEver(), written(tmp_path, [instance("1", -1), instance("2", 1)], levels))
    assert log.results.select("value", "reason").rows() == [(None, "unknown level"), (1.0, "")]


def test_zeros_of_the_lm_eval_converter(tmp_path: Path) -> None:
    """It writes 0 where no metric was a number, and says so only in the metadata."""
    told = {"lm_eval_metrics": json.dumps({"f1": [1, 0]})}
    key = written(tmp_path, [instance("1", 0.0, of=None, metadata=told)], library="lm_eval")
    log = read(EveryEvalEver(), key)
    assert log.results.select("value", "reason").rows() == [(None, "no number")]
    assert any("log of lm_eval" in one for one in log.warnings)
    key = written(tmp_path, [instance("1", 0.0), instance("2", 0.0)], library="lm_eval")
    assert any("every score is 0" in one for one in read(EveryEvalEver(), key).warnings)


def test_attempts(tmp_path: Path) -> None:
    """Their number is in the metadata: ours from 0, Inspect's epochs from 1."""
    found = [
        instance("1", 1.0, metadata=one) for one in ({"attempt": "3"}, {"epoch": "2"}, {}, None, {"epoch": "0"})
    ]
    log = read(EveryEvalEver(), written(tmp_path, found))
    assert log.results["attempt"].to_list() == [3, 1, 0, 0]
    assert dict(log.refused) == {"which attempt is not clear": 1}


def test_choices_are_part_of_the_question(tmp_path: Path) -> None:
    asked = {"raw": "Which?", "reference": ["b"], "choices": ["a", "b"]}
    log = read(EveryEvalEver(), written(tmp_path, [instance("1", 1.0, input=asked)]))
    (sample,) = log.samples.values()
    assert (sample.choices, sample.reference) == (("a", "b"), "b")


def test_equal_texts_under_several_ids_are_told_apart(tmp_path: Path) -> None:
    """The format has no images, in which they may differ."""
    asked = {"raw": "What is in the picture?", "reference": ["cat"]}
    found = [instance(name, 1.0, input=asked) for name in ("1", "2")] + [instance("3", 0.0)]
    log = read(EveryEvalEver(), written(tmp_path, found))
    assert [sample.source_id for sample in log.samples.values()] == ["1", "2", "3"]
    assert log.results["sample"].n_unique() == 3 and "1 questions" in log.warnings[0]


def test_questions_without_a_text_go_by_name(tmp_path: Path) -> None:
    found = [instance(name, 1.0, input={"raw": " ", "reference": []}) for name in ("1", "2")]
    assert read(EveryEvalEver(), written(tmp_path, found)).results["sample"].n_unique() == 2


def test_two_prompts_for_a_question_are_two_conditions(tmp_path: Path) -> None:
    """By what stands around the question, or by what the aggregate says of the run."""

    def asked(frame: str) -> list[Any]:
        raw = [f"What is {n} + 1?" for n in "12"]
        texts = [{"raw": one, "formatted": frame.replace("Q", one), "reference": ["two"]} for one in raw]
        return [instance(str(n), 1.0, input=one) for n, one in enumerate(texts)]

    details = {"additional_details": {"num_fewshot": "5"}}
    shown = [
        (asked("<user>Q<end>"), result()),
        (asked("Answer: Q"), result()),
        (asked("Q"), result(generation=details)),
        (asked("nothing"), result(generation={})),
    ]
    logs = [read(EveryEvalEver(), written(tmp_path, *one)) for one in shown]
    conditions = [condition for log in logs for condition in log.conditions.values()]
    assert len(conditions) == 4 and len({one.condition_id for one in conditions}) == 4
    assert conditions[0].template == "<user>{prompt}<end>"
    assert conditions[2].preamble == "num_fewshot: 5"
    assert len({sample for log in logs for sample in log.samples}) == 2


@pytest.mark.parametrize(
    ("details", "partial"),
    [
        ({}, ""),
        ({"total_rows": 3}, "2 of 3 instances are there"),
        ({"checksum": "0" * 64}, "checksum"),
        ({"checksum": "0" * 32, "hash_algorithm": "md5"}, "checksum"),
    ],
)
def test_instances_that_are_not_those_of_the_aggregate(
    tmp_path: Path, details: dict[str, Any], partial: str
) -> None:
    log = read(EveryEvalEver(), written(tmp_path, [instance("1", 1.0), instance("2", 1.0)], **details))
    assert partial in log.partial and bool(log.partial) == bool(partial)


def test_what_does_not_belong_is_refused(tmp_path: Path) -> None:
    found = [
        instance("1", 1.0),
        instance("2", 1.0, evaluation_id="another"),
        instance("3", 1.0, of="sums/other"),
        instance("", 1.0),
        "nothing",
    ]
    log = read(EveryEvalEver(), written(tmp_path, found))
    assert log.results.height == 1
    assert dict(log.refused) == {
        "of another evaluation": 1,
        "a metric that the aggregate does not have": 1,
        "not an instance": 1,
        "not an object in JSON": 1,
    }


def test_other_files_are_not_claimed(tmp_path: Path) -> None:
    other = tmp_path / f"{ID}.json"
    for content in ('{"schema_version": 1, "evaluation_id": "a"}', "[]", "", "\x89PNG"):
        other.write_text(content)
        assert not claims(EveryEvalEver(), other)


@pytest.mark.slow
def test_damage(tmp_path: Path) -> None:
    """The checksum tells of any change in the instances."""
    found = [instance(str(n), n % 2, metadata={"attempt": "0"}) for n in range(4)]
    key = written(tmp_path, found)
    samples = key.with_name(f"{ID}_samples.jsonl")
    content = samples.read_bytes()

    def changes_are_told(log: Log) -> None:
        assert log.partial or samples.read_bytes() == content

    assert_survives(EveryEvalEver(), key, also=(samples,), check=changes_are_told)
    assert_any_json_will_do(EveryEvalEver(), key, also=(samples,))
    samples_first = samples.with_name("alone_samples.jsonl")
    samples_first.write_bytes(content)
    assert_survives(EveryEvalEver(), samples_first, told=Told(scales={"sums/accuracy": UP}))
