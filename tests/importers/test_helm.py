"""HELM."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ingest.importer import Log, LogError, Told
from ingest.importers.helm import Helm
from ingest.metrics import UP
from tests.importers.damaged import assert_any_json_will_do, assert_survives, claims, read, values

REAL = (
    Path(__file__).parents[3]
    / "shared/data/logs/helm/mmlu-subject=philosophy,method=multiple_choice_joint,model=openai_gpt2"
)

MISSPELT = {"name": "misspelling", "robustness": True, "prob": 0.1}


def stat(name: str, value: float | None, **more: Any) -> dict[str, Any]:
    if value is None:
        return {"name": {"name": name, "split": "test"}, "count": 0, "sum": 0, "sum_squared": 0, **more}
    numbers = {"count": 1, "sum": value, "sum_squared": value * value, "mean": value, "variance": 0.0}
    return {"name": {"name": name, "split": "test"}, **numbers, **more}


def entry(instance: str, *stats: dict[str, Any], trial: int = 0, perturbation: Any = None) -> dict[str, Any]:
    found = {"instance_id": instance, "train_trial_index": trial, "stats": list(stats)}
    return {**found, "perturbation": perturbation} if perturbation else found


def state(instance: str, question: str, *, perturbation: Any = None, **more: Any) -> dict[str, Any]:
    references = [{"output": {"text": "red"}, "tags": []}, {"output": {"text": " blue"}, "tags": ["correct"]}]
    asked: dict[str, Any] = {
        "input": {"text": question},
        "references": references,
        "split": "test",
        "id": instance,
    }
    if perturbation:
        asked["perturbation"] = perturbation
    prompt = f"Choose.\n\nQuestion: warm?\nAnswer: A\n\nQuestion: {question}\nAnswer:"
    return {
        "instance": asked,
        "train_trial_index": 0,
        "request": {"prompt": prompt, "top_p": 0.9},
        "result": {"success": True, "completions": [{"text": "B"}]},
        "num_train_instances": 1,
        **more,
    }


ADAPTER = {
    "method": "multiple_choice_joint",
    "instructions": "Choose.\n",
    "input_prefix": "Question: ",
    "input_suffix": "\n",
    "reference_prefix": "A. ",
    "reference_suffix": "\n",
    "output_prefix": "Answer: ",
    "max_train_instances": 1,
    "model": "openai/gpt2",
    "temperature": 0.0,
    "max_tokens": 1,
    "stop_sequences": ["\n"],
}


def run(folder: Path, entries: list[Any], states: list[Any] | None = None, **spec: Any) -> Path:
    """A run folder; returns its key."""
    folder.mkdir(exist_ok=True)
    whole = {
        "name": "colours:hue=1,model=openai_gpt2",
        "scenario_spec": {"class_name": "helm.scenarios.ColourScenario", "args": {"hue": 1}},
        "adapter_spec": ADAPTER,
        "metric_specs": [{"args": {"names": ["exact_match", "quasi_exact_match"]}}],
        "groups": ["colours"],
        **spec,
    }
    (folder / "run_spec.json").write_text(json.dumps(whole, indent=2))
    if states is not None:
        (folder / "scenario_state.json").write_text(json.dumps({"request_states": states}, indent=2))
    key = folder / "per_instance_stats.json"
    key.write_text(json.dumps(entries, indent=2))
    return key


@pytest.mark.skipif(not REAL.exists(), reason="shared/data/logs is not beside this checkout")
def test_a_real_run() -> None:
    """Ten questions of MMLU under eight metrics, one of them answered rightly; what HELM counts is no value."""
    log = read(Helm(), REAL / "per_instance_stats.json")
    assert (log.rows, log.results.height, log.refused.total(), log.partial, log.warnings) == (80, 80, 0, "", [])
    assert set(log.results["model"]) == {"openai/gpt2"}
    main = log.results.filter(log.results["main"])
    assert set(main["metric"]) == {"exact_match"} and main.height == 10 and main["value"].sum() == 1
    (condition,) = log.conditions.values()
    assert condition.preamble.startswith("The following are multiple choice") and "d'Holbach" in condition.preamble
    assert "meaning in life" not in condition.preamble
    assert (condition.temperature, condition.max_tokens, condition.stop) == (0.0, 1, ("\n",))
    sample = log.samples[main["sample"][0]]
    assert sample.prompt == "What does the notion of “meaning in life” refer to?"
    assert sample.choices == ("external meaning", "god's plan", "internalmeaning", "meaning in an afterlife")
    assert (sample.reference, sample.source_id) == ("internalmeaning", "id147")


def test_bookkeeping_is_no_value_and_a_count_of_none_is_missing(tmp_path: Path) -> None:
    stats = [stat("num_references", 2), stat("inference_runtime", 0.1), stat("max_prob", 1), stat("logprob", -1)]
    key = run(tmp_path, [entry("id1", *stats, stat("exact_match", None), stat("quasi_exact_match", 1.0))])
    log = read(Helm(), key)
    assert log.results.select("metric", "value", "reason").rows() == [
        ("exact_match", None, "no value"),
        ("quasi_exact_match", 1.0, ""),
    ]
    assert log.results["main"].to_list() == [True, False]


def test_an_error_is_missing_where_helm_writes_zero(tmp_path: Path) -> None:
    states = [state("id1", "sky?", result={"success": False, "error": "blocked", "completions": []})]
    log = read(Helm(), run(tmp_path, [entry("id1", stat("exact_match", 0))], states))
    assert log.results.select("value", "reason").rows() == [(None, "error")]


def test_trials_are_attempts_and_perturbed_instances_other_samples(tmp_path: Path) -> None:
    states = [state("id1", "sky?"), state("id1", "skyy?", perturbation=MISSPELT)]
    entries = [
        entry("id1", stat("exact_match", 1)),
        entry("id1", stat("exact_match", 0), trial=1),
        entry("id1", stat("exact_match", 0), perturbation=MISSPELT),
    ]
    log = read(Helm(), run(tmp_path, entries, states))
    asked = [log.samples[sample].prompt for sample in log.results["sample"]]
    assert asked == ["sky?", "sky?", "skyy?"]
    assert log.results["attempt"].to_list() == [0, 1, 0]
    tags = [log.samples[sample].tags for sample in log.results["sample"]]
    assert tags[0] == ("colours", "test") and tags[2] == ("colours", "test", "misspelling")


def test_metrics_that_nobody_knows_are_left_out_with_a_count(tmp_path: Path) -> None:
    entries = [entry("id1", stat("dazzle", 3), stat("exact_match", 1)), entry("id2", stat("dazzle", 4))]
    key = run(tmp_path, entries)
    log = read(Helm(), key)
    assert log.rows == 1
    assert (
        len(log.warnings) == 1 and "2 of dazzle" in log.warnings[0] and "--metric 'dazzle=up'" in log.warnings[0]
    )
    told = read(Helm(), key, Told(scales={"dazzle": UP, "num_references": UP}))
    assert told.rows == 3 and told.warnings == []


@pytest.mark.parametrize(
    ("spec", "main"),
    [
        ({"groups": ["narrative_qa"]}, "f1_score"),
        ({"metric_specs": [{"args": {"names": ["quasi_exact_match", "exact_match"]}}]}, "quasi_exact_match"),
        ({"metric_specs": [{"args": {}}]}, "exact_match"),
        ({"metric_specs": [{"args": {"names": ["dazzle", "num_bytes", "f1_score"]}}]}, "f1_score"),
    ],
)
def test_the_main_metric(tmp_path: Path, spec: dict[str, Any], main: str) -> None:
    """That of HELM's leaderboards, else the first of the run that can be read."""
    stats = [stat(name, 1) for name in ("num_bytes", "dazzle", "f1_score", "quasi_exact_match", "exact_match")]
    log = read(Helm(), run(tmp_path, [entry("id1", *stats)], **spec))
    assert log.results.filter(log.results["main"])["metric"].to_list() == [main]


