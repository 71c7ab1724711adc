"""Where the columns of a table on a page part, and which of them a text stands in."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from ingest.papers.pdf.pages import Box, PageWord, union

_SPACE = 0.38
"""Words nearer than this share of their height are one text."""

_TOUCHING = 0.05
"""Words nearer than this share of their height are one word, as a mark and what it marks."""

_COLUMN_GAP = 0.5
"""Columns are at least this share of the words' height apart, columns of numbers at least `_NARROW_GAP`."""

_NARROW_GAP = 0.15
_LEAST_LINES = 3
_CROSSED = 0.12
"""What share of the lines may go across the gap between two columns."""

_ALIGNED = 2.0
"""How far, in points, an edge may be from the edge that it is said to be in line with."""

_STILL_A_GAP = 2.0
_DECIMAL = re.compile(r"[-−–+]?\d*\.\d")

Gap = tuple[float, float]
"""From where to where, left to right."""


@dataclass(frozen=True)
class Text:
    """Words of a line that belong together."""

    words: tuple[PageWord, ...]

    @cached_property
    def box(self) -> Box:
        return union([word.box for word in self.words])

    @property
    def middle(self) -> tuple[float, float]:
        return (self.box[0] + self.box[2]) / 2, (self.box[1] + self.box[3]) / 2

    @property
    def text(self) -> str:
        text = self.words[0].text
        for before, word in pairwise(self.words):
            touching = word.box[0] - before.box[2] < _TOUCHING * (word.box[3] - word.box[1])
            text += word.text if touching else f" {word.text}"
        return text


Line = list[Text]


def texts_of(words: Sequence[PageWord], letter: float) -> Line:
    """The words of a line, those joined that are at most a space apart."""
    groups: list[list[PageWord]] = []
    for word in sorted(words, key=lambda word: word.box[0]):
        if groups and word.box[0] - groups[-1][-1].box[2] < _SPACE * letter:
            groups[-1].append(word)
        else:
            groups.append([word])
    return [Text(tuple(group)) for group in groups]


@dataclass
class Columns:
    """The columns of a table."""

    wide: list[Gap]
    """Between columns, wider than a space."""

    narrow: list[Gap]
    """Between columns of numbers, as narrow as a space."""

    places: list[float]
    """Where columns part, from left to right: in the middle of each gap, and at each long vertical rule."""

    extents: dict[int, Gap] = field(default_factory=dict)
    """From where to where the texts of each column stand, those that span several aside."""

    def span(self, text: Text, *, head: bool = False) -> tuple[int, int]:
        """The first column of a text, and how many it goes through.

        head: whether it is a header, which may stand centred over columns without going across where they part.
        """
        first, count = self.between(text.box[0], text.box[2])
        if head and not self._aligned(text.box, first, count):
            last = first + count - 1
            spans = [
                (right - left, abs(2 * text.middle[0] - self.extents[left][0] - self.extents[right][1]) / 2, left)
                for left in self.extents
                for right in self.extents
                if 0 < left < right and left <= first and last <= right
            ]
            fitting = [(more, left) for more, offset, left in spans if offset < _ALIGNED]
            if fitting:
                more, left = min(fitting)
                return left, more + 1
        return first, count

    def between(self, left: float, right: float) -> tuple[int, int]:
        """The first column of what reaches from left to right, and how many it goes through."""
        edge = min(2.0, (right - left) / 4)
        first = bisect_right(self.places, left + edge)
        return first, max(bisect_right(self.places, right - edge) - first + 1, 1)

    def measure(self, lines: Sequence[Line]) -> None:
        """Take the extents of the columns from the body's lines."""
        self.extents.clear()
        for text in (text for line in lines for text in line):
            column, count = self.span(text)
            if count == 1:
                left, right = self.extents.get(column, (text.box[0], text.box[2]))
                self.extents[column] = (min(left, text.box[0]), max(right, text.box[2]))

    def split(self, line: Line) -> Line:
        """A line with its texts taken apart where columns part: at narrow gaps always, at others where each piece
        then stands as its column does, and does not only happen to have a space there."""
        parted: Line = []
        for text in line:
            for piece in _parted(text, self.narrow):
                pieces = _parted(piece, self.wide)
                fit = all(self._aligned(part.box, *self.span(part)) for part in pieces)
                parted += pieces if fit else [piece]
        return parted

    def heads_one(self, text: Text) -> bool:
        """Whether a text stands in line with the column below its middle, however wide it is."""
        return self._aligned(text.box, bisect_right(self.places, text.middle[0]), 1)

    def _aligned(self, box: Box, column: int, count: int) -> bool:
        """Whether a text has its left edge, right edge or middle where its columns have it."""
        if column not in self.extents or column + count - 1 not in self.extents:
            return False
        left, right = self.extents[column][0], self.extents[column + count - 1][1]
        return min(abs(box[0] - left), abs(box[2] - right), abs(box[0] + box[2] - left - right) / 2) < _ALIGNED


