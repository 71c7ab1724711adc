"""lm-eval."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from ingest.importer import Log, LogError, Told
from ingest.importers.lm_eval import LmEval
from ingest.metrics import PASS, UP, Scale
from tests.importers.damaged import assert_survives, claims, values
from tests.importers.lm_eval_logs import (
    DATE,
    GREEDY,
    imported,
    only_condition,
    only_sample,
    results,
    row,
    sum_row,
    written,
)

REAL = Path(__file__).parents[3] / "shared/data/logs/lm_eval"


@pytest.mark.skipif(not REAL.exists(), reason="shared/data/logs is not beside this checkout")
def test_a_real_log() -> None:
    """Ten of 5,000 samples, with the question alone as prompt, and how it was asked as condition."""
    (key,) = REAL.glob("samples_*.jsonl")
    log = imported(key)
    assert (log.rows, log.refused.total(), log.partial) == (10, 0, "10 of 5,000 samples")
    assert (log.tool, log.tool_version) == ("lm-eval", "0.4.9.2")
    assert log.results["value"].to_list() == [0.0] * 10 and log.results["main"].all()
    assert log.scales == {"exact_match": PASS}
    (model,) = log.models
    assert model.parameters == 93_069_280 and model.model_id.startswith("RylanSchaeffer/mem_Qwen3-93M")
    condition = only_condition(log)
    assert condition.template == "Problem: {prompt}\n\nSolution:"
    assert (condition.form, condition.temperature, condition.max_tokens) == ("plain", 0.0, 512)
    assert condition.stop == ("Problem:", "\n\n") and condition.revision.startswith("82047f5e")
    first = log.samples[log.results["sample"][0]]
    assert first.prompt == "How many vertical asymptotes does the graph of $y=\\frac{2}{x^3-x}$ have?"
    assert (first.reference, first.tags, first.source) == ("3", ("Algebra",), "lm-eval:math_perturbed_full")


@pytest.mark.skipif(not REAL.exists(), reason="shared/data/logs is not beside this checkout")
def test_aggregates_alone(tmp_path: Path) -> None:
    """Results without samples are no results of samples; those with samples are part of their log."""
    (key,) = REAL.glob("results_*.json")
    (samples,) = REAL.glob("samples_*.jsonl")
    assert LmEval().claim(samples, samples.read_bytes()[:65536]) == (samples, key)
    with pytest.raises(LogError, match="import its samples, such as samples_math_perturbed_full"):
        imported(key)
    alone = tmp_path / key.name
    alone.write_bytes(key.read_bytes())
    with pytest.raises(LogError, match="run lm-eval with --log_samples"):
        imported(alone)


def test_told_by_content(tmp_path: Path) -> None:
    """Whatever the file is called; a first line longer than what is looked at is no hindrance."""
    path = tmp_path / "mine.txt"
    path.write_text(json.dumps(sum_row(1)) + "\n")
    assert claims(LmEval(), path)
    path.write_text(json.dumps(row(0, {"text": "x" * 70_000}, "p", "t", acc=1)) + "\n")
    assert claims(LmEval(), path)
    for other in ('{"model": "a", "sample": "b", "value": 1}\n', '{"results": {}}', "[]", ""):
        path.write_text(other)
        assert not claims(LmEval(), path)


def test_the_results_file_is_that_of_the_same_run(tmp_path: Path) -> None:
    """By its date; another run's model is not taken, and then the user has to say it."""
    path = written(tmp_path, [sum_row(1)])
    (tmp_path / f"results_{DATE}.json").rename(tmp_path / "results_2026-01-22T00-00-00.000001.json")
    with pytest.raises(LogError, match="--model"):
        imported(path)
    log = imported(path, Told(model="mine"))
    assert log.results["model"].to_list() == ["mine"] and log.partial == ""
    assert "no results file is beside it" in log.warnings[0]
    assert only_sample(log).source == "lm-eval:sums"


