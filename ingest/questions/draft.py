"""A question before it is an item: its words, its program, and the wrong options; and how options are laid out."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Any, Literal

from ingest.questions.grid import Refused
from ingest.questions.numbers import parse
from ingest.questions.program import NO_ROW, UNANSWERED, UNKNOWN, Answer
from ingest.sources.items import plain_answer

OPTIONS = 4

Kind = Literal["choice", "numeric", "unanswerable"]
"""A choice; a free number; or a choice whose right option is that it cannot be told, or that no row is."""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A question with its answer."""

    program: dict[str, Any]
    """What gives the answer."""

    question: str
    answer: Answer
    wrong: tuple[str, ...] = ()
    """The other options; none where the answer is a free number."""

    @property
    def options(self) -> tuple[str, ...]:
        """All options, the right one first; none where the answer is a free number."""
        return (self.answer.text, *self.wrong) if self.wrong else ()

    @property
    def kind(self) -> Kind:
        """What sort of question it is."""
        if not self.wrong:
            return "numeric"
        return "unanswerable" if self.answer.text in UNANSWERED else "choice"


def checked(draft: Draft) -> Draft:
    """The draft, where it has one right option and three that differ from it and from each other.

    Raises:
        Refused: it has not.
    """
    if draft.answer.text == UNKNOWN and not draft.wrong:
        raise Refused("a value is missing")
    if not draft.wrong:
        return draft
    options = draft.options
    if len(options) != OPTIONS:
        raise Refused("too few options that differ")
    if any(len(option) < 2 and not option.isdigit() for option in options):
        raise Refused("an option is as short as the letters that name options")
    for place, option in enumerate(options):
        for other in options[:place]:
            if same(option, other):
                raise Refused("two options are equal")
    return draft


def same(one: str, other: str) -> bool:
    """Whether two options say the same, as text or as numbers: 0.3M and 300k do, 1.2 and 1.20 do."""
    first, second = parse(one), parse(other)
    if first and second and first.unit == second.unit and first.aside == second.aside:
        return first.value == second.value
    return plain_answer(one) == plain_answer(other)


def with_unknown(draft: Draft, rng: random.Random) -> Draft:
    """The same question of choice with one wrong option given up for the one that nothing answers it."""
    kept = rng.sample(draft.wrong, len(draft.wrong) - 1)
    return replace(draft, wrong=(*kept, NO_ROW if draft.program["op"] in ("find", "meets") else UNKNOWN))


def window(rng: random.Random, value: int, low: int, high: int) -> tuple[str, ...]:
    """The whole numbers beside one that stand as options with it: four in a row, in which its place tells nothing.

    Numbers near an end stand in fewer such rows, where they would be right too often: they are refused more often.

    Raises:
        Refused: there are too few numbers from low to high; or it is near an end, by chance.
    """
    rows = high - low + 2 - OPTIONS
    first, last = max(low, value - OPTIONS + 1), min(value, high - OPTIONS + 1)
    if rows < 1:
        raise Refused("too few options that differ")
    if rng.random() * min(rows, OPTIONS) >= last - first + 1:
        raise Refused("a number near an end")
    start = rng.randint(first, last)
    return tuple(str(number) for number in range(start, start + OPTIONS) if number != value)
