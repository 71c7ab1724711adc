"""Run folders of HELM."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from ingest.importer import Log, LogError, Told
from ingest.importers.json_files import (
    as_count,
    as_list,
    as_number,
    as_object,
    as_reference,
    as_text,
    as_texts,
    as_value,
    beginning,
    read_json,
)
from ingest.metrics import Scale, known_scale
from ingest.reading import Reading, imported_sample, key_of, named_sample
from ingest.records import Condition, Sample

_KEYS = {"instance_id", "train_trial_index", "stats"}
_SPEC, _STATES, _INSTANCES = "run_spec.json", "scenario_state.json", "instances.json"
_BESIDE = (
    _SPEC,
    _STATES,
    _INSTANCES,
    *("scenario.json", "stats.json", "display_predictions.json", "display_requests.json"),
)

_LIKELIHOOD = ("multiple_choice_separate_original", "multiple_choice_separate_calibrated", "language_modeling")
"""Methods that ask how likely a text is."""

_COUNTED = ("num_", "max_num_", "finish_reason_", "training_", "inference_", "estimated_")
"""What HELM counts beside its metrics begins like this,"""

_BESIDES = {"batch_size", "prompt_truncated", "max_prob", "predicted_index"}
"""or is one of these,"""

_OF_TEXTS = {"logprob", "logprob_per_byte", "perplexity", "bits_per_byte"}
"""or these where not the likelihood of a text is what is measured."""

_MAIN = {
    **dict.fromkeys(("boolq", "imdb", "raft", "civil_comments", "legalbench", "med_qa"), "quasi_exact_match"),
    **dict.fromkeys(("narrative_qa", "natural_qa_closedbook", "natural_qa_openbook_longans", "quac"), "f1_score"),
    **dict.fromkeys(("summarization_cnndm", "summarization_xsum"), "rouge_2"),
    "math_chain_of_thought": "math_equiv_chain_of_thought",
    "wmt_14": "bleu_4",
}
"""By group, what HELM's leaderboards show where it is not the first metric of the run."""

_Place = tuple[str, str]
"""Instance and perturbation; '' is none."""


class Helm:
    """`per_instance_stats.json` with the other files of its run folder.

    A perturbed instance is a sample of its own, and train trials are attempts. Where HELM got no answer, it writes
    0: such values are missing here. What it counts beside its metrics is no value of the log.
    """

    summary = "HELM: a run folder with per_instance_stats.json"
    general = False

    def claim(self, path: Path, head: bytes) -> tuple[Path, ...] | None:
        opening, keys = beginning(head)
        if opening != "[" or not keys >= _KEYS:
            return None
        return path, *(beside for name in _BESIDE if (beside := path.with_name(name)).is_file())

    def read(self, files: tuple[Path, ...], told: Told) -> Log:
        beside = {file.name: file for file in files[1:]}
        spec = as_object(read_json(beside[_SPEC])) if _SPEC in beside else {}
        state = as_object(read_json(beside[_STATES])) if _STATES in beside else {}
        states = [as_object(one) for one in as_list(state.get("request_states"))]
        adapter = as_object(spec.get("adapter_spec") or state.get("adapter_spec"))
        instances = [as_object(one.get("instance")) for one in states]
        if not instances and _INSTANCES in beside:
            instances = [as_object(one) for one in as_list(read_json(beside[_INSTANCES]))]
        entries = read_json(files[0])
        if not isinstance(entries, list) or not entries:
            raise LogError(f"{files[0]} holds no instances")

        reading = Reading("helm", told, tool="helm")
        model = reading.model(as_text(adapter.get("model")) or as_text(adapter.get("model_deployment")))
        questions = _Questions(spec, adapter, instances, told)
        condition = _condition(adapter, states)
        failed = _failed(states)
        metrics = _Metrics(spec, adapter, entries, told)
        for row, entry in enumerate(entries, start=1):
            stats = entry.get("stats") if isinstance(entry, dict) else None
            trial = as_count(entry.get("train_trial_index")) if isinstance(entry, dict) else None
            if not isinstance(stats, list) or trial is None or not as_text(entry.get("instance_id")):
                reading.refuse("not an instance", f"entry {row}")
                continue
            place = _place(entry.get("instance_id"), entry.get("perturbation"))
            sample = questions.sample(place)
            for stat in stats:
                metric = _metric(stat)
                if not metric:
                    reading.refuse("a value without its metric", f"entry {row}")
                elif scale := metrics.scale(metric):
                    value = _value(stat)
                    if value is _TORN:
                        reading.refuse("mean and sum contradict each other", f"entry {row}: {metric}")
                        continue
                    reading.scale(metric, scale)
                    reading.result(
                        model,
                        sample,
                        condition,
                        metric,
                        value,
                        row=row,
                        attempt=trial,
                        reason="error" if (place, trial) in failed else "",
                        main=metric == metrics.main,
                    )
        metrics.tell(reading)
        return reading.done()


