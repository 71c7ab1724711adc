"""What lm-eval asks the likelihood of, where evalhub measures the same by it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ingest.source import SourceError

_METRICS = {
    "multiple_choice": ("acc", "acc_norm", "acc_bytes"),
    "loglikelihood": ("acc", "perplexity"),
}
"""Of those that lm-eval has for these kinds of tasks, the ones that `evalhub score` measures, too."""


def check_task(task: Any, where: str) -> None:
    """Refuse a task that asks for likelihoods and measures nothing by them that is measured here.

    Raises:
        SourceError: says why.
    """
    names = _METRICS.get(task.OUTPUT_TYPE)
    if not names:
        return
    if callable(task.config.process_results):
        raise SourceError(f"{where} measures likelihoods by code of its own: it cannot be made samples of")
    if not set(task.aggregation()) & set(names):
        measured = ", ".join(map(str, task.aggregation()))
        raise SourceError(f"{where} is measured by {measured}, and here by {', '.join(names)}")
    if task.multiple_input:
        raise SourceError(f"{where} has a prompt for each choice: a sample has one")


def choices_of(
    task: Any, row: Mapping[str, Any], requests: Sequence[Any], where: str
) -> tuple[tuple[str, ...], int, str]:
    """The choices as they are scored, the place of the right one, and what stands before each.

    Raises:
        SourceError: lm-eval does not ask for choices behind one prompt, of which one is right.
    """
    choices = tuple(task.doc_to_choice(row))
    pairs = [request.args[:2] for request in requests[: len(choices)]]  # more: the choices without the question
    if not all(isinstance(choice, str) and choice for choice in choices):
        raise SourceError(f"{where}: its choices are not all texts")
    if len(pairs) != len(choices) or len({prompt for prompt, _ in pairs}) != 1:
        raise SourceError(f"{where}: it does not ask for its choices behind one prompt")
    before = {text.removesuffix(choice) for (_, text), choice in zip(pairs, choices, strict=True)}
    if before != {task.config.target_delimiter}:
        raise SourceError(f"{where}: it asks for other texts than its choices")
    return choices, _right(task.doc_to_target(row), choices, where), task.config.target_delimiter


def _right(target: Any, choices: tuple[str, ...], where: str) -> int:
    """The place that lm-eval takes as right."""
    if isinstance(target, list) and len(target) == 1:
        (target,) = target
    if isinstance(target, list):
        raise SourceError(f"{where}: {len(target)} choices are right, of which a sample has one")
    place = choices.index(target) if isinstance(target, str) and target in choices else target
    if not isinstance(place, int) or not 0 <= place < len(choices):
        raise SourceError(f"{where}: the target {target!r:.60} is none of its {len(choices)} choices")
    return place


def target_of(requests: Sequence[Any], where: str) -> str:
    """The one continuation that is scored."""
    if len(requests) != 1 or not isinstance(requests[0].args[1], str) or not requests[0].args[1]:
        raise SourceError(f"{where}: it does not ask for the likelihood of one text")
    return str(requests[0].args[1])


def is_standard_text(task: Any, row: Mapping[str, Any], text: str) -> bool:
    """Whether a task is measured by words and bytes of the very text that it scores, as in `evalhub score`."""
    counted = {
        "word_perplexity": len(re.split(r"\s+", text)),
        "byte_perplexity": len(text.encode()),
        "bits_per_byte": len(text.encode()),
    }
    try:
        found = task.process_results(row, [-1.0])
        return bool(found) and all(found[name] == (-1.0, counted.get(name)) for name in found)
    except Exception:  # code of the task
        return False
