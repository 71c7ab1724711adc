"""Which drafts are taken: spread over operations, none twice, and a few that nothing answers."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from ingest.questions.deal import Dealer
from ingest.questions.draft import Draft, with_unknown
from ingest.questions.grid import Refused
from ingest.records import content_hash

_TRIES = 12
"""Draws of an operation in a row that may fail before it is given up."""

_OF_ONE = 3
"""Drafts of one operation at most, for each time that it is listed: more would be much alike."""

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
    drafts: Iterable[Draft], twin: Callable[[Draft], Draft], dealer: Dealer, rng: random.Random
) -> list[Draft]:
    """The drafts, some choices turned into questions that nothing answers, others offering that option too.

    Only what could be turned offers it, and one in four of these of each operation is: so neither the operation
    nor the option says which it is.

    twin: makes a draft into one without an answer, or raises `Refused`.
    """
    made = []
    for draft in drafts:
        try:
            other = twin(draft) if draft.kind == "choice" else None
        except Refused:
            other = None
        if other is None:
            made.append(draft)
        elif dealer.deal(f"nothing {draft.program['op']}"):
            made.append(with_unknown(draft, rng))
        else:
            made.append(other)
    return made


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