_TORN = object()
"""Stands for a value that contradicts itself."""


def _metric(stat: Any) -> str:
    return as_text(as_object(as_object(stat).get("name")).get("name"))


def _value(stat: dict[str, Any]) -> Any:
    """The mean, which is written with what it was made from: a file that was damaged gives itself away."""
    count, mean, total = (stat.get(name) for name in ("count", "mean", "sum"))
    if count == 0:
        return None
    real = [as_number(number, math.nan) for number in (count, mean, total)]
    if any(map(math.isnan, real)):
        return as_value(mean)
    return mean if math.isclose(real[2], real[0] * real[1], rel_tol=1e-6, abs_tol=1e-9) else _TORN


def _place(instance: Any, perturbation: Any) -> _Place:
    found = as_object(perturbation)
    return as_text(instance), f"{as_text(found.get('name'))} {key_of(found)}" if found else ""


def _failed(states: list[dict[str, Any]]) -> set[tuple[_Place, int | None]]:
    """Which requests came back with an error and not with an answer."""
    return {
        (
            _place(
                as_object(state.get("instance")).get("id"), as_object(state.get("instance")).get("perturbation")
            ),
            as_count(state.get("train_trial_index")),
        )
        for state in states
        if as_object(state.get("result")).get("success") is False
    }


class _Metrics:
    """Which of the statistics are values, and how they are read."""

    def __init__(self, spec: dict[str, Any], adapter: dict[str, Any], entries: list[Any], told: Told) -> None:
        self._told = told
        self._texts = adapter.get("method") == "language_modeling"
        self._scales: dict[str, Scale | None] = {}
        self._unknown: Counter[str] = Counter()
        found = [_metric(stat) for entry in entries for stat in as_list(as_object(entry).get("stats"))]
        self.main = next((name for name in _in_order(spec, found) if self._scale(name)), "")

    def scale(self, metric: str) -> Scale | None:
        """How it is read; None where it is no value, or not known."""
        if metric not in self._scales:
            self._scales[metric] = self._scale(metric)
        if self._scales[metric] is None and not self._counted(metric):
            self._unknown[metric] += 1
        return self._scales[metric]

    def tell(self, reading: Reading) -> None:
        """Warn of what was left out as nobody knows how to read it."""
        if self._unknown:
            listed = ", ".join(f"{number} of {metric}" for metric, number in self._unknown.most_common())
            reading.warn(
                f"values left out, as whether higher is better is not known: {listed}; say it, as in "
                f"--metric '{next(iter(self._unknown))}=up'"
            )

    def _scale(self, metric: str) -> Scale | None:
        if metric in self._told.scales:
            return self._told.scales[metric]
        # exact_match@5 is the best of five outputs, on the scale of one.
        return None if self._counted(metric) else known_scale(metric) or known_scale(metric.partition("@")[0])

    def _counted(self, metric: str) -> bool:
        return (
            metric.startswith(_COUNTED) or metric in _BESIDES or (metric in _OF_TEXTS and not self._texts)
        ) and metric not in self._told.scales


def _in_order(spec: dict[str, Any], found: list[str]) -> Iterable[str]:
    """The metrics of a run, first those that are likelier the main one."""
    there = dict.fromkeys(found)
    wanted = [_MAIN[group] for group in as_texts(spec.get("groups")) if group in _MAIN]
    for one in as_list(spec.get("metric_specs")):
        wanted.extend(as_texts(as_object(as_object(one).get("args")).get("names")))
    # The last are the metrics of choices, which no specification names.
    return [name for name in (*wanted, "exact_match", *there) if name in there]


