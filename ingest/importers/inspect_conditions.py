"""How Inspect asked: its solvers and the options of generation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ingest.importers.json_files import as_count, as_list, as_number, as_object, as_text
from ingest.importers.lm_eval_item import canonical
from ingest.records import Condition
from ingest.untold import NOT_TOLD

_OWN = frozenset(("system_message", "temperature", "top_p", "top_k", "max_tokens", "stop_seqs"))
"""Options that a condition has fields for."""

_WORKINGS = frozenset(
    (
        *("max_retries", "timeout", "attempt_timeout", "stream_idle_timeout", "max_connections", "batch"),
        *("adaptive_connections", "cache", "cache_prompt", "fail_on_refusal", "seed", "logprobs", "top_logprobs"),
    )
)
"""Options that change when an output comes, or what is told of it, and not how it is drawn."""


class Conditions:
    """The conditions of a log: one, but for system messages within its samples."""

    def __init__(self, header: Mapping[str, Any]) -> None:
        task, plan = as_object(header.get("eval")), as_object(header.get("plan"))
        config = {**as_object(task.get("model_generate_config")), **_told(as_object(plan.get("config")))}
        config = _told(config)
        steps = [_step(step) for step in as_list(plan.get("steps"))]
        system, template, rest = _form([step for step in steps if step])
        more = {
            "steps": rest,
            "finish": _step(plan.get("finish")),
            "task_args": _told(as_object(task.get("task_args"))),
            "config": {key: value for key, value in config.items() if key not in _OWN | _WORKINGS},
        }
        more = {key: value for key, value in more.items() if value}
        if more:
            template = f"{template}\n{canonical(more)}"
        self._system = "\n\n".join(filter(None, (as_text(config.get("system_message")).strip(), *system)))
        self._fields: dict[str, Any] = {
            "form": "chat",
            "template": template,
            "temperature": as_number(config.get("temperature"), NOT_TOLD),
            "top_p": as_number(config.get("top_p"), 1.0),
            "top_k": as_count(config.get("top_k")) or 0,
            "max_tokens": as_count(config.get("max_tokens")) or 0,
            "stop": tuple(stop for stop in as_list(config.get("stop_seqs")) if isinstance(stop, str)),
        }
        self._made: dict[str, Condition] = {}

    def of(self, system: str) -> Condition:
        """How a sample with this system message of its own was asked."""
        if system not in self._made:
            preamble = "\n\n".join(filter(None, (self._system, system.strip())))
            self._made[system] = Condition(preamble=preamble, **self._fields)
        return self._made[system]


def _form(steps: list[dict[str, Any]]) -> tuple[list[str], str, list[dict[str, Any]]]:
    """System messages, template, and the steps that are more than these and a plain `generate`."""
    system: list[str] = []
    rest = []
    template = "{prompt}"
    for step in steps:
        text = step["params"].get("template")
        alone = isinstance(text, str) and len(step["params"]) == 1
        if alone and step["solver"] == "system_message":
            system.append(str(text).strip())
        elif alone and step["solver"] == "prompt_template" and template == "{prompt}" and "{prompt}" in str(text):
            template = str(text)
        elif step != {"solver": "generate", "params": {}}:
            rest.append(step)
    return system, template, rest


def _step(step: Any) -> dict[str, Any] | None:
    """A solver by its bare name, with those of its parameters that are set."""
    solver = as_text(as_object(step).get("solver"))
    params = _told(as_object(as_object(step).get("params")))
    return {"solver": solver.rpartition("/")[2], "params": params} if solver else None


def _told(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What is set."""
    return {key: value for key, value in fields.items() if value is not None}