def find_columns(lines: Sequence[Line], head: int, letter: float, down: Sequence[Box], area: Box) -> Columns:
    """The columns that the lines of a table show.

    head: how many lines are headers, which may span columns and therefore tell less. letter: height of the words.
    down: vertical rules.
    """
    body = lines[head:] if len(lines) - head > 1 else lines
    wide = _wide_gaps(body, letter)
    narrow = [gap for gap in _narrow_gaps(body, letter) if not any(_meet(gap, other) for other in wide)]
    columns = Columns(wide, narrow, _places([*wide, *narrow], down, area, body))
    columns.measure(body)
    texts = [text.box for line in lines[:head] for text in line if columns.heads_one(text)]
    words = [word.box for line in lines[:head] for text in line for word in text.words]
    columns.wide, columns.narrow = _clear_of(texts, wide), _clear_of(words, narrow)
    columns.places = _places([*columns.wide, *columns.narrow], down, area, body)
    columns.measure(body)
    return columns


def _wide_gaps(lines: Sequence[Line], letter: float) -> list[Gap]:
    """The stretches that no text of these lines touches, but for a few texts that go far across."""
    texts = [text.box for line in lines for text in line]
    edges = sorted({edge for box in texts for edge in (box[0], box[2])})
    allowed = int(_CROSSED * len(lines))
    gaps: list[Gap] = []
    for left, right in pairwise(edges):
        across = [box for box in texts if box[0] < right and box[2] > left]
        if len(across) > allowed or any(box[0] > left - letter or box[2] < right + letter for box in across):
            continue
        if gaps and gaps[-1][1] == left:
            gaps[-1] = (gaps[-1][0], right)
        else:
            gaps.append((left, right))
    return [(left, right) for left, right in gaps if right - left >= _COLUMN_GAP * letter]


def _narrow_gaps(lines: Sequence[Line], letter: float) -> list[Gap]:
    """The stretches, as narrow as a space, that no word of these lines touches and at whose right numbers with
    decimals begin: columns of numbers stand as near to each other as that."""
    if len(lines) < _LEAST_LINES:
        return []
    words = [word for line in lines for text in line for word in text.words]
    gaps: list[Gap] = []
    reach = -1.0
    for word in sorted(words, key=lambda word: word.box[0]):
        if reach >= 0 and word.box[0] - reach > _NARROW_GAP * letter:
            gaps.append((reach, word.box[0]))
        reach = max(reach, word.box[2])
    return [gap for gap in gaps if _parts_numbers(lines, gap)]


def _parts_numbers(lines: Sequence[Line], gap: Gap) -> bool:
    parted = told = 0
    for line in lines:
        words = [word for text in line for word in text.words]
        before = [word.text for word in words if word.box[2] <= gap[0] + 0.01]
        behind = [word.text for word in words if word.box[0] >= gap[1] - 0.01]
        if before and behind:
            told += 1
            parted += bool(_DECIMAL.match(behind[0])) and before[-1][-1:].isalnum()
    return told >= _LEAST_LINES and parted >= 0.8 * told


def _meet(one: Gap, other: Gap) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _clear_of(heads: list[Box], gaps: list[Gap]) -> list[Gap]:
    """Gaps between the columns of the body as the headers leave them: these may be wider than what is below."""
    for x0, _, x1, _ in heads:
        cleared: list[Gap] = []
        for left, right in gaps:
            if x0 <= left < x1 < right:
                cleared.append((x1, right))
            elif left < x0 < right <= x1:
                cleared.append((left, x0))
            else:
                cleared.append((left, right))
        gaps = cleared
    return gaps


def _places(gaps: Sequence[Gap], down: Sequence[Box], area: Box, lines: Sequence[Line]) -> list[float]:
    """The middles of gaps, and the places of long vertical rules, which part columns wherever they are."""
    lengths: dict[float, float] = {}
    for x, top, _, bottom in down:
        same = next((known for known in lengths if abs(known - x) < 2), x)
        lengths[same] = lengths.get(same, 0.0) + bottom - top
    texts = [text.box for line in lines for text in line]
    ruled = [
        x for x, length in lengths.items()
        if length > 0.5 * (area[3] - area[1])
        and any(box[2] < x + 1 for box in texts) and any(box[0] > x - 1 for box in texts)
    ]  # fmt: skip
    places = sorted({box[0] for box in texts} | {box[2] for box in texts})
    middles = [(left + right) / 2 for left, right in gaps]
    free = [gap for gap in middles if not any(_nothing_between(min(x, gap), max(x, gap), places) for x in ruled)]
    return sorted([*free, *ruled])


def _nothing_between(low: float, high: float, places: list[float]) -> bool:
    return bisect_right(places, high) == bisect_right(places, low)


def _parted(text: Text, gaps: Sequence[Gap]) -> list[Text]:
    """A text taken apart at those of its spaces that are within gaps."""
    groups = [[text.words[0]]]
    for before, word in pairwise(text.words):
        if any(max(before.box[2], left) < min(word.box[0], right) for left, right in gaps):
            groups.append([])
        groups[-1].append(word)
    return [Text(tuple(group)) for group in groups]
