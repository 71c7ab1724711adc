"""Generated answers as lm-eval judges them: its filters, its metrics, its tasks' own code.

A sample's reference holds what that takes: `target` (what the metric compares with), `metric` (its entry in the
task's YAML), `filter` (the steps of the first filter), and where the task's own code looks at it `doc` and
`process_results`. Code is named as `{"code": "MODULE:NAME"}`, of lm-eval or of a file by its path.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from ingest.metrics import known_scale
from ingest.records import JSON
from ingest.source import SourceError

_FREE_OF_DOCS = frozenset(("take_first", "regex", "remove_whitespace", "lowercase", "uppercase", "map"))
"""Filters that do not look at the doc."""

_TAKE_FIRST = [{"function": "take_first"}]
"""What lm-eval does where a task has no filters."""

_LATER = ("aggregation", "higher_is_better")
"""Parts of a metric's entry that say nothing of a single answer."""


@dataclass(frozen=True)
class Judged:
    """What an answer came to."""

    value: float
    answer: str
    """What the filters made of it."""


def judge(reference: Mapping[str, Any], text: str) -> Judged:
    """Value of the metric for an answer.

    Raises:
        Exception: whatever lm-eval or the task's own code raises.
    """
    answer = _filtered(reference["filter"], reference.get("doc", {}), text)
    name = reference["metric"]["metric"]
    if "process_results" in reference:
        values = _decoded(reference["process_results"])(reference["doc"], [answer])
    else:
        target = reference["target"]
        values = _comparison(json.dumps(reference["metric"]), isinstance(target, list)).process_results(
            {"target": target}, [answer]
        )
    value = values[name if isinstance(name, str) else _decoded(name).__name__]
    return Judged(float(value), str(answer))


def reference_of(task: Any, row: Mapping[str, Any], where: str) -> JSON:
    """What `judge` needs to say of answers to a doc what the task says of them.

    Raises:
        SourceError: the task does not pass or fail single answers, or cannot be asked to apart from its run.
    """
    metric = (task.config.metric_list or [{"metric": "exact_match"}])[0]
    name = metric["metric"] if isinstance(metric["metric"], str) else metric["metric"].__name__
    _check_metric(task, name, where)
    steps = task.config.filter_list[0]["filter"] if task.config.filter_list else _TAKE_FIRST
    target = task.doc_to_target(row)
    if task.config.doc_to_choice is not None and not task.config.process_results:
        target = task.doc_to_choice(row)[target]
    several = isinstance(target, list) and bool(target)
    if several != bool(task.multiple_target) and not task.config.process_results:
        raise SourceError(f"{where}: not all docs have lists of targets, but some: it cannot be made samples of")
    code = task.config.process_results
    reference: dict[str, Any] = {
        "target": target,
        "metric": {key: value for key, value in metric.items() if key not in _LATER},
        "filter": steps,
    }
    if callable(code):
        reference["process_results"] = code
    if callable(code) or any(step["function"] not in _FREE_OF_DOCS for step in steps):
        reference["doc"] = dict(row)
    try:
        kept: dict[str, Any] = json.loads(json.dumps(_encoded(reference), allow_nan=False))
    except (TypeError, ValueError, ImportError, OSError) as error:
        raise SourceError(f"{where}: what judges its answers cannot be written down ({error})") from None
    return kept


def _check_metric(task: Any, name: str, where: str) -> None:
    from lm_eval.api.metrics import mean, nanmean

    scale = known_scale(name)
    reason = ""
    if scale and scale.kind != "binary":
        reason = "grades answers"
    elif task.higher_is_better().get(name) is False:
        reason = "is better where it is lower"
    elif task.aggregation().get(name) not in (mean, nanmean):
        reason = "counts over all answers together"
    if reason:
        raise SourceError(f"{where}: its first metric, {name}, {reason}: here an answer passes or fails")


