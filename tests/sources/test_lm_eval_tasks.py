"""Tasks of lm-eval as samples: asked to the letter as lm-eval asks, and judged as it judges."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from evalhub import plugins
from evalhub.backends.base import Score
from evalhub.graders.likelihood import Likelihood, write_scores
from evalhub.pool import ingest
from evalhub.scoring.likelihood import metrics
from evalhub.scoring.prompt import request
from evalhub.store.hub import Hub
from evalhub.store.origins import sources
from evalhub.store.samples import Added, choose_samples, load_samples
from ingest.records import Sample, Status
from ingest.source import SourceError
from ingest.sources import lm_eval as source
from ingest.sources import lm_eval_tasks
from ingest.sources.lm_eval import LmEval
from tests.sources.lm_eval_files import CHOICE, GENERATE, ROWS, write_task

pytest.importorskip("lm_eval", reason='lm-eval is not installed: pip install "evalhub[lm-eval]"')

LETTERS = {
    **CHOICE,
    "doc_to_text": "{{question}}\nA. {{choices[0]}}\nB. {{choices[1]}}\nAnswer:",
    "doc_to_choice": ["A", "B", "C", "D"],
}
TARGET = {
    "output_type": "loglikelihood",
    "doc_to_text": "{{question}}",
    "doc_to_target": " {{choices[answer]}}",
    "metric_list": [{"metric": "acc"}, {"metric": "perplexity"}],
}
TEXT = {"output_type": "loglikelihood_rolling", "doc_to_text": "", "doc_to_target": "{{question}} Yes."}
SHOTS = {"fewshot_split": "train", "num_fewshot": 3}
SAME_SHOTS = {**SHOTS, "fewshot_config": {"sampler": "first_n"}}

TASKS = {
    "choice": CHOICE,
    "described": {**CHOICE, "description": "Sums, and {prompt} more.\n\n"},
    "shots": {**CHOICE, **SHOTS, "description": "Sums.\n\n"},
    "same_shots": {**CHOICE, **SAME_SHOTS},
    "letters": LETTERS,
    "no_delimiter": {**CHOICE, "target_delimiter": ""},
    "new_line": {**CHOICE, "target_delimiter": "\n"},
    "trailing_space": {**CHOICE, "doc_to_text": "{{question}} It is: "},
    "prefix": {**CHOICE, "gen_prefix": "It is"},
    "no_prompt": {**CHOICE, "doc_to_text": ""},
    "marks": {**CHOICE, "doc_to_text": "{prompt} {choices} {{question}}"},
    "target": TARGET,
    "target_shots": {**TARGET, **SHOTS},
    "bare_target": {**TARGET, "doc_to_target": "{{choices[answer]}}"},
    "text": TEXT,
    "generate": GENERATE,
    "generate_shots": {**GENERATE, **SHOTS},
    "generate_prefix": {**GENERATE, "gen_prefix": "Well,"},
}


def drawn(folder: Path, name: str, **options: Any) -> list[Sample]:
    return list(LmEval().samples(path=name, include_path=str(folder), **options))


def task_of(folder: Path, name: str) -> Any:
    """lm-eval's own object, made ready as its own run does."""
    from lm_eval.tasks import TaskManager

    task = TaskManager(include_path=str(folder), include_defaults=False).load(name)["tasks"][name]
    task.set_config(key="num_fewshot", value=task.get_config("num_fewshot") or 0)
    task.set_fewshot_seed(seed=1234)
    task.build_all_requests()
    return task


@pytest.mark.parametrize("name", TASKS)
def test_what_is_sent_is_what_lm_eval_sends(tmp_path: Path, name: str) -> None:
    """Prompt and continuation of every request, in order; the seed for worked examples is lm-eval's own."""
    folder = write_task(tmp_path / "tasks", name, TASKS[name])
    sent = []
    for sample in drawn(folder, name):
        asked = request(sample, sample.condition, 0, 0)
        prompt = sample.condition.preamble + asked.text
        if TASKS[name]["output_type"] == "generate_until":
            sent.append((prompt,))
        else:
            sent += [(prompt, text) if prompt or name == "no_prompt" else (text,) for text in asked.continuations]
    theirs = [one.args for one in task_of(folder, name).instances]
    if TASKS[name]["output_type"] == "generate_until":
        theirs = [args[:1] for args in theirs]
    assert sent == theirs


