"""Questions on a figure's text layer, and on which caption belongs to a figure."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from ingest.questions.draft import OPTIONS, Draft, checked
from ingest.questions.figure_program import Axis, lines_of, run, ticks_of
from ingest.questions.grid import Refused
from ingest.questions.numbers import printed
from ingest.questions.wording import first_sentence, said
from ingest.sources.items import plain_answer

_LABEL = re.compile(r"[^\W\d_]{3}")
_LONGEST_LABEL = 40
_SHORTEST_CAPTION = 20
_LETTERS = re.compile(
    r"(?:\b[Pp]anels?\s*)?\([a-h](?:\s*[-–,&]\s*\(?[a-h]\)?)*\)|\b[Pp]anels? [a-h]\b|\((?:left|right|top|bottom)\)"
)
NUMBERED = r"(?:Figures?|Figs?\.?|FIG\.?|Tables?|Tabs?\.?)"


class Figures:
    """Asks about one figure. Each method makes a draft by chance, or raises `Refused`."""

    def __init__(self, content: Mapping[str, Any], rng: random.Random, elsewhere: Sequence[str]) -> None:
        """
        Args:
            content: as `figure_program.content_of` gives it.
            rng: seeded by the content.
            elsewhere: what is written in other figures of the paper.
        """
        self.content, self.rng = content, rng
        self.lines = lines_of(content)
        caption = plain_answer(content["caption"])
        self.labels = [
            line.text for line in self.lines if _is_label(line.text) and plain_answer(line.text) not in caption
        ]
        self.elsewhere = sorted(
            {text for text in elsewhere if _is_label(text) and plain_answer(text) not in caption}
        )

    def operations(self) -> list[Callable[[], Draft]]:
        """What can be asked."""
        return [self.tick, self.turned_label, self.shown, self.panel]

    def tick(self) -> Draft:
        """The end of an axis; the options are numbers of its scale, some beyond what is printed."""
        axis: Axis = self.rng.choice(["horizontal", "vertical"])
        end = self.rng.choice(["largest", "smallest"])
        ticks = [number for _, number in ticks_of(self.lines, axis)]
        last, step = ticks[-1 if end == "largest" else 0], ticks[1].number - ticks[0].number
        if any(after.number - before.number != step for before, after in pairwise(ticks)):
            raise Refused("the scale is not even")
        if len({(one.scale, one.unit, one.decimals) for one in ticks}) > 1:
            raise Refused("numbers of the scale look different")
        if last.number < (OPTIONS - 1) * step:
            raise Refused("an option would be below zero")
        first = self.rng.randint(1 - OPTIONS, 0)
        numbers = (
            printed(last.number + place * step, last.decimals) for place in range(first, first + OPTIONS) if place
        )
        return self._draft(
            {"op": "tick", "axis": axis, "end": end},
            said("tick", self.rng, end=end, axis=axis),
            tuple(f"{number}{last.scale}{last.unit}" for number in numbers),
        )

    def turned_label(self) -> Draft:
        """The label of the vertical axis, among other labels of the figure."""
        answer = run({"op": "turned label"}, self.content).text
        others = [label for label in dict.fromkeys(self.labels) if plain_answer(label) != plain_answer(answer)]
        wrong = self._similar(answer, [*others, *self.elsewhere])
        return self._draft({"op": "turned label"}, said("turned label", self.rng), tuple(wrong))

    def shown(self) -> Draft:
        """Which label stands in this figure; the others stand elsewhere in the paper."""
        (right,) = self._several(sorted(set(self.labels)), 1)
        whole = " ".join(plain_answer(line.text) for line in self.lines)
        others = [text for text in self.elsewhere if plain_answer(text) not in whole]
        among = [*self._similar(right, others), right]
        program = {"op": "shown", "among": sorted(among)}
        return self._draft(program, said("shown", self.rng), tuple(among[:-1]))

    def panel(self) -> Draft:
        """What a lettered panel shows."""
        captions = {letter: caption for letter, caption in self.content["panels"] if caption}
        letter, *others = self._several(sorted(captions), OPTIONS)
        question = said("panel", self.rng, letter=letter)
        return self._draft({"op": "panel", "letter": letter}, question, tuple(captions[one] for one in others))

    def _similar(self, label: str, among: Sequence[str]) -> list[str]:
        """Other labels that look like it, of about its length: a name with a year beside names without one would
        be told by that alone."""
        alike = [other for other in dict.fromkeys(among) if _look(other) == _look(label)]
        nearest = sorted(alike, key=lambda other: (abs(len(other) - len(label)), other))
        return self._several(nearest[: 2 * OPTIONS], OPTIONS - 1)

    def _several(self, among: Sequence[str], count: int) -> list[str]:
        if len(among) < count:
            raise Refused("too few labels")
        return self.rng.sample(among, count)

    def _draft(self, program: dict[str, Any], question: str, wrong: tuple[str, ...]) -> Draft:
        return checked(Draft(program=program, question=question, answer=run(program, self.content), wrong=wrong))


def caption_draft(captions: Mapping[str, str], number: str, rng: random.Random) -> Draft:
    """Which caption belongs to a figure.

    captions: of the paper's figures, as `bare_caption` gives them, by number.
    """
    content, program = {"captions": dict(captions)}, {"op": "caption", "of": number}
    others = [caption for one, caption in captions.items() if one != number]
    if len(captions.get(number, "")) < _SHORTEST_CAPTION or len(others) < OPTIONS - 1:
        raise Refused("too few captions")
    question = said("caption", rng)
    wrong = tuple(rng.sample(others, OPTIONS - 1))
    return checked(Draft(program=program, question=question, answer=run(program, content), wrong=wrong))


def bare_caption(caption: str) -> str:
    """The first sentence of a caption without its number, nor the panels' letters, which alone would tell it."""
    caption = re.sub(rf"^{NUMBERED}\s*[A-Z]?\d+[.:]?\s*", "", caption.strip())
    bare = re.sub(r"\s+([,.;:])", r"\1", " ".join(_LETTERS.sub("", first_sentence(caption)).split()))
    return bare.lstrip(".,;: ")


def _is_label(text: str) -> bool:
    return len(text) <= _LONGEST_LABEL and bool(_LABEL.search(text)) and not _LETTERS.search(text)


def _look(text: str) -> tuple[bool, bool, bool, int]:
    """What one sees of a label without reading it: a capital at its beginning, digits, signs, how many words."""
    signs = re.search(r"[^\w\s-]", text)
    return text[0].isupper(), bool(re.search(r"\d", text)), bool(signs), min(len(text.split()), 3)