def test_the_longest_task_name_that_fits(tmp_path: Path) -> None:
    """Names of tasks contain each other, and a file may have been renamed."""
    about = results("mmlu_law")
    about["results"] |= {"mmlu": {}, "law": {}}
    about["group_subtasks"] = {"mmlu": ["mmlu_law"]}
    log = imported(written(tmp_path, [sum_row(1)], about, task="x_mmlu_law"))
    assert only_sample(log).source == "lm-eval:mmlu_law"
    assert only_sample(log).tags == ("law", "sums")


def test_filters_are_metrics_and_the_first_is_the_main_one(tmp_path: Path) -> None:
    """A doc has a row for each filter."""
    about = results()
    about["configs"]["sums"]["filter_list"] = [{"name": "strict"}, {"name": "loose"}]
    about["results"]["sums"] = {"exact_match,strict": 0.5, "exact_match,loose": 1.0}
    about["n-samples"]["sums"]["effective"] = 2
    rows = [sum_row(i, filter="loose") for i in (0, 1)]
    rows += [sum_row(i, exact_match=float(i), filter="strict") for i in (0, 1)]
    log = imported(written(tmp_path, rows, about))
    assert log.partial == "" and len(log.samples) == 2
    mains = log.results.group_by("metric", maintain_order=True).agg("main", "value").rows()
    assert mains == [
        ("exact_match,loose", [False, False], [1.0, 1.0]),
        ("exact_match,strict", [True, True], [0.0, 1.0]),
    ]


def test_one_main_metric_in_the_order_of_the_task(tmp_path: Path) -> None:
    """The first that has a value: lists, of which only lm-eval makes a figure, are left out and counted."""
    about = results(higher_is_better={"sums": {"acc": True, "acc_norm": True, "f1": True}})
    about["configs"]["sums"]["metric_list"] = [{"metric": "f1"}, {"metric": "acc_norm"}, {"metric": "acc"}]
    about["results"]["sums"] = {"f1,none": 0.3, "acc,none": 1.0, "acc_norm,none": 0.0}
    doc = {"question": "Which?", "choices": ["a red", "a blue"], "gold": 1}
    one = row(0, doc, "Which?", 1, asked=[" a red", " a blue"], acc=1.0, f1=[1, 0], acc_norm=0.0)
    about["n-samples"]["sums"]["effective"] = 1
    log = imported(written(tmp_path, [one], about))
    assert log.results.select("metric", "main").rows() == [("acc", False), ("acc_norm", True)]
    assert log.warnings == ["f1: lists, of which only lm-eval makes one figure; left out: 1"]
    assert (only_sample(log).reference, only_condition(log).answer) == ("a blue", "likelihood")


def test_missing_is_never_zero(tmp_path: Path) -> None:
    """NaN and None have a reason; what is no number, or none that the metric can have, is refused."""
    bad = [math.nan, None, "0.5", 7, 10**400, True]
    log = imported(written(tmp_path, [sum_row(i, exact_match=value) for i, value in enumerate(bad)]))
    assert log.results.select("value", "reason").rows() == [(None, "NaN"), (None, "no value"), (1.0, "")]
    assert log.refused == {"exact_match is no number": 1, "exact_match out of its range": 2}


def test_direction_comes_from_the_log(tmp_path: Path) -> None:
    """Else from what everyone knows, else the import asks."""
    about = results(higher_is_better={"sums": {"odd": False, "exact_match": True}})
    about["results"]["sums"] |= {"odd,none": 3.0}
    log = imported(written(tmp_path, [sum_row(1, odd=3.0)], about))
    assert log.scales["odd"] == Scale(direction="down")
    about["higher_is_better"] = {}
    path = written(tmp_path, [sum_row(1, odd=3.0)], about)
    with pytest.raises(LogError, match="--metric 'odd=up'"):
        imported(path)
    assert imported(path, Told(scales={"odd": UP})).scales["odd"] == UP