def test_a_question_is_taken_out_of_what_all_docs_have_around_it(tmp_path: Path) -> None:
    """What is a doc's own stays with it, whatever the limit."""
    folder = write_task(tmp_path / "tasks", "choice", {**CHOICE, **SHOTS})
    first, *_ = drawn(folder, "choice")
    assert (first.prompt, first.reference) == (ROWS[0]["question"], ROWS[0]["choices"][ROWS[0]["answer"]])
    assert first.condition.template == "Question: {prompt}\nAnswer:"
    assert first.condition.preamble.count("Question:") == 3 and first.choices == tuple(ROWS[0]["choices"])
    assert (first.source, first.source_id, first.grader) == ("lm-eval:choice", "0", "choice")
    write_task(folder, "letters", LETTERS)
    one, *_ = drawn(folder, "letters", limit=1)
    assert one == drawn(folder, "letters")[0]
    assert one.prompt.startswith(ROWS[0]["question"]) and "A. " in one.prompt and one.reference == "A"
    write_task(folder, "alone", CHOICE, ROWS[:1])
    assert drawn(folder, "alone")[0].prompt == f"Question: {ROWS[0]['question']}\nAnswer:"


def test_conditions(tmp_path: Path) -> None:
    """One where all docs have the same examples, else one for each; the seed draws as many as num_fewshot says."""
    folder = write_task(tmp_path / "tasks", "same", {**CHOICE, **SAME_SHOTS})
    assert len({sample.condition for sample in drawn(folder, "same")}) == 1
    write_task(folder, "shots", {**CHOICE, **SHOTS})
    usual = drawn(folder, "shots")
    assert len({sample.condition for sample in usual}) > 20
    assert drawn(folder, "shots", limit=4) == usual[:4] and drawn(folder, "shots", seed=1234) == usual
    other = drawn(folder, "shots", seed=7)
    assert [one.sample_id for one in other] == [one.sample_id for one in usual]
    assert {one.condition for one in other} != {one.condition for one in usual}
    assert drawn(folder, "shots", num_fewshot=5)[0].condition.preamble.count("Question:") == 5
    assert drawn(folder, "shots", num_fewshot=0)[0].condition.preamble == ""


def test_decoding(tmp_path: Path) -> None:
    """As the task says, else as lm-eval does."""
    folder = write_task(tmp_path / "tasks", "greedy", GENERATE)
    condition = drawn(folder, "greedy", limit=1)[0].condition
    assert (condition.form, condition.answer, condition.temperature) == ("plain", "generate", 0.0)
    assert (condition.max_tokens, condition.stop) == (8, ("\n", "Q:"))
    sampled = {"do_sample": True, "temperature": 0.7, "top_p": 0.9, "until": ["\n"], "num_beams": 1}
    write_task(folder, "sampled", {**GENERATE, "generation_kwargs": sampled})
    condition = drawn(folder, "sampled", limit=1)[0].condition
    assert (condition.temperature, condition.top_p, condition.max_tokens) == (0.7, 0.9, 256)
    write_task(folder, "bare", {key: value for key, value in GENERATE.items() if key != "generation_kwargs"})
    condition = drawn(folder, "bare", limit=1)[0].condition
    assert (condition.temperature, condition.max_tokens, condition.stop) == (0.0, 256, ("\n\n",))
    sampled["temperature"], sampled["do_sample"] = 0.7, False
    write_task(folder, "not_sampled", {**GENERATE, "generation_kwargs": sampled})
    assert drawn(folder, "not_sampled", limit=1)[0].condition.temperature == 0.0


def test_likelihoods_come_to_lm_evals_own_figures(tmp_path: Path) -> None:
    """acc, acc_norm and acc_bytes of every doc, ties included; acc and the log-likelihood of a target."""
    choice = {**CHOICE, "metric_list": [{"metric": name} for name in ("acc", "acc_norm", "acc_bytes")]}
    folder = write_task(tmp_path / "tasks", "choice", choice)
    drawing = random.Random(0)
    seen = set()
    for sample, row in zip(drawn(folder, "choice"), (task := task_of(folder, "choice")).task_docs, strict=True):
        scores = tuple(Score(float(-drawing.randint(1, 6)), 1, drawing.random() < 0.5) for _ in sample.choices)
        theirs = task.process_results(row, [(score.logprob, score.greedy) for score in scores])
        ours = {one.metric: one.value for one in metrics(sample, "", scores)}
        ours["acc"] = Likelihood().grade(sample, write_scores(scores)).value or 0.0
        assert {name: ours[name] for name in theirs} == theirs
        seen.add(tuple(theirs.values()))
    assert len(seen) > 3
    write_task(folder, "target", TARGET)
    for sample, row in zip(drawn(folder, "target"), (task := task_of(folder, "target")).task_docs, strict=True):
        score = Score(-drawing.random(), 2, drawing.random() < 0.5)
        theirs = task.process_results(row, [(score.logprob, score.greedy)])
        (metric,) = metrics(sample, "", (score,))
        passed = Likelihood().grade(sample, write_scores([score])).value
        assert {"acc": passed, "perplexity": metric.value} == theirs


