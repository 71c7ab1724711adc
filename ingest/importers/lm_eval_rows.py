"""Rows of lm-eval's samples files, checked against the hashes that they carry."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingest.importer import LogError
from ingest.importers.json_files import as_list
from ingest.importers.lm_eval_item import Item, Request, disagree, item_of, requests_of
from ingest.importers.lm_eval_results import Task

NEEDED = frozenset(("doc_id", "doc", "target", "arguments", "resps"))
"""What every row has."""

_FIELDS = NEEDED | {"filtered_resps", "filter", "metrics", "doc_hash", "prompt_hash", "target_hash"}
"""What a row can have beside its metrics."""

DISAGREE = "requests do not go together"
"""What is wrong with a row that fits its hashes, but whose requests differ in more than they should."""

_ADDRESS = re.compile(r" at 0x[0-9a-f]+>")
"""In the text of an object that JSON cannot hold: another one each time, so that no hash fits."""

_SUBJECTS = ("subject", "category", "subcategory", "topic", "domain", "discipline", "type")
_NAMES = ("id", "question_id", "task_id", "qid", "uid", "unique_id", "ID")


class Refusal(Exception):
    """A row is not understood: why, in a few words that are the same for all such rows, and what it was."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail


@dataclass(slots=True)
class Row:
    """What one output came to, under one filter."""

    number: int
    doc_id: int | str
    name: str
    """The doc's own, else its number."""

    filter: str
    item: Item
    tags: tuple[str, ...]
    values: dict[str, Any]
    generation: dict[str, Any] | None
    """How it was generated; None where likelihoods were asked for."""

    prompt_hash: str
    repeats: int
    has: frozenset[str]
    """Fields that not all versions of lm-eval write."""

    damaged: list[str] = field(default_factory=list)
    """Hashes that do not fit, and `DISAGREE`."""


def lines_of(path: Path) -> Iterator[tuple[int, bytes]]:
    """Lines that are not empty, from 1.

    Raises:
        LogError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield number, line
    except OSError as error:
        raise LogError(f"{path} cannot be read: {error.strerror or error}") from error


def row_of(number: int, line: bytes, task: Task, *, chat: bool) -> Row:
    """A line's row.

    Raises:
        Refusal: it is not understood.
    """
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:  # also bytes that are no UTF-8
        raise Refusal("not JSON", f"{error}") from None
    if not isinstance(fields, dict) or not fields.keys() >= NEEDED:
        raise Refusal("not a sample of lm-eval", "it lacks doc, target, arguments or resps")
    try:
        return _row(number, fields, task, chat=chat)
    except RecursionError:
        raise Refusal("nested too deeply") from None
    except UnicodeEncodeError:
        raise Refusal("not Unicode", "half of a surrogate pair stands alone") from None


def _row(number: int, fields: dict[str, Any], task: Task, *, chat: bool) -> Row:
    doc, doc_id, target, filter_ = fields["doc"], fields["doc_id"], fields["target"], fields.get("filter", "none")
    if type(doc_id) not in (int, str) or not isinstance(filter_, str):
        raise Refusal("not a sample of lm-eval", "doc_id or filter is of the wrong type")
    target = target if isinstance(target, str) else json.dumps(target, ensure_ascii=False)
    requests = requests_of(fields["arguments"])
    if not requests:
        raise Refusal("arguments are not understood", f"{fields['arguments']!r:.60}")
    metrics = fields.get("metrics", [name for name in fields if name not in _FIELDS])
    if not isinstance(metrics, list) or not all(isinstance(metric, str) for metric in metrics):
        raise Refusal("not a sample of lm-eval", "metrics is no list of names")
    absent = [metric for metric in metrics if metric not in fields]
    if absent:
        raise Refusal("a metric that is named has no value", f"{absent[0]!r:.60}")
    if not isinstance(doc, dict):
        doc = {"doc": doc}
    item = item_of(doc, requests, target, task, chat=chat)
    name = next((str(doc[key]) for key in _NAMES if type(doc.get(key)) in (int, str)), str(doc_id))
    tags = tuple(doc[key] for key in _SUBJECTS if isinstance(doc.get(key), str) and doc[key].strip())
    generation = requests[0].rest if isinstance(requests[0].rest, dict) else None
    kept = [item.question, item.choices, item.reference, item.around, name, tags, filter_, metrics, generation]
    json.dumps(kept, ensure_ascii=False).encode()
    return Row(
        number=number,
        doc_id=doc_id,
        name=name,
        filter=filter_,
        item=item,
        tags=tuple(dict.fromkeys((*filter(None, [task.tag]), *tags))),
        values={metric: fields[metric] for metric in metrics},
        generation=generation,
        prompt_hash=_sha256(requests[0].prompt),
        repeats=max((len(as_list(one)) for one in as_list(fields["resps"])), default=1),
        has=frozenset(fields.keys() & {"filter", "metrics"}),
        damaged=[DISAGREE] * disagree(requests)
        + [key for key, text in _hashed(fields, requests, target) if fields.get(key) not in (None, text)],
    )


def _hashed(fields: dict[str, Any], requests: list[Request], target: str) -> Iterator[tuple[str, str]]:
    """The hashes that a row should carry."""
    text = json.dumps(fields["doc"], indent=2, ensure_ascii=False)
    if not _ADDRESS.search(text):
        yield "doc_hash", _sha256(text)
    yield "prompt_hash", _sha256(requests[0].prompt)
    yield "target_hash", _sha256(target)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