def test_perplexity_holds_likelihoods(tmp_path: Path) -> None:
    """Of which lm-eval makes one perplexity; more is better."""
    about = results(higher_is_better={"sums": {"perplexity": False, "acc": True}})
    about["results"]["sums"] = {"perplexity,none": 20.1, "acc,none": 0.0}
    about["configs"]["sums"]["metric_list"] = [
        {"metric": "perplexity", "aggregation": "perplexity"},
        {"metric": "acc", "aggregation": "mean"},
    ]
    about["n-samples"]["sums"]["effective"] = 1
    one = row(0, {"text": "the end of it"}, "the end of", "it", asked=[" it"], perplexity=-3.0, acc=0)
    log = imported(written(tmp_path, [one], about))
    assert log.results.select("metric", "value").rows() == [("loglikelihood", -3.0), ("acc", 0.0)]
    assert log.scales["loglikelihood"] == UP and log.partial == ""
    assert (only_sample(log).prompt, only_sample(log).reference) == ("the end of", "it")


def test_values_that_stand_for_another_doc(tmp_path: Path) -> None:
    """Where a task's own aggregation passes over -1, that is no value."""
    about = results(higher_is_better={"sums": {"4096": True, "8192": True}})
    source = "def f(values):\n    return mean([x for x in values if x != -1])\n"
    about["configs"]["sums"]["metric_list"] = [{"metric": m, "aggregation": source} for m in ("4096", "8192")]
    about["results"]["sums"] = {"4096,none": 1.0, "8192,none": 0.5}
    one = sum_row(1)
    one |= {"metrics": ["4096", "8192"], "4096": -1.0, "8192": 0.5}
    log = imported(written(tmp_path, [one], about))
    assert log.results.select("metric", "value", "main").rows() == [("8192", 0.5, True)]


def test_outputs_that_nobody_scored(tmp_path: Path) -> None:
    """lm-eval puts a number beside them that is none."""
    about = results()
    about["results"]["sums"] = {"bypass,none": 999}
    one = sum_row(1) | {"metrics": ["bypass"], "bypass": 999}
    log = imported(written(tmp_path, [one], about))
    assert log.rows == 0 and log.warnings == ["outputs that were not scored (lm-eval's --predict_only): 1"]


def test_repeats_are_warned_of(tmp_path: Path) -> None:
    """The metric is already one of all answers."""
    log = imported(written(tmp_path, [sum_row(1, resps=[["a", "b", "c"]])]))
    assert log.rows == 1 and "asked 3 times" in log.warnings[0]


def test_a_file_that_was_written_twice(tmp_path: Path) -> None:
    """lm-eval appends: the second of a row is handed on, and what is there is still whole."""
    about = results(**{"n-samples": {"sums": {"effective": 2}}})
    log = imported(written(tmp_path, [sum_row(0), sum_row(1), sum_row(0), sum_row(1)], about))
    assert (log.rows, len(log.samples), log.partial) == (4, 2, "")


def test_what_is_not_whole_says_so(tmp_path: Path) -> None:
    """Too few rows, a row cut short, a mean that is not the log's."""
    about = results()
    assert imported(written(tmp_path, [sum_row(0)], about)).partial == "1 of 3 samples"
    log = imported(written(tmp_path, [sum_row(0), sum_row(1), sum_row(2, exact_match=0.0)], about))
    assert log.partial == "the mean of exact_match is 0.6667, but 1.0000 in the results file"
    path = written(tmp_path, [sum_row(i) for i in range(3)], about)
    assert imported(path).partial == ""
    path.write_bytes(path.read_bytes()[:-20])
    log = imported(path)
    assert log.partial == "its last line is cut short; 2 of 3 samples"
    assert (log.results.height, log.refused) == (2, {"not JSON": 1})


