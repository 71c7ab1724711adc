"""Which drafts are taken: spread over operations, none twice, and a few that nothing answers."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence

from ingest.questions.draft import OPTIONS, Draft, with_unknown
from ingest.questions.grid import Refused
from ingest.records import content_hash

_TRIES = 12
"""Draws of an operation in a row that may fail before it is given up."""

_CARRIERS = OPTIONS - 1
"""Questions with an answer that offer the option that there is none, for each that has none: so the option is
right as often as any of the four."""

_OF_ONE = 3
"""Drafts of one operation at most: more would be much alike."""

_SHOWN = {"decimals", "give", "number", "place", "end", "than"}
"""Parts of a program without which two are about the same."""


def drawn(
    operations: Sequence[Callable[[], Draft]], most: int, rng: random.Random, refused: Counter[str]
) -> list[Draft]:
    """So many drafts at most, of each operation in turn; why no more came of one is counted."""
    found: list[Draft] = []
    seen: set[str] = set()
    left = rng.sample(operations, len(operations))
    for _ in range(_OF_ONE):
        for operation in list(left):
            draft = _new(operation, seen, refused)
            if draft is None:
                left.remove(operation)
            elif len(found) < most:
                found.append(draft)
    return found


def with_unanswerable(
    drafts: Sequence[Draft],
    twin: Callable[[Draft], Draft],
    most: int,
    rng: random.Random,
    refused: Counter[str],
) -> list[Draft]:
    """The drafts, some choices turned into questions that nothing answers, others offering that option too.

    Both are drawn from all choices alike, so that neither an operation nor the option says which it is.

    twin: makes a draft into one without an answer, or raises `Refused`.
    """
    made = list(drafts)
    choices = [place for place, draft in enumerate(drafts) if draft.kind == "choice"]
    rng.shuffle(choices)
    for _ in range(min(most, len(choices) // (1 + _CARRIERS))):
        changed = _first(choices, made, twin, refused)
        if changed is None:
            break
        choices.remove(changed)
        for place in choices[:_CARRIERS]:
            made[place] = with_unknown(made[place], rng)
        del choices[:_CARRIERS]
    return made


def _first(
    choices: Sequence[int], made: list[Draft], twin: Callable[[Draft], Draft], refused: Counter[str]
) -> int | None:
    """The place of the first draft that became its twin."""
    for place in choices:
        try:
            made[place] = twin(made[place])
        except Refused:
            continue
        return place
    refused["no name to put in for another"] += 1
    return None


def _new(operation: Callable[[], Draft], seen: set[str], refused: Counter[str]) -> Draft | None:
    """A draft about something that was not asked yet. Where there is none, the usual reason is counted."""
    reasons: Counter[str] = Counter()
    for _ in range(_TRIES):
        try:
            draft = operation()
        except Refused as reason:
            reasons[str(reason)] += 1
            continue
        about = content_hash({name: value for name, value in draft.program.items() if name not in _SHOWN})
        if about not in seen:
            seen.add(about)
            return draft
        reasons["asked already"] += 1
    refused[reasons.most_common(1)[0][0]] += 1
    return None