def test_likelihood_of_texts_is_measured_only_where_it_was_asked_for(tmp_path: Path) -> None:
    key = run(
        tmp_path, [entry("id1", stat("logprob", -7))], adapter_spec={**ADAPTER, "method": "language_modeling"}
    )
    log = read(Helm(), key)
    assert log.results.select("metric", "value").rows() == [("logprob", -7.0)]
    (condition,) = log.conditions.values()
    assert condition.answer == "likelihood"


def test_runs_asked_otherwise_are_other_conditions(tmp_path: Path) -> None:
    """Other worked examples, another form, another temperature."""
    entries = [entry("id1", stat("exact_match", 1))]
    shown = [
        (ADAPTER, [state("id1", "sky?")]),
        (ADAPTER, [state("id1", "sky?", request={"prompt": "Question: cold?\nAnswer: B\n\nQuestion: sky?\n"})]),
        ({**ADAPTER, "input_prefix": "Q: "}, [state("id1", "sky?")]),
        ({**ADAPTER, "temperature": 1.0}, [state("id1", "sky?")]),
        ({**ADAPTER, "method": "multiple_choice_separate_original"}, [state("id1", "sky?")]),
        ({**ADAPTER, "method": "multiple_choice_separate_calibrated"}, [state("id1", "sky?")]),
    ]
    logs = [
        read(Helm(), run(tmp_path / str(place), entries, states, adapter_spec=adapter))
        for place, (adapter, states) in enumerate(shown)
    ]
    assert len({condition for log in logs for condition in log.conditions}) == len(shown)
    assert len({sample for log in logs for sample in log.samples}) == 1


