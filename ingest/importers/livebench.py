"""Judgments of LiveBench."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from ingest.importer import Log, Told
from ingest.importers.json_files import (
    as_reference,
    as_text,
    as_texts,
    as_value,
    beginning,
    read_objects,
    read_records,
)
from ingest.metrics import SHARE
from ingest.reading import Reading, imported_sample, named_sample
from ingest.records import JSON, Sample
from ingest.untold import UNTOLD

_KEYS = {"question_id", "task", "category", "model", "score"}
_METRIC = "livebench/score"
"""Other tools call other things a score."""

_COUNT = ("", "resolved", "unresolved")
"""States of an evaluation in which the score is one. In all others it is 0 for what is not the model's fault."""


class LiveBench:
    """`ground_truth_judgment.jsonl`, of one model or many. Where the scoring itself failed there is a score of 0:
    such values are missing here. With `question.jsonl` beside it, or a folder above, the questions are known by
    their content, else by their ids."""

    summary = "LiveBench: ground_truth_judgment.jsonl, with question.jsonl if it is there"
    general = False

    def claim(self, path: Path, head: bytes) -> tuple[Path, ...] | None:
        opening, keys = beginning(head)
        return (path, *_questions_of(path)) if opening == "{" and keys >= _KEYS else None

    def read(self, files: tuple[Path, ...], told: Told) -> Log:
        reading = Reading("livebench", told, tool="livebench")
        reading.scale(_METRIC, SHARE)
        questions = {as_text(one.get("question_id")): one for file in files[1:] for one in read_objects(file)}
        samples: dict[tuple[str, str], Sample] = {}
        for row, record in read_records(files[0], reading):
            name, task = as_text(record.get("question_id")), as_text(record.get("task"))
            if not name or not task or "score" not in record:
                reading.refuse("not a judgment", f"line {row}")
                continue
            if (name, task) not in samples:
                samples[name, task] = _sample(
                    name, task, as_text(record.get("category")), questions.get(name), told
                )
            reading.result(
                reading.model(as_text(record.get("model"))),
                samples[name, task],
                UNTOLD,
                _METRIC,
                as_value(record["score"]),
                row=row,
                reason=_reason(record),
            )
        return reading.done()


def _questions_of(path: Path) -> tuple[Path, ...]:
    places = (path.with_name("question.jsonl"), path.parent.parent / "question.jsonl")
    return tuple(place for place in places if place.is_file() and place != path)[:1]


def _reason(record: dict[str, Any]) -> str:
    status = record.get("eval_status") or ""
    if status not in _COUNT:
        return as_text(status)[:40] or "error"
    return "error" if record.get("error") or record.get("error_msg") else ""


def _sample(name: str, task: str, category: str, question: dict[str, Any] | None, told: Told) -> Sample:
    source = told.source or f"livebench:{category}/{task}"
    tags = tuple(tag for tag in (category, task) if tag)
    turns = as_texts(question.get("turns")) if question else ()
    if question is None or not any(turn.strip() for turn in turns):
        return named_sample(source, name, tags=tags)
    return imported_sample(
        source=source,
        source_id=name,
        prompt="\n\n".join(turns),
        reference=_reference(question.get("ground_truth")),
        tags=tags,
        published_at=_day(question.get("livebench_release_date")),
    )


def _reference(truth: Any) -> JSON:
    return as_reference(as_texts(truth)) if isinstance(truth, list) else as_text(truth) or None


def _day(said: Any) -> date | None:
    try:
        return date.fromisoformat(as_text(said)[:10])
    except ValueError:
        return None
