"""Logs of lm-eval, as it writes them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from ingest.importer import Log, Told
from ingest.importers.lm_eval import LmEval
from ingest.records import Condition, Sample
from tests.importers.damaged import read

DATE = "2026-01-21T03-44-18.458309"
GREEDY = {"until": ["\n\n"], "do_sample": False, "temperature": 0.0, "max_gen_toks": 64}


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def row(
    number: int,
    doc: Any,
    prompt: Any,
    target: Any,
    *,
    asked: Any = None,
    filter: str = "none",
    resps: Any = None,
    **metrics: Any,
) -> dict[str, Any]:
    """A row as lm-eval writes it. asked: options of generation, or the continuations of a multiple choice."""
    asked = GREEDY if asked is None else asked
    requests = [(prompt, one) for one in asked] if isinstance(asked, list) else [(prompt, asked)]
    text = prompt[0] if isinstance(prompt, list) else prompt
    return {
        "doc_id": number,
        "doc": doc,
        "target": str(target),
        "arguments": {
            f"gen_args_{i}": {f"arg_{j}": one for j, one in enumerate(request)}
            for i, request in enumerate(requests)
        },
        "resps": resps or [["an output"]] * len(requests),
        "filtered_resps": ["an output"] * len(requests),
        "filter": filter,
        "metrics": [*metrics],
        "doc_hash": sha256(json.dumps(doc, indent=2, ensure_ascii=False)),
        "prompt_hash": sha256(text),
        "target_hash": sha256(str(target)),
        **metrics,
    }


def sum_row(number: int, exact_match: Any = 1.0, **more: Any) -> dict[str, Any]:
    """Row of a sum, asked without examples."""
    doc = {"question": f"What is {number} + 1?", "answer": str(number + 1), "type": "sums"}
    return row(number, doc, f"Q: {doc['question']}\nA:", doc["answer"], **{"exact_match": exact_match, **more})


def results(task: str = "sums", **changed: Any) -> dict[str, Any]:
    """A results file; `None` takes a part away."""
    content = {
        "results": {task: {"alias": task, "exact_match,none": 1.0, "exact_match_stderr,none": 0.0}},
        "group_subtasks": {task: []},
        "configs": {
            task: {
                "task": task,
                "metric_list": [{"metric": "exact_match", "aggregation": "mean", "higher_is_better": True}],
                "fewshot_delimiter": "\n\n",
                "description": "",
            }
        },
        "versions": {task: 1.0},
        "n-shot": {task: 0},
        "higher_is_better": {task: {"exact_match": True}},
        "n-samples": {task: {"original": 3, "effective": 3}},
        "config": {"model": "hf", "model_num_parameters": 135_000_000, "model_sha": "abc"},
        "lm_eval_version": "0.4.9.2",
        "model_name": "org/model",
        "model_name_sanitized": "org__model",
        "chat_template": None,
        **changed,
    }
    return {key: value for key, value in content.items() if value is not None}


def written(
    folder: Path, rows: list[dict[str, Any] | bytes], about: dict[str, Any] | None = None, task: str = "sums"
) -> Path:
    """A samples file, with a results file beside it unless that is empty."""
    folder.mkdir(exist_ok=True)
    path = folder / f"samples_{task}_{DATE}.jsonl"
    lines = [one if isinstance(one, bytes) else json.dumps(one, ensure_ascii=False).encode() for one in rows]
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    if about != {}:
        about = about or results(task, **{"n-samples": {task: {"original": 9, "effective": len(rows)}}})
        (folder / f"results_{DATE}.json").write_text(json.dumps(about, indent=2))
    return path


def imported(path: Path, told: Told | None = None) -> Log:
    return read(LmEval(), path, told)


def only_sample(log: Log) -> Sample:
    (sample,) = log.samples.values()
    return sample


def only_condition(log: Log) -> Condition:
    (condition,) = log.conditions.values()
    return condition
