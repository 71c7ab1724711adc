"""The aggregates that lm-eval writes beside its samples: which model, which tasks, and how each was run."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingest.importer import LogError
from ingest.importers.json_files import as_count, as_list, as_object, as_text

_DATE = re.compile(r"_(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d(?:\.\d+)?)$")
"""lm-eval's, at the end of the names of all files of one run."""

_UNSAFE = re.compile(r'["<>:/|\\?*\[\]]+')
"""What lm-eval does not let into the name of a folder."""

_MOST = 2**28
"""Bytes of a results file; those with hundreds of tasks have a few million."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """What is known of a task. Without a results file that is its name alone."""

    name: str

    told: bool = False
    """Whether the results file tells of it."""

    metrics: tuple[str, ...] = ()
    """In the order of its configuration: the first is the one that counts."""

    filters: tuple[str, ...] = ()
    """In order; the first is the one that counts."""

    higher: Mapping[str, bool] = field(default_factory=dict)
    """Whether a higher value is better, by metric."""

    aggregation: Mapping[str, str] = field(default_factory=dict)
    """A name, or the source of a function, by metric."""

    aggregates: Mapping[str, Any] = field(default_factory=dict)
    """By `METRIC,FILTER`."""

    samples: int | None = None
    """How many were run."""

    shots: int | None = None
    """Worked examples before each question."""

    description: str = ""
    """Put before the prompt."""

    delimiter: str = "\n\n"
    """Between worked examples."""

    tag: str = ""
    """Which part of a group of tasks it is."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a results file says."""

    model: str = ""
    revision: str = ""
    version: str = ""
    parameters: int | None = None
    chat: bool = False
    """Whether the model's chat template was applied."""

    system: str = ""
    content: Mapping[str, Any] = field(default_factory=dict)

    def task(self, file: str) -> Task:
        """The task whose samples are in a file of this name: of several that fit, the longest."""
        name = _DATE.sub("", file.removesuffix(".jsonl")).removeprefix("samples_")
        results, configs = as_object(self.content.get("results")), as_object(self.content.get("configs"))
        known = {**results, **configs}
        fits = sorted((task for task in known if task and task in name), key=len)
        if name not in known and not fits:
            return Task(name=name)
        task = name if name in known else fits[-1]
        config = as_object(configs.get(task))
        entries = [
            entry
            for entry in as_list(config.get("metric_list"))
            if isinstance(entry, dict) and isinstance(entry.get("metric"), str)
        ]
        filters = [entry.get("name") for entry in as_list(config.get("filter_list")) if isinstance(entry, dict)]
        higher = self._of(task, "higher_is_better")
        return Task(
            name=task,
            told=True,
            metrics=tuple(entry["metric"] for entry in entries),
            filters=tuple(name for name in filters if isinstance(name, str)),
            higher={
                **{e["metric"]: e["higher_is_better"] for e in entries if type(e.get("higher_is_better")) is bool},
                **{metric: better for metric, better in higher.items() if type(better) is bool},
            },
            aggregation={entry["metric"]: as_text(entry.get("aggregation")) for entry in entries},
            aggregates={key: value for key, value in as_object(results.get(task)).items() if "," in key},
            samples=as_count(self._of(task, "n-samples").get("effective")),
            shots=as_count(as_object(self.content.get("n-shot")).get(task, config.get("num_fewshot"))),
            description=as_text(config.get("description")),
            delimiter=as_text(config.get("fewshot_delimiter")) or "\n\n",
            tag=self._tag(task),
        )

    def _of(self, task: str, part: str) -> dict[str, Any]:
        return as_object(as_object(self.content.get(part)).get(task))

    def _tag(self, task: str) -> str:
        """`anatomy` of mmlu_anatomy, where mmlu is a group."""
        groups = [group for group in as_object(self.content.get("group_subtasks")) if task.startswith(f"{group}_")]
        return task.removeprefix(max(groups, key=len, default=task)).strip("_")


def read_results(path: Path) -> Run:
    """What the results file at a path says.

    Raises:
        LogError: it is broken, or names its model in two ways.
    """
    try:
        content = json.loads(path.read_bytes())
        json.dumps(content, ensure_ascii=False).encode()
    except (OSError, ValueError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or "it is not whole JSON"
        raise LogError(
            f"{path} cannot be read ({reason}): copy it again, or take it away and say the model with --model"
        ) from None
    if not isinstance(content, dict):
        raise LogError(f"{path} holds no results: take it away and say the model with --model")
    config = as_object(content.get("config"))
    model = as_text(content.get("model_name")) or _named(config.get("model_args"))
    safe = content.get("model_name_sanitized")
    if model and isinstance(safe, str) and _UNSAFE.sub("__", model) != safe:
        raise LogError(f"{path} is damaged: it names its model {model!r:.80} and {safe!r:.80}; copy it again")
    parameters = config.get("model_num_parameters")
    return Run(
        model=model,
        revision=as_text(config.get("model_sha")),
        version=as_text(content.get("lm_eval_version")),
        parameters=parameters if type(parameters) is int and 0 < parameters < 2**63 else None,
        chat=bool(content.get("chat_template")),
        system=as_text(content.get("system_instruction")),
        content=content,
    )


def is_results(path: Path, head: bytes) -> bool:
    """Whether a file holds lm-eval's aggregates."""
    if not re.match(rb'\s*\{\s*"(results|groups)"\s*:\s*\{', head):
        return False
    try:
        content = head if len(head) < 2**16 else path.read_bytes() if path.stat().st_size < _MOST else b""
    except OSError:
        return False
    return b'"configs"' in content and (b'"n-shot"' in content or b'"versions"' in content)


def date_of(path: Path) -> str:
    """When the run was, as the names of its files say; '' where they do not."""
    found = _DATE.search(path.name.removesuffix(".jsonl").removesuffix(".json"))
    return found[1] if found else ""


def _named(arguments: Any) -> str:
    """The model in lm-eval's `--model_args`."""
    if isinstance(arguments, str):
        arguments = dict(part.split("=", 1) for part in arguments.split(",") if "=" in part)
    if not isinstance(arguments, dict):
        return ""
    return next((as_text(arguments[key]) for key in ("pretrained", "model", "path") if arguments.get(key)), "")
