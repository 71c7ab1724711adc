"""Questions which of several figures a paragraph speaks of."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence

from ingest.questions.deal import Dealer
from ingest.questions.draft import OPTIONS, Draft, checked
from ingest.questions.figure_program import run
from ingest.questions.figures import NUMBERED
from ingest.questions.grid import Refused
from ingest.questions.wording import said

_SHORTEST, _LONGEST = 80, 700
_LEAST_COMMON = 2
"""Words of a figure's caption, and of no other caption, that a paragraph on it has."""

_WHOLE = re.compile(r"[“\"(]?[A-Z\d].*[.!?)”\"]", re.DOTALL)
"""A paragraph that neither begins nor ends within a sentence, as one that is cut by a page does."""

_QUOTED = re.compile(rf"[“\"][^”\"]*\b{NUMBERED}\s*~?\s*[A-Z]?\d[^”\"]*[”\"]")
"""An example of how one cites."""

_UNRESOLVED = "??"
_COMMON = """about after also among based been before between both different each from given have into itself more
most only other over same show shown shows some such than that their them then there these they this those using
used uses where which while with figure table paper result results example examples number"""
"""Words that say nothing of what a figure is about."""


def cited_draft(citing: Mapping[str, Sequence[str]], number: str, dealer: Dealer, rng: random.Random) -> Draft:
    """Which of several figures a paragraph speaks of; they are to be shown in the order that its program says.

    citing: the paragraphs that speak of each figure, as `masked` gives them, by number.
    dealer: says at which place the right one is.
    """
    about = [text for text in citing.get(number, ()) if sum(text in texts for texts in citing.values()) == 1]
    if not about:
        raise Refused("no paragraph speaks of this figure alone")
    if len(citing) < OPTIONS:
        raise Refused("too few figures")
    order = rng.sample([one for one in citing if one != number], OPTIONS - 1)
    order.insert(dealer.deal("place cited"), number)
    paragraph = rng.choice(about)
    program = {"op": "cited", "paragraph": paragraph, "order": order}
    answer = run(program, {"citing": {one: list(texts) for one, texts in citing.items()}})
    question = said("cited", rng, paragraph=paragraph)
    wrong = tuple(name for place in range(1, OPTIONS + 1) if (name := f"Picture {place}") != answer.text)
    return checked(Draft(program=program, question=question, answer=answer, wrong=wrong))


def tells_of(paragraph: str, number: str, captions: Mapping[str, str]) -> bool:
    """Whether a paragraph says something of a figure that it cites, rather than that there is one: it is whole and
    has words of its caption, more than of any other's.

    captions: of the figures that could be meant, by number.
    """
    if not _WHOLE.fullmatch(paragraph.strip()) or _QUOTED.search(paragraph) or _UNRESOLVED in paragraph:
        return False
    words = {one: _words(caption) for one, caption in captions.items()}
    said = _words(paragraph)
    common = {
        one: len(said & own.difference(*(other for two, other in words.items() if two != one)))
        for one, own in words.items()
    }
    return common[number] >= _LEAST_COMMON and all(
        count < common[number] for one, count in common.items() if one != number
    )


def masked(paragraph: str, number: str) -> str:
    """A paragraph that cites one figure, with the number gone; empty where it names other numbered items too, or
    is so short that it says little, or so long that nobody would read it."""
    names = re.findall(rf"\b{NUMBERED}\s*~?\s*([A-Z]?\d+(?:\w|\s*(?:,|and|&|–|-|to)\s*\d)?)", paragraph)
    if not names or set(names) != {number} or not _SHORTEST <= len(paragraph) <= _LONGEST:
        return ""
    return re.sub(rf"\b({NUMBERED})\s*~?\s*{re.escape(number)}\b", r"\1 [number]", " ".join(paragraph.split()))


def _words(text: str) -> set[str]:
    """How the longer words of a text begin, which is the same for most forms of a word."""
    words = re.findall(r"[^\W\d_]{4,}", text.casefold())
    return {word.removesuffix("s")[:5] for word in words if word not in _COMMON.split()}
