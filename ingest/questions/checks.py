"""Filters of questions that need no model: each says which it keeps, and of the others why not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO

from ingest.questions.draft import same
from ingest.questions.numbers import parse
from ingest.questions.program import UNANSWERED
from ingest.questions.question import Question
from ingest.records import bytes_hash, content_hash
from ingest.sources.items import fault_of, plain_answer

_SHORTEST_SIDE = 40
"""Pixels. Below it not even one line of text can be read."""

_LONGEST_SIDE = 8_000
_LONGEST_ASPECT = 20
_LEAST_INK = 0.002
"""Share of pixels that differ from the background."""

_CONTRAST = 48
"""Of 255: from how large a difference a pixel counts as ink."""

_NEAR = 0.85
"""Share of words that two questions of one answer have in common from which on they are one."""


@dataclass(frozen=True)
class Checked:
    """What a filter did."""

    kept: list[Question] = field(default_factory=list)

    removed: list[tuple[Question, str]] = field(default_factory=list)
    """Each with the reason."""


def unequal_options(questions: Iterable[Question]) -> Checked:
    """Drops choices with two options that say the same, or whose right option is not there exactly once."""
    return _each(questions, _fault_of_options)


def unproven(questions: Iterable[Question]) -> Checked:
    """Drops what its own program does not answer as its reference says."""
    return _each(questions, _fault_of_proof)


def untold(questions: Iterable[Question]) -> Checked:
    """Drops questions whose text gives their answer away."""
    return _each(questions, _told)


def unresolved(questions: Iterable[Question]) -> Checked:
    """Drops questions in whose words a reference shows as `??`: what stands there was not found in the source."""

    def fault(question: Question) -> str:
        shown = [question.sample.prompt, *question.sample.choices]
        return "a reference that was not resolved" if any("??" in text for text in shown) else ""

    return _each(questions, fault)


def unlike(questions: Iterable[Question]) -> Checked:
    """Drops later ones of two that are one question: the same program over the same content; or on the same item,
    of the same answer, in nearly the same words."""
    seen: set[str] = set()
    words: dict[str, list[frozenset[str]]] = {}
    checked = Checked()
    for question in questions:
        about = content_hash([question.program, question.content])
        item = content_hash([question.sample.reference, *question.sample.image_hashes])
        own = frozenset(re.findall(r"[\w.]+", question.sample.prompt.casefold()))
        if about in seen:
            reason = "the same program over the same content"
        elif any(len(own & other) >= _NEAR * len(own | other) for other in words.get(item, ())):
            reason = "nearly the words of another question"
        else:
            seen.add(about)
            words.setdefault(item, []).append(own)
            checked.kept.append(question)
            continue
        checked.removed.append((question, reason))
    return checked


def readable(questions: Iterable[Question]) -> Checked:
    """Drops questions on pictures in which nothing can be read: tiny, drawn out, or nearly blank."""
    known: dict[str, str] = {}

    def fault(question: Question) -> str:
        for image in question.sample.images:
            name = bytes_hash(image)
            if name not in known:
                known[name] = fault_of_image(image)
            if known[name]:
                return known[name]
        return ""

    return _each(questions, fault)


CHECKS: Sequence[Callable[[Iterable[Question]], Checked]] = (
    unproven,
    unequal_options,
    untold,
    unresolved,
    unlike,
    readable,
)


def in_turn(questions: Iterable[Question]) -> Iterator[tuple[str, Checked]]:
    """All of these, one after the other, each by its name: what it did with what those before it kept."""
    left = list(questions)
    for check in CHECKS:
        result = check(left)
        left = result.kept
        yield check.__name__, result


def checked(questions: Iterable[Question]) -> Checked:
    """What all of these together keep, and what they remove."""
    left, removed = list(questions), []
    for _, result in in_turn(left):
        left = result.kept
        removed += result.removed
    return Checked(left, removed)


def fault_of_image(image: bytes) -> str:
    """Why nothing can be read in a picture, or ''."""
    import numpy as np
    from PIL import Image

    try:
        with Image.open(BytesIO(image)) as opened:
            width, height = opened.size
            if min(width, height) < _SHORTEST_SIDE:
                return "the picture is too small"
            if max(width, height) > _LONGEST_SIDE:
                return "the picture is too large"
            if max(width, height) > _LONGEST_ASPECT * min(width, height):
                return "the picture is drawn out"
            grey = np.asarray(opened.convert("L"), dtype=np.int16)
    except (OSError, ValueError, Image.DecompressionBombError):
        return "the picture cannot be opened"
    background = np.bincount(grey.ravel(), minlength=256).argmax()
    ink = float((np.abs(grey - background) > _CONTRAST).mean())
    return "the picture is nearly blank" if ink < _LEAST_INK else ""


def _fault_of_options(question: Question) -> str:
    sample = question.sample
    if question.kind == "numeric":
        return "" if parse(str(sample.reference)) else "the reference is no number"
    fault = fault_of(sample.choices, answer="generate")
    if fault:
        return "options are empty or equal"
    pairs = ((one, other) for place, one in enumerate(sample.choices) for other in sample.choices[:place])
    if any(same(one, other) for one, other in pairs):
        return "two options are the same number"
    right = [option for option in sample.choices if plain_answer(option) == plain_answer(str(sample.reference))]
    return "" if len(right) == 1 else "not exactly one option is right"


def _fault_of_proof(question: Question) -> str:
    try:
        given = question.answer().text
    except ValueError:
        return "its program does not run"
    return "" if given == question.sample.reference else "its program gives another answer"


def _told(question: Question) -> str:
    reference = str(question.sample.reference)
    if reference in UNANSWERED or (reference.isdigit() and len(reference) == 1):
        return ""
    pattern = rf"(?<![\w.,-]){re.escape(plain_answer(reference))}(?![\w]|[.,]\d)"
    return "the question tells the answer" if re.search(pattern, question.sample.prompt.casefold()) else ""


def _each(questions: Iterable[Question], fault: Callable[[Question], str]) -> Checked:
    result = Checked()
    for question in questions:
        reason = fault(question)
        if reason:
            result.removed.append((question, reason))
        else:
            result.kept.append(question)
    return result