def check_judging(task: Any, row: Mapping[str, Any], reference: Any, where: str) -> None:
    """Hold a doc's reference to what the task itself says of an empty answer and of the target as answer.

    Raises:
        SourceError: they differ, or answers do not pass or fail.
    """
    name, target = reference["metric"]["metric"], reference["target"]
    name = name if isinstance(name, str) else _decoded(name).__name__
    for answer in ("", str(target[0] if isinstance(target, list) and target else target)):
        try:
            theirs = task.process_results(row, [_filtered(reference["filter"], row, answer)])[name]
            own = judge(reference, answer).value
        except Exception as error:  # code of the task
            said = " ".join(f"{type(error).__name__}: {error}".split())
            raise SourceError(
                f"{where}: answers cannot be judged apart from lm-eval's run ({said:.200})"
            ) from error
        if isinstance(theirs, list | tuple | dict | str) or float(theirs) not in (0.0, 1.0):
            raise SourceError(f"{where}: {name} is {theirs!r:.60} for an answer: here an answer passes or fails")
        if own != float(theirs):
            raise SourceError(f"{where}: its answers are judged otherwise apart from its run")


def _filtered(steps: Any, doc: Mapping[str, Any], text: str) -> Any:
    """What a filter's steps make of an answer."""
    from lm_eval.api.instance import Instance
    from lm_eval.filters import build_filter_ensemble

    decoded = _decoded(steps)
    parts = [(step["function"], {key: step[key] for key in step if key != "function"}) for step in decoded]
    instance = Instance("generate_until", dict(doc), ("", {}), 0, resps=[text])
    build_filter_ensemble("", parts).apply([instance])
    return instance.filtered_resps[""]


@cache
def _comparison(metric: str, several: bool) -> Any:
    """A task of lm-eval that compares answers with the target of a doc, of which that is all.

    Args:
        metric: the entry, as JSON.
        several: whether a target is a list, of which any will do.
    """
    from datasets import Dataset
    from lm_eval.api.task import ConfigurableTask

    class Comparison(ConfigurableTask):
        def download(self, *_: Any, **__: Any) -> None:
            self.dataset = {"test": Dataset.from_list([{"target": [""] if several else ""}])}

    entry = {**_decoded(json.loads(metric)), "aggregation": "mean", "higher_is_better": True}
    return Comparison(
        config={
            "task": "comparison",
            "test_split": "test",
            "output_type": "generate_until",
            "doc_to_text": "",
            "doc_to_target": "target",
            "generation_kwargs": {"until": []},
            "metric_list": [entry],
        }
    )


def _encoded(value: Any) -> Any:
    """JSON of a value that holds functions or classes.

    Raises:
        TypeError: one of them has no name to be found by.
    """
    if isinstance(value, Mapping):
        return {key: _encoded(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_encoded(one) for one in value]
    if not callable(value):
        return value
    module = str(getattr(value, "__module__", ""))
    if not module.startswith("lm_eval."):
        module = inspect.getsourcefile(value) or ""
    code = {"code": f"{module}:{getattr(value, '__qualname__', '')}"}
    if getattr(_decoded(code), "__qualname__", "") != getattr(value, "__qualname__", ""):
        raise TypeError(f"{value!r:.60} has no name")
    return code


def _decoded(value: Any) -> Any:
    """The inverse of `_encoded`."""
    if isinstance(value, dict) and value.keys() == {"code"}:
        module, _, name = value["code"].rpartition(":")
        found: Any = _module(module)
        for part in name.split("."):
            found = getattr(found, part, None)
        if not callable(found):
            raise TypeError(f"there is no {name} in {module}")
        return found
    if isinstance(value, dict):
        return {key: _decoded(one) for key, one in value.items()}
    return [_decoded(one) for one in value] if isinstance(value, list) else value


@cache
def _module(name: str) -> ModuleType:
    """A module of lm-eval, or the one in a file."""
    if not name.endswith(".py"):
        return importlib.import_module(name)
    if not Path(name).is_file():
        raise FileNotFoundError(f"{name} is gone, whose code judges the answers")
    spec = importlib.util.spec_from_file_location(f"evalhub_lm_eval_{abs(hash(name))}", name)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