def test_a_target_is_asked_without_its_white_space(tmp_path: Path) -> None:
    """Which parts it from the prompt; so it is the same sample as another tool's."""
    folder = write_task(tmp_path / "tasks", "target", TARGET)
    sample = drawn(folder, "target", limit=1)[0]
    assert sample.reference == ROWS[0]["choices"][0] and sample.condition.separator == " "
    assert sample.condition.answer == "likelihood" and not sample.choices


CODE = """
from lm_eval.api.filter import Filter

class Bracketed(Filter):
    def apply(self, resps, docs):
        return [[text.strip("[]") for text in texts] for texts in resps]

def process_results(doc, results):
    return {"exact_match": doc["choices"][doc["answer"]] in results[0], "length": len(results[0])}

def count(items):
    return len(items)
"""

WORD = {"function": "regex", "regex_pattern": r"(\w+)"}
FIRST_WORD = {"name": "word", "filter": [WORD, {"function": "take_first"}]}
OWN_FILTER = {"name": "own", "filter": [{"function": "!function utils.Bracketed"}, {"function": "take_first"}]}
JUDGED = {
    "plain": GENERATE,
    "loose": {**GENERATE, "metric_list": [{**GENERATE["metric_list"][0], "ignore_case": True}]},
    "filtered": {**GENERATE, "filter_list": [FIRST_WORD]},
    "two filters": {**GENERATE, "filter_list": [FIRST_WORD, OWN_FILTER]},
    "own filter": {**GENERATE, "filter_list": [OWN_FILTER]},
    "own code": {**GENERATE, "process_results": "!function utils.process_results"},
    "by choice": {**GENERATE, "doc_to_choice": "{{choices}}", "doc_to_target": "answer"},
    "several": {**GENERATE, "doc_to_target": "{{choices}}"},
    "number": {**GENERATE, "doc_to_target": "answer"},
}


@pytest.mark.parametrize("name", JUDGED)
def test_answers_are_judged_as_lm_eval_judges_them(tmp_path: Path, hub: Hub, name: str) -> None:
    """Also after the sample was in the store."""
    name_ = name.replace(" ", "_")
    folder = write_task(tmp_path / "tasks", name_, JUDGED[name], code=CODE)
    assert ingest(hub, f"lm-eval:{name_}", {"include_path": str(folder), "limit": "6"}) == Added(6, 6)
    samples = {sample.source_id: sample for sample in load_samples(hub, choose_samples(hub))}
    grader = plugins.make("grader", "lm-eval")
    assert grader.refuses() == "" and grader.version.startswith("lm-eval 0")
    task = task_of(folder, name_)
    values = set()
    for number in range(6):
        row, sample = task.task_docs[number], samples[str(number)]
        right = row["choices"][row["answer"]]
        said = [right, right.upper(), f"[{right}]", f"{right} ", "", "1", str(row["answer"]), *row["choices"]]
        for text in said:
            instance = task.construct_requests(row, "", metadata=("", number, 1))
            instance.resps = [text]
            task._filters[0].apply([instance])
            theirs = task.process_results(row, list(instance.filtered_resps.values())[:1])["exact_match"]
            verdict = grader.grade(sample, text)
            assert (verdict.status, verdict.value) == (Status.OK, float(theirs)), text
            values.add(verdict.value)
    assert values == {0.0, 1.0}


def test_a_reference_says_all_that_judging_takes(tmp_path: Path) -> None:
    """And no more: it is part of the sample's identity."""
    folder = write_task(tmp_path / "tasks", "filtered", JUDGED["filtered"], code=CODE)
    sample = drawn(folder, "filtered", limit=1)[0]
    assert sample.reference == {
        "target": ROWS[0]["choices"][0],
        "metric": {"metric": "exact_match"},
        "filter": FIRST_WORD["filter"],
    }
    write_task(folder, "own", JUDGED["own code"])
    reference: Any = drawn(folder, "own", limit=1)[0].reference
    assert reference["doc"] == ROWS[0]
    assert reference["process_results"] == {"code": f"{folder / 'utils.py'}:process_results"}


