"""What a refresh keeps between its stages: whole files, which a kill leaves as they were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from evalhub.live.ledger import Removed
from ingest.papers.records import Paper
from ingest.questions.question import Evidence, Question
from ingest.records import Condition, Sample


def keep(path: Path, content: Any) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.tmp")
    fresh.write_bytes(msgspec.msgpack.encode(content))
    fresh.replace(path)


def load_paper(path: Path) -> Paper:
    """A paper that `keep` wrote."""
    return msgspec.msgpack.decode(path.read_bytes(), type=Paper)


def keep_questions(path: Path, questions: Sequence[Question], removed: Sequence[Removed]) -> None:
    """Write questions, and those that filters took out."""
    gone = [(_plain(one.question), one.filter, one.reason) for one in removed]
    keep(path, ([_plain(question) for question in questions], gone))


def load_questions(path: Path) -> tuple[list[Question], list[Removed]]:
    """What `keep_questions` wrote."""
    kept, gone = msgspec.msgpack.decode(path.read_bytes())
    return [_question(one) for one in kept], [Removed(_question(one), *why) for one, *why in gone]


def _plain(question: Question) -> dict[str, Any]:
    return {"sample": asdict(question.sample), **question.proof()}


def _question(plain: dict[str, Any]) -> Question:
    sample = plain["sample"]
    published = sample["published_at"]
    return Question(
        sample=Sample(
            **{
                **sample,
                **{name: tuple(sample[name]) for name in ("choices", "images", "tags")},
                "condition": Condition.from_json(sample["condition"]),
                "published_at": date.fromisoformat(published) if published else None,
            }
        ),
        kind=plain["kind"],
        program=plain["program"],
        content=plain["content"],
        evidence=msgspec.convert(plain["evidence"], Evidence),
    )