def test_two_filters_tell_of_a_cut_without_results(tmp_path: Path) -> None:
    """Rows of the second one lack."""
    rows = [sum_row(0, filter="a"), sum_row(1, filter="a"), sum_row(0, filter="b")]
    assert imported(written(tmp_path, rows, {}), Told(model="m")).partial == "1 of 2 samples"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"doc": {"question": "What is 0 + 2?"}}, "does not fit its doc_hash"),
        ({"target": "2"}, "does not fit its target_hash"),
        ({"prompt_hash": "0"}, "does not fit its prompt_hash"),
        ({"filter": "nonf"}, "a metric of which the results file does not know"),
        ({"metrics": ["exact_matci"]}, "a metric that is named has no value"),
        ({"metrics": "exact_match"}, "not a sample of lm-eval"),
        ({"doc_id": None}, "not a sample of lm-eval"),
        ({"arguments": {}}, "arguments are not understood"),
        ({"arguments": {"gen_args_0": {"arg_1": {}}}}, "arguments are not understood"),
        ({"resps": None}, ""),
    ],
)
def test_damaged_rows_are_refused(tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    """And the others are read."""
    log = imported(written(tmp_path, [sum_row(0) | change, sum_row(1)]))
    assert log.results["row"].to_list() == ([2] if reason else [1, 2])
    assert log.refused == ({reason: 1} if reason else {})


def test_lines_that_are_no_rows(tmp_path: Path) -> None:
    """Half a surrogate pair, bytes of no encoding, nesting without end, lists."""
    surrogate = json.dumps(sum_row(0, name="x")).replace("What is", "What \\ud800 is").encode()
    lines = [surrogate, b'{"doc_id": \xff}', b"[" * 100_000, b"[1]", b'{"doc_id": 1}', b"  "]
    log = imported(written(tmp_path, [*lines, sum_row(7)]))
    assert log.results["row"].to_list() == [7] and log.refused.total() == 5
    assert log.refused["not Unicode"] == 1


def test_hashes_of_something_else(tmp_path: Path) -> None:
    """Where no row fits, none is damaged; an object's address in memory is another one each time."""
    rows = [sum_row(i) | {"doc_hash": "0"} for i in range(6)]
    log = imported(written(tmp_path, rows))
    assert (log.results.height, log.refused.total()) == (6, 0) and "doc_hash fits no row" in log.warnings[0]
    pictures = [sum_row(i) for i in range(2)]
    for one in pictures:
        one["doc"]["image"] = "<PIL.Image.Image size=4x4 at 0x7f55aa>"
    assert imported(written(tmp_path, pictures)).refused.total() == 0


def test_a_broken_results_file(tmp_path: Path) -> None:
    """Is not passed over: it may be the one that names the model."""
    path = written(tmp_path, [sum_row(0)])
    about = tmp_path / f"results_{DATE}.json"
    whole = about.read_bytes()
    about.write_bytes(whole[:-5])
    with pytest.raises(LogError, match="not whole JSON"):
        imported(path)
    about.write_bytes(whole.replace(b"org/model", b"org/nodel"))
    with pytest.raises(LogError, match="names its model"):
        imported(path)


def test_rows_of_older_versions(tmp_path: Path) -> None:
    """Arguments in lists, no names of metrics, no filter, no hashes."""
    one = sum_row(0)
    one["arguments"] = [["Q: What is 0 + 1?\nA:", GREEDY]]
    kept = {key: value for key, value in one.items() if "hash" not in key and key not in ("metrics", "filter")}
    log = imported(written(tmp_path, [kept]))
    assert log.results.select("metric", "value").rows() == [("exact_match", 1.0)]
    mixed = imported(written(tmp_path, [kept, sum_row(1)]))
    assert mixed.refused == {"lacks what other rows have": 1}


@pytest.mark.slow
def test_damaged_files(tmp_path: Path) -> None:
    """No value is read that the log does not hold of that sample, unless the log says that something is wrong."""
    rows: list[dict[str, Any] | bytes] = []
    for place in range(8):
        doc = {"question": f"Which gas is {place}?", "choices": [f"gas {place}", f"Argon {place}"], "subject": "é"}
        prompt = f"The following.\n\nWhich gas is {place}?\nA. gas {place}\nB. Argon {place}\nAnswer:"
        asked = [" A", " B"] if place % 2 else GREEDY
        rows.append(row(place, doc, prompt, "B", asked=asked, exact_match=float(place % 3 > 0)))
    about = results(**{"n-samples": {"sums": {"original": 8, "effective": 8}}})
    about["results"]["sums"]["exact_match,none"] = 5 / 8
    key = written(tmp_path, rows, about)
    whole = imported(key)
    assert (whole.partial, whole.refused.total(), whole.results.height) == ("", 0, 8)
    said = {cell[1:] for cell in values(whole)}

    def check(log: Log) -> None:
        assert {cell[1:] for cell in values(log)} <= said or log.partial or log.refused

    assert_survives(LmEval(), key, also=(tmp_path / f"results_{DATE}.json",), check=check)