REFUSED = {
    "two prompts": (
        {**CHOICE, "doc_to_text": "{{answer}}", "doc_to_target": " so"},
        "has a prompt for each choice",
    ),
    "two right": ({**CHOICE, "doc_to_target": "{{[0, 1]}}"}, "2 choices are right, of which a sample has one"),
    "none right": ({**CHOICE, "doc_to_target": "not this"}, "'not this' is none of its 4 choices"),
    "another metric": (
        {**CHOICE, "metric_list": [{"metric": "mcc"}]},
        "is measured by mcc, and here by acc, acc_norm",
    ),
    "own likelihoods": (
        {**CHOICE, "process_results": "!function utils.process_results"},
        "measures likelihoods by code of its own",
    ),
    "a grade": ({**GENERATE, "metric_list": [{"metric": "bleu"}]}, "its first metric, bleu, grades answers"),
    "corpus": (
        {**GENERATE, "metric_list": [{"metric": "exact_match", "aggregation": "!function utils.count"}]},
        "its first metric, exact_match, counts over all answers together",
    ),
    "repeats": ({**GENERATE, "repeats": 4}, "asks each question 4 times"),
    "unsafe": ({**GENERATE, "unsafe_code": True}, "runs code that the model wrote"),
    "images": ({**GENERATE, "doc_to_image": "question"}, "shows images or plays sounds"),
    "beams": (
        {**GENERATE, "generation_kwargs": {"until": ["\n"], "num_beams": 4}},
        "it generates with num_beams=4",
    ),
    "other bytes": (
        {**TEXT, "process_results": "!function utils.process_results"},
        "it counts words or bytes of another text than it scores",
    ),
    "no examples": (
        {**CHOICE, "fewshot_split": "train", "num_fewshot": 40},
        "prompts of no_examples cannot be loaded",
    ),
    "no field": ({**CHOICE, "doc_to_target": "{{nothing.there}}"}, "lm-eval's no_field cannot be loaded"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_carried_is_one_clear_line(hub: Hub, tmp_path: Path, name: str) -> None:
    """And adds nothing."""
    config, message = REFUSED[name]
    folder = write_task(tmp_path / "tasks", name.replace(" ", "_"), config, code=CODE)
    with pytest.raises(SourceError) as caught:
        ingest(hub, f"lm-eval:{name.replace(' ', '_')}", {"include_path": str(folder)})
    assert message in str(caught.value) and "\n" not in str(caught.value)
    assert sources(hub) == {}


def test_examples_that_a_task_never_has_are_not_passed_over(tmp_path: Path) -> None:
    folder = write_task(tmp_path / "tasks", "none", {**CHOICE, "num_fewshot": 0})
    with pytest.raises(SourceError, match="leave num_fewshot out"):
        drawn(folder, "none", num_fewshot=2)
    assert len(drawn(folder, "none", num_fewshot=0)) == len(ROWS)


@pytest.mark.slow
def test_groups_and_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A group is all its tasks, each a tag; an unknown name says what it may have been. It takes lm-eval's own
    list of tasks, which is read once."""
    manager, managers = lm_eval_tasks._manager, list[Any]()

    def once(name: str, folder: Path | None) -> Any:
        managers[:] = managers or [manager(name, folder)]
        return managers[0]

    monkeypatch.setattr(lm_eval_tasks, "_manager", once)
    folder = write_task(tmp_path / "tasks", "sums_one", CHOICE)
    write_task(folder, "sums_two", GENERATE)
    (folder / "sums.yaml").write_text(json.dumps({"group": "sums", "task": ["sums_one", "sums_two"]}))
    samples = drawn(folder, "sums")
    assert len(samples) == 60 and {sample.source for sample in samples} == {"lm-eval:sums"}
    assert {sample.tags for sample in samples} == {("sums_one",), ("sums_two",)}
    assert samples[0].source_id == "sums_one/0" and len({sample.source_id for sample in samples}) == 60
    assert drawn(folder, "sums", limit=31) == samples[:31]
    with pytest.raises(SourceError, match=r"has no task 'sums_on', nor has .*: did you mean sums_one"):
        drawn(folder, "sums_on")


def test_data_that_is_on_the_hub_alone_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the hub is out of reach."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    away = {**CHOICE, "dataset_path": "no-such-owner/no-such-data", "dataset_kwargs": {}}
    folder = write_task(tmp_path / "tasks", "away", away)
    with pytest.raises(SourceError, match=r"lm-eval's away is not on this machine, .* out of reach") as caught:
        drawn(folder, "away")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "name the task: evalhub ingest lm-eval:TASK"),
        ({"path": "x", "include_path": "/no/such/folder"}, "include_path=/no/such/folder: no such folder"),
    ],
)
def test_a_wrong_call(options: dict[str, str], message: str) -> None:
    with pytest.raises(SourceError, match=message):
        list(LmEval().samples(**options))


def test_without_lm_eval_a_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "find_spec", lambda _: None)
    with pytest.raises(SourceError, match=r"pip install \"evalhub\[lm-eval\]\""):
        list(LmEval().samples(path="x"))
