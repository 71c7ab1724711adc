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
_WIDEST_SPACE = 0.9
_SAME_LINE = 3.0
_WRAPPED = 0.8
_LINE_GAP = 0.5


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
    blocks = [_whole_lines(part) for block in document.blocks(number) for part in _side_by_side(block)]
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


def _whole_lines(block: PageBlock) -> PageBlock:
    """A block with those pieces of its lines put together that are a space apart, however wide for being
    justified; pieces that stand further apart, as the cells of tables do, stay pieces."""
    lines: list[tuple[str, Box]] = []
    for text, box in block.lines:
        if lines:
            before, last = lines[-1]
            height = max(last[3] - last[1], box[3] - box[1])
            same_line = abs(last[1] + last[3] - box[1] - box[3]) < height
            if same_line and -height < box[0] - last[2] < _WIDEST_SPACE * height:
                lines[-1] = (f"{before} {text}", union([last, box]))
                continue
        lines.append((text, box))
    return PageBlock(block.box, tuple(lines))


def _is_prose(block: PageBlock, column: float) -> bool:
    """Whether a block is running text: lines of words that fill a column."""
    width = block.box[2] - block.box[0]
    if len(block.lines) < 2 or width < _COLUMN_SHARE * column:
        return False
    words = block.text.split()
    if len(words) < _PROSE_WORDS or sum(any(map(str.isalpha, word)) for word in words) < 0.6 * len(words):
        return False
    filled = [box[2] - box[0] > _PROSE_FILL * width for _, box in block.lines[:-1]]
    return sum(filled) >= 0.6 * len(filled)


def find_captions(pages: Iterable[Page]) -> list[Caption]:
    """What may be the captions of numbered figures and tables, the likelier one first where several have a number.

    What marks a caption from a sentence that begins with `Table 4.` is the sign behind the number, which is the
    same in a whole paper.
    """
    candidates = [caption for page in pages for caption in _candidates(page)]
    found: list[Caption] = []
    for kind in ("figure", "table"):
        own = [caption for caption in candidates if caption.kind == kind]
        by_mark: dict[str, set[str]] = {}
        for caption in own:
            by_mark.setdefault(caption.mark, set()).add(caption.number)
        if by_mark:
            usual = max(by_mark, key=lambda mark: (mark == ":", len(by_mark[mark]), mark))
            found += [caption for caption in own if caption.mark == usual]
    return sorted(found, key=lambda caption: not caption.starts_block)


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
            if index and not (sign and _begins_anew(block, index, page.column)):
                continue
            rest = (*rest, *_continued(page, rest[-1][1]))
            said = joined([text[mark.end() :], *(line for line, _ in rest[1:])])
            if not said and sign:
                continue
            box = union([line for _, line in rest])
            yield Caption(kind, mark["number"].replace("-", "."), said, page.number, box, sign, index == 0)


def _begins_anew(block: PageBlock, index: int, column: float) -> bool:
    """Whether a line does not go on with the one above it: that one leaves room at its end."""
    above = block.lines[index - 1][1]
    return above[2] - above[0] < _WRAPPED * column


def _continued(page: Page, last: Box) -> list[tuple[str, Box]]:
    """The lines of blocks that go on with a caption: right below a line that is as wide as a column, in letters as
    large. Centred captions fall into such blocks."""
    lines: list[tuple[str, Box]] = []
    for block in page.blocks:
        first = block.lines[0][1]
        height = last[3] - last[1]
        if (
            last[2] - last[0] > _WRAPPED * page.column
            and -0.5 * height < first[1] - last[3] < _LINE_GAP * height
            and abs(first[3] - first[1] - height) < 0.1 * height
            and first[0] > last[0] - _SAME_LINE
            and first[2] < last[2] + _SAME_LINE
            and first[1] > last[1] + 0.5 * height
            and not _CAPTION.match(block.lines[0][0])
        ):
            lines += block.lines
            last = block.lines[-1][1]
    return lines


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
