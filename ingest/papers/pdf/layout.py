"""What stands where on the pages: running text, its columns, and the captions of figures and tables."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from ingest.papers.latex.numbering import Kind
from ingest.papers.pdf.pages import Box, Document, PageBlock, joined, union

_CAPTION = re.compile(
    r"(?P<kind>Figure|FIGURE|Fig\.|FIG\.|Fig|Table|TABLE|Tab\.)\s*"
    r"(?P<number>(?:[A-Z]{1,2}[.\-]?)?\d{1,3}(?:\.\d{1,3})?|[IVX]{1,5}|[A-Z]\d{0,2})"
    r"(?P<mark>\s*[:.|–—]|\s*\n|\s+(?=[A-Z(])|\s*$)"
)
_PROSE_WORDS = 8
_PROSE_FILL = 0.7
_COLUMN_SHARE = 0.75
_SAME_LINE = 3.0


@dataclass(frozen=True)
class Caption:
    """A caption on a page."""

    kind: Kind
    number: str
    text: str
    """Without its number."""

    page: int
    box: Box
    mark: str
    """What stands behind the number: `:`, `.`, `|`, a dash, or nothing."""

    starts_block: bool = True


@dataclass
class Page:
    """A page's text by its kind."""

    number: int
    width: float
    height: float
    blocks: list[PageBlock]

    @cached_property
    def prose(self) -> list[Box]:
        """Where running text stands."""
        return [block.box for block in self.blocks if _is_prose(block, self.column)]

    @cached_property
    def column(self) -> float:
        """How wide a column of running text is: the most common width of long lines, here or on a page of one
        column."""
        widths = Counter(
            round((line[2] - line[0]) / 4) * 4
            for block in self.blocks
            for text, line in block.lines
            if len(text.split()) >= 5 and line[2] - line[0] > self.width / 5
        )
        return float(max(widths, key=lambda width: (widths[width], width))) if widths else self.width * 0.8


def read_page(document: Document, number: int) -> Page:
    """A page's text, blocks that stand side by side taken apart."""
    width, height = document.size(number)
    blocks = [part for block in document.blocks(number) for part in _side_by_side(block)]
    return Page(number, width, height, blocks)


def _side_by_side(block: PageBlock) -> list[PageBlock]:
    """A block as one, or as several where its lines form columns, as captions beside each other do."""
    groups: list[list[tuple[str, Box]]] = []
    for line in sorted(block.lines, key=lambda line: line[1][0]):
        reach = max((box[2] for _, box in groups[-1]), default=0.0) if groups else -1.0
        if groups and line[1][0] < reach + _SAME_LINE:
            groups[-1].append(line)
        else:
            groups.append([line])
    if len(groups) == 1:
        return [block]
    rows = [sorted(group, key=lambda line: line[1][1]) for group in groups]
    return [PageBlock(union([box for _, box in row]), tuple(row)) for row in rows]


def _is_prose(block: PageBlock, column: float) -> bool:
    """Whether a block is running text: lines of words that fill a column."""
    rows = _rows(block)
    if len(rows) < 2 or block.box[2] - block.box[0] < _COLUMN_SHARE * column:
        return False
    words = block.text.split()
    if len(words) < _PROSE_WORDS or sum(word[:1].isalpha() or word[-1:].isalpha() for word in words) < 0.6 * len(
        words
    ):
        return False
    width = block.box[2] - block.box[0]
    filled = [sum(box[2] - box[0] for _, box in row) / width for row in rows[:-1]]
    return sum(share > _PROSE_FILL for share in filled) >= 0.6 * len(filled)


def _rows(block: PageBlock) -> list[list[tuple[str, Box]]]:
    rows: list[list[tuple[str, Box]]] = []
    for line in block.lines:
        middle = (line[1][1] + line[1][3]) / 2
        if rows and rows[-1][0][1][1] < middle < rows[-1][0][1][3]:
            rows[-1].append(line)
        else:
            rows.append([line])
    return rows


def find_captions(pages: Iterable[Page]) -> list[Caption]:
    """One caption for each numbered figure and table.

    What marks a caption from a sentence that begins with `Table 4.` is the sign behind the number, which is the
    same in a whole paper.
    """
    candidates = [caption for page in pages for caption in _candidates(page)]
    found: list[Caption] = []
    for kind in ("figure", "table"):
        own = [caption for caption in candidates if caption.kind == kind]
        by_mark: dict[str, set[str]] = {}
        for caption in own:
            if caption.starts_block:
                by_mark.setdefault(caption.mark, set()).add(caption.number)
        if not by_mark:
            continue
        usual = max(by_mark, key=lambda mark: (mark == ":" and len(by_mark[mark]) > 0, len(by_mark[mark]), mark))
        numbers: dict[str, Caption] = {}
        for caption in sorted(own, key=lambda caption: not caption.starts_block):
            if caption.mark == usual:
                numbers.setdefault(caption.number, caption)
        found += numbers.values()
    return sorted(found, key=lambda caption: (caption.page, caption.box[1], caption.box[0]))


def _candidates(page: Page) -> Iterable[Caption]:
    for block in page.blocks:
        for index, (text, _) in enumerate(block.lines):
            rest = block.lines[index:]
            mark = _CAPTION.match(text if len(rest) > 1 else text.rstrip()) or _CAPTION.match(
                f"{text}\n" if len(text) < 12 else text
            )
            if mark is None:
                continue
            kind: Kind = "table" if mark["kind"].lower().startswith("tab") else "figure"
            sign = mark["mark"].strip()
            if index and sign != ":":
                continue
            said = joined([text[mark.end() :], *(line for line, _ in rest[1:])])
            if not said and sign:
                continue
            box = union([line for _, line in rest])
            yield Caption(kind, mark["number"].replace("-", "."), said, page.number, box, sign, index == 0)


def span(page: Page, caption: Caption, others: Sequence[Caption]) -> tuple[float, float]:
    """From where to where, left to right, what the caption is of may reach."""
    prose = page.prose or [caption.box]
    left, right = min(box[0] for box in prose), max(box[2] for box in prose)
    middle = page.width / 2
    two_columns = page.column < 0.6 * page.width and page.column < 0.62 * max(right - left, 1.0)
    edge = 6.0
    if two_columns and caption.box[2] < middle + edge:
        low, high = left - edge, middle
    elif two_columns and caption.box[0] > middle - edge:
        low, high = middle, right + edge
    else:
        low, high = 0.0, page.width
    for other in others:
        beside = other.box[1] < caption.box[3] and caption.box[1] < other.box[3]
        if other.page != caption.page or other == caption or not beside:
            continue
        if other.box[0] > caption.box[2]:
            high = min(high, (other.box[0] + caption.box[2]) / 2)
        elif other.box[2] < caption.box[0]:
            low = max(low, (other.box[2] + caption.box[0]) / 2)
    return low, high