class _Questions:
    """What was asked, by instance and perturbation."""

    def __init__(
        self, spec: dict[str, Any], adapter: dict[str, Any], instances: list[dict[str, Any]], told: Told
    ) -> None:
        scenario = as_object(spec.get("scenario_spec"))
        args = as_object(scenario.get("args"))
        name = as_text(scenario.get("class_name")).rpartition(".")[2]
        said = [f"{key}={as_text(args[key])}" for key in sorted(args)]
        self._source = told.source or "helm:" + " ".join((name, *said)).strip()
        self._tags = as_texts(spec.get("groups"))
        self._choosing = as_text(adapter.get("method")).startswith("multiple_choice")
        self._known: dict[_Place, Sample] = {}
        for instance in instances:
            place = _place(instance.get("id"), instance.get("perturbation"))
            if place not in self._known:
                self._known[place] = self._made(instance, place)

    def sample(self, place: _Place) -> Sample:
        """That of an instance; only its name where the run does not say what was asked."""
        if place not in self._known:
            self._known[place] = named_sample(self._source, " ".join(place).strip(), tags=self._tags)
        return self._known[place]

    def _made(self, instance: dict[str, Any], place: _Place) -> Sample:
        asked = as_object(instance.get("input"))
        references = [as_object(one) for one in as_list(instance.get("references"))]
        outputs = [as_object(one.get("output")) for one in references]
        tags = tuple(
            tag for tag in (*self._tags, as_text(instance.get("split")), place[1].partition(" ")[0]) if tag
        )
        name = " ".join(place).strip()
        text = as_text(asked.get("text"))
        if not text.strip() or any(one.get("multimedia_content") for one in (asked, *outputs)):
            # Images lie elsewhere, and questions that differ in them alone are not one.
            return named_sample(self._source, name, tags=tags)
        texts = tuple(as_text(one.get("text")) for one in outputs)
        right = (
            text for text, one in zip(texts, references, strict=True) if "correct" in as_list(one.get("tags"))
        )
        return imported_sample(
            source=self._source,
            source_id=name,
            prompt=text,
            choices=texts if self._choosing else (),
            reference=as_reference(tuple(dict.fromkeys(text.strip() for text in right))),
            tags=tags,
        )


def _condition(adapter: dict[str, Any], states: list[dict[str, Any]]) -> Condition:
    method = as_text(adapter.get("method"))
    around = {name: as_text(adapter.get(name)) for name in adapter}
    choices = "{reference_prefix}{{choices}}{reference_suffix}" if method.startswith("multiple_choice") else ""
    template = "{input_prefix}{{prompt}}{input_suffix}" + choices + "{output_prefix}"
    names = ("input_prefix", "input_suffix", "reference_prefix", "reference_suffix", "output_prefix")
    shown = template.format(**{name: around.get(name, "") for name in names})
    if method not in ("", "generation", "multiple_choice_joint", "multiple_choice_separate_original"):
        # Nothing else in a condition could tell such methods apart.
        shown += f"\n[{method}]"
    answer: Literal["generate", "likelihood"] = "likelihood" if method in _LIKELIHOOD else "generate"
    return Condition(
        form="plain",
        template=shown,
        preamble=_preamble(adapter, states),
        temperature=as_number(adapter.get("temperature"), 1.0),
        top_p=as_number(as_object(states[0].get("request")).get("top_p"), 1.0) if states else 1.0,
        answer=answer,
        max_tokens=as_count(adapter.get("max_tokens")) or 0,
        stop=as_texts(adapter.get("stop_sequences")),
    )


def _preamble(adapter: dict[str, Any], states: list[dict[str, Any]]) -> str:
    """What stood before the questions, from the request with the most worked examples of the first trial."""
    most = max(
        (state for state in states if state.get("train_trial_index") == 0),
        key=lambda state: as_number(state.get("num_train_instances"), 0),
        default={},
    )
    prompt = as_text(as_object(most.get("request")).get("prompt"))
    question = as_text(as_object(as_object(most.get("instance")).get("input")).get("text"))
    before = prompt.rpartition(as_text(adapter.get("input_prefix")) + question) if question else ("", "", "")
    if before[1]:
        return before[0]
    examples = as_count(adapter.get("max_train_instances"))
    said = as_text(adapter.get("global_prefix")) + as_text(adapter.get("instructions"))
    return said + (f"[{examples} worked examples]" if examples else "")
