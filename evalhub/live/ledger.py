"""What filters took out of questions, and why: nothing is dropped without a line here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ingest.questions.checks import in_turn
from ingest.questions.question import Question


class Removed(NamedTuple):
    """A question that a filter took out."""

    question: Question

    filter: str
    """Name of the filter."""

    reason: str
    """In a few words that many questions share, so that they can be counted."""


@dataclass(frozen=True)
class Filtered:
    """What filters left of questions, in order, and what they took out."""

    kept: list[Question] = field(default_factory=list)
    removed: list[Removed] = field(default_factory=list)


def structural(questions: Iterable[Question]) -> Filtered:
    """Apply the filters that need no model (`ingest.questions.checks`), one after the other."""
    left, removed = list(questions), []
    for name, checked in in_turn(left):
        left = checked.kept
        removed += [Removed(question, name, reason) for question, reason in checked.removed]
    return Filtered(left, removed)


def reasons(removed: Sequence[Removed]) -> dict[str, dict[str, int]]:
    """How many questions went by each filter and reason, the most frequent first, as plain JSON."""
    counts: dict[str, dict[str, int]] = {}
    for (name, reason), count in Counter((one.filter, one.reason) for one in removed).most_common():
        counts.setdefault(name, {})[reason] = count
    return counts
