"""The language of questions on figures: programs over a figure's text layer, over captions and citations.

Written as those on tables are. The content of a figure is its words and panels; that of captions and citations is
what a paper says of several items.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any, Literal

from ingest.papers.records import Figure, Word
from ingest.questions.grid import Refused
from ingest.questions.numbers import Quantity, parse
from ingest.questions.program import Answer
from ingest.sources.items import plain_answer

_LEAST_TICKS = 3
_SAME_LINE = 0.5
"""Of a line's height: how far centres of one line lie apart at most."""

_GAP = 0.9
"""Of a line's height: how wide a space between words of one line is at most."""

Axis = Literal["horizontal", "vertical"]


@dataclass(frozen=True)
class Line:
    """Words that are read as one, along their own direction."""

    text: str
    start: float
    """Along the line."""

    stop: float
    across: float
    """Of its middle."""

    height: float
    upright: bool


def content_of(figure: Figure) -> dict[str, Any]:
    """What a program needs of a figure, as plain JSON: words are [text, left, top, right, bottom, upright]."""
    return {
        "number": figure.number,
        "caption": figure.caption,
        "panels": [[panel.letter, panel.caption] for panel in figure.panels],
        "words": [[word.text, *(round(side, 2) for side in word.box), word.upright] for word in figure.words],
    }


def run(program: Mapping[str, Any], content: Mapping[str, Any]) -> Answer:
    """The answer of a program over a figure, captions or citations.

    Raises:
        Refused: the program is none, or has no single answer here.
    """
    operation = OPERATIONS.get(program.get("op", ""))
    if operation is None:
        raise Refused(f"there is no operation '{program.get('op')}'")
    try:
        return operation(content, **{name: value for name, value in program.items() if name != "op"})
    except (TypeError, KeyError) as error:
        raise Refused(f"'{program['op']}': {error}") from None


def lines_of(content: Mapping[str, Any]) -> list[Line]:
    """A figure's words put together to lines, top to bottom, the turned ones behind."""
    words = [Word(text=text, box=tuple(box), upright=upright) for text, *box, upright in content["words"]]
    return [line for upright in (True, False) for line in _lines(words, upright)]


def ticks_of(lines: Sequence[Line], axis: Axis) -> list[tuple[str, Quantity]]:
    """The numbers at an axis, as printed, smallest first.

    Raises:
        Refused: there is no row of numbers that rise evenly, or several.
    """
    found = [(line, number) for line in lines if line.upright and (number := parse(line.text))]
    runs = []
    for line, _ in found:
        beside = [one for one in found if _beside(one[0], line, axis)]
        beside.sort(key=lambda one: one[0].start if axis == "horizontal" else -one[0].across)
        if len(beside) >= _LEAST_TICKS and beside not in runs:
            runs.append(beside)
    if len(runs) > 1:
        raise Refused("several rows of numbers")
    if not runs or not _rises_evenly([number.value for _, number in runs[0]]):
        raise Refused("no numbers at the axis")
    return [(line.text, number) for line, number in runs[0]]


def _tick(content: Mapping[str, Any], axis: Axis, end: Literal["largest", "smallest"]) -> Answer:
    """The largest or smallest number at an axis."""
    ticks = ticks_of(lines_of(content), axis)
    text, number = ticks[-1 if end == "largest" else 0]
    return Answer(text, number.value)


def _turned_label(content: Mapping[str, Any]) -> Answer:
    """What is written along the vertical axis, turned."""
    found = [line.text for line in lines_of(content) if not line.upright and re.search(r"[^\W\d]{2}", line.text)]
    if len(found) != 1:
        raise Refused("several turned labels" if found else "no turned label")
    return Answer(found[0])


def _shown(content: Mapping[str, Any], among: Sequence[str]) -> Answer:
    """Which of some labels is written in the figure."""
    whole = " \n ".join(plain_answer(line.text) for line in lines_of(content))
    found = [label for label in among if plain_answer(label) in whole]
    if len(found) != 1:
        raise Refused("several of the labels stand there" if found else "none of the labels stands there")
    return Answer(found[0])


def _panel(content: Mapping[str, Any], letter: str) -> Answer:
    """What a panel shows, in the words of its own caption."""
    found = [caption for name, caption in content["panels"] if name == letter and caption]
    if len(found) != 1:
        raise Refused("the panel has no caption")
    return Answer(found[0])


def _caption(content: Mapping[str, Any], of: str) -> Answer:
    """The caption of an item."""
    return Answer(content["captions"][of])


def _cited(content: Mapping[str, Any], paragraph: str, order: Sequence[str]) -> Answer:
    """Which picture, from 1 and in this order of items, a paragraph speaks of."""
    found = [place for place, number in enumerate(order, 1) if paragraph in content["citing"][number]]
    if len(found) != 1:
        raise Refused("the paragraph speaks of several" if found else "the paragraph speaks of none")
    return Answer(f"Picture {found[0]}")


OPERATIONS: dict[str, Callable[..., Answer]] = {
    "tick": _tick,
    "turned label": _turned_label,
    "shown": _shown,
    "panel": _panel,
    "caption": _caption,
    "cited": _cited,
}


def _lines(words: Sequence[Word], upright: bool) -> list[Line]:
    pieces = []
    for word in words:
        left, top, right, bottom = word.box
        if word.upright == upright and word.text.strip():
            # A turned word is read upwards.
            along = (left, right, top, bottom) if upright else (-bottom, -top, left, right)
            pieces.append((along[0], along[1], (along[2] + along[3]) / 2, along[3] - along[2], word.text.strip()))
    lines: list[Line] = []
    for start, stop, across, height, text in sorted(pieces):
        for place, line in enumerate(lines):
            tall = max(height, line.height)
            near = (
                abs(line.across - across) < _SAME_LINE * tall and 0 <= start - line.stop + tall < (1 + _GAP) * tall
            )
            # Two numbers beside each other are two ticks.
            if near and not (parse(text) and parse(line.text)):
                lines[place] = Line(f"{line.text} {text}", line.start, stop, line.across, line.height, upright)
                break
        else:
            lines.append(Line(text, start, stop, across, height, upright))
    return sorted(lines, key=lambda line: (line.across, line.start))


def _beside(one: Line, other: Line, axis: Axis) -> bool:
    tall = max(one.height, other.height)
    if axis == "horizontal":
        return abs(one.across - other.across) < _SAME_LINE * tall
    # Numbers at a vertical axis end at one place, or have their middles there.
    ends, middles = abs(one.stop - other.stop), abs(one.start + one.stop - other.start - other.stop) / 2
    return min(ends, middles) < _SAME_LINE * tall


def _rises_evenly(values: Sequence[Fraction]) -> bool:
    """By equal steps or equal factors."""
    if any(after <= before for before, after in pairwise(values)):
        return False
    if len({after - before for before, after in pairwise(values)}) == 1:
        return True
    return values[0] > 0 and len({after / before for before, after in pairwise(values)}) == 1