def test_without_the_questions_instances_have_their_names(tmp_path: Path) -> None:
    """Within their scenario; `instances.json` will do in the place of the requests."""
    key = run(tmp_path, [entry("id1", stat("exact_match", 1))])
    (sample,) = read(Helm(), key).samples.values()
    assert (sample.source, sample.source_id) == ("helm:ColourScenario hue=1", "id1")
    (tmp_path / "instances.json").write_text(json.dumps([state("id1", "sky?")["instance"]]))
    (sample,) = read(Helm(), key).samples.values()
    assert (sample.prompt, sample.reference, sample.source_id) == ("sky?", "blue", "id1")


def test_questions_with_images_go_by_name(tmp_path: Path) -> None:
    """The run does not hold the images, and many questions differ in them alone."""
    media = {"multimedia_content": {"media_objects": [{"location": "a.png"}]}, "text": "What is it?"}
    states = [state(name, "") for name in ("id1", "id2")]
    for one in states:
        one["instance"]["input"] = media
    key = run(tmp_path, [entry(name, stat("exact_match", 1)) for name in ("id1", "id2")], states)
    assert [sample.source_id for sample in read(Helm(), key).samples.values()] == ["id1", "id2"]


def test_a_run_without_a_model_needs_one(tmp_path: Path) -> None:
    key = run(tmp_path, [entry("id1", stat("exact_match", 1))], adapter_spec={})
    with pytest.raises(LogError, match="--model"):
        read(Helm(), key)
    assert set(read(Helm(), key, Told(model="mine")).results["model"]) == {"mine"}


def test_what_is_no_value_is_refused(tmp_path: Path) -> None:
    entries = [
        7,
        entry("id1", {"name": 3}, stat("exact_match", 1, sum=0), stat("quasi_exact_match", 1, mean="x")),
        entry("id2", stat("exact_match", 1), trial=2**40),
        entry("id3", stat("exact_match", 2)),
        {"instance_id": "id4", "train_trial_index": 0, "stats": [None]},
    ]
    log = read(Helm(), run(tmp_path, entries))
    assert log.results.is_empty()
    assert dict(log.refused) == {
        "not an instance": 2,
        "a value without its metric": 2,
        "mean and sum contradict each other": 1,
        "quasi_exact_match is no number": 1,
        "exact_match out of its range": 1,
    }


def test_other_files_are_not_claimed(tmp_path: Path) -> None:
    other = tmp_path / "per_instance_stats.json"
    for content in (
        "[]",
        '[{"instance_id": "a"}]',
        '{"instance_id": 1, "train_trial_index": 0, "stats": []}',
        "a",
    ):
        other.write_text(content)
        assert not claims(Helm(), other)


@pytest.mark.slow
def test_damage(tmp_path: Path) -> None:
    """Each value stands with its sum, so that a turned byte gives itself away."""
    states = [state(name, question) for name, question in (("id147", "sky?"), ("id11", "sea?"))]
    entries = [
        entry(name, stat("num_bytes", 2), stat("exact_match", value), stat("quasi_exact_match", 1))
        for name, value in (("id147", 1), ("id11", 0))
    ]
    key = run(tmp_path, entries, states)
    right = {place[:4]: place[4] for place in values(read(Helm(), key))}

    def no_other_value(log: Log) -> None:
        assert all(right.get(place[:4], place[4]) == place[4] for place in values(log))

    beside = (tmp_path / "run_spec.json", tmp_path / "scenario_state.json")
    assert_survives(Helm(), key, also=beside, check=no_other_value)
    assert_any_json_will_do(Helm(), key, also=beside)
