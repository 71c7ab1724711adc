"""How lm-eval asked: the text around each question, and the decoding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ingest.importers.json_files import as_count, as_number
from ingest.importers.lm_eval_item import canonical
from ingest.importers.lm_eval_results import Run, Task
from ingest.importers.lm_eval_rows import Row
from ingest.records import Condition


class Conditions:
    """The conditions of a log's rows: one for all that were asked alike.

    Where worked examples are drawn anew for each question, what stood around it is named by the hash of the whole
    prompt, and each question has a condition of its own.
    """

    def __init__(self, rows: list[Row], task: Task, run: Run) -> None:
        self._task = task
        self._run = run
        docs: dict[tuple[str, str], set[int | str]] = {}
        for row in rows:
            if row.item.around:
                docs.setdefault(row.item.around, set()).add(row.doc_id)
        several = len({row.doc_id for row in rows}) > 1
        self._shared = {around for around, ids in docs.items() if len(ids) > 1 or not several}
        self._made: dict[tuple[Any, ...], Condition] = {}

    def of(self, row: Row) -> Condition:
        """How a row was asked."""
        around = row.item.around if row.item.around in self._shared else None
        chat = self._run.chat or row.item.chat
        key = (around or row.prompt_hash, chat, canonical(row.generation))
        if key not in self._made:
            self._made[key] = Condition(
                form="chat" if chat else "plain",
                revision=self._run.revision,
                **(_form(*around, self._task.delimiter) if around else {"template": _hashed(row.prompt_hash)}),
                **(_LIKELIHOOD if row.generation is None else _decoding(row.generation)),
            )
        return self._made[key]


_LIKELIHOOD = {"answer": "likelihood", "temperature": 0.0, "top_p": 1.0, "max_tokens": 0}


def _form(before: str, behind: str, delimiter: str) -> dict[str, Any]:
    """Preamble and template of what stands before and behind a question."""
    at = before.rfind(delimiter)
    at = at + len(delimiter) if at >= 0 else 0
    return {"preamble": before[:at], "template": f"{before[at:]}{{prompt}}{behind}"}


def _hashed(prompt: str) -> str:
    return f"a prompt with SHA-256 {prompt}"


def _decoding(told: Mapping[str, Any]) -> dict[str, Any]:
    """lm-eval's `generation_kwargs`; it takes the likeliest token unless told otherwise."""
    sampled = told.get("do_sample")
    temperature = as_number(told.get("temperature"), 1.0 if sampled is True else 0.0)
    limits = (as_count(told.get(name)) for name in ("max_gen_toks", "max_new_tokens", "max_tokens"))
    until = told.get("until")
    return {
        "temperature": 0.0 if sampled is False else temperature,
        "top_p": as_number(told.get("top_p"), 1.0),
        "top_k": as_count(told.get("top_k")) or 0,
        "max_tokens": next(filter(None, limits), 0),
        "stop": tuple(
            one for one in (until if isinstance(until, list) else [until]) if isinstance(one, str) and one
        ),
    }
