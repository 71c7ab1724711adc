"""The cells of a table on a page: words gathered into rows and columns by where they stand."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from ingest.papers.grid import is_number, place
from ingest.papers.latex.text import tidy
from ingest.papers.pdf.columns import Columns, Line, Text, find_columns, texts_of
from ingest.papers.pdf.pages import Box, PageWord, Rules, joined
from ingest.papers.records import Cell

_SAME_LINE = 0.45
_HALF_ROW = 0.95
_FULL = 0.9
_UNDER = 12.0
_MOST_WORDS = 3_000


@dataclass(frozen=True)
class Grid:
    """A table's cells and how many rows are above the first rule below its top."""

    cells: tuple[Cell, ...]
    ruled: int


def read_cells(words: Sequence[PageWord], rules: Rules, area: Box) -> Grid:
    """The cells within an area of a page.

    Columns part where no line of the body has words; a text that goes across such a place spans columns. A line
    of words is a row of its own unless ruled lines, or how texts are wrapped, say that it goes on with the last.
    """
    words = [word for word in words if word.upright][:_MOST_WORDS]
    if not words:
        return Grid((), 0)
    letter = statistics.median(word.box[3] - word.box[1] for word in words)
    full = [line[1] for line in rules.across if _within(line, area) and _is_full(line, area)]
    parts = [line for line in rules.pieces if _within(line, area) and not _is_full(line, area)]
    down = [line for line in rules.down if _within(line, area)]
    lines = [texts_of(line, letter) for line in _lines(words, letter)]
    head = _head_end(lines, full)
    columns = find_columns(lines, head, letter, down, area)
    lines = [columns.split(line) for line in lines]
    between: set[int] = set()
    for index in range(len(lines)):
        if index - 1 not in between and _beside_two(lines, index, letter):
            between.add(index)
    whole = [line for index, line in enumerate(lines) if index not in between]
    heads = sum(index not in between for index in range(head))
    rows = _head_rows(whole[:heads], parts, columns)
    body_from = len(rows)
    rows += _body_rows(whole[heads:], full, down, columns, letter)
    spanning: list[list[Cell]] = [[] for _ in rows]
    for index in between:
        above = next(number for number, row in enumerate(rows) if any(line is lines[index - 1] for line in row))
        if any(line is lines[index + 1] for line in rows[above]):
            rows[above] = sorted([*rows[above], lines[index]], key=lambda line: line[0].middle[1])
        else:
            cells = _cells([lines[index]], above, columns, [], head=above < body_from)
            spanning[above] = [replace(cell, rows=2) for cell in cells]
    cells_by_row = [
        [*_cells(row, index, columns, parts, head=index < body_from), *spanning[index]]
        for index, row in enumerate(rows)
    ]
    tops = [row[0][0].middle[1] for row in rows]
    first = next((y for y in full if y > tops[0]), None)
    ruled = 0 if first is None else sum(top < first for top in tops)
    return Grid(place(cells_by_row), ruled if ruled < len(rows) else 0)


def _within(line: Box, area: Box) -> bool:
    x, y = (line[0] + line[2]) / 2, (line[1] + line[3]) / 2
    return area[0] - 2 <= x <= area[2] + 2 and area[1] - 2 <= y <= area[3] + 2


def _is_full(line: Box, area: Box) -> bool:
    return line[2] - line[0] > _FULL * (area[2] - area[0])


def _lines(words: Sequence[PageWord], letter: float) -> list[list[PageWord]]:
    """Words by the line on which they stand, marks that are raised or lowered with the words beside them."""
    lines: list[list[PageWord]] = []
    for word in sorted(words, key=lambda word: word.box[1] + word.box[3]):
        middle = (word.box[1] + word.box[3]) / 2
        if lines and middle - statistics.fmean((w.box[1] + w.box[3]) / 2 for w in lines[-1]) < _SAME_LINE * letter:
            lines[-1].append(word)
        else:
            lines.append([word])
    return lines


def _head_end(lines: list[Line], full: list[float]) -> int:
    """How many lines stand above the first full rule that has a line above it."""
    for y in full:
        above = sum(line[0].middle[1] < y for line in lines)
        if 0 < above < len(lines):
            return above
    return 0


def _beside_two(lines: list[Line], index: int, letter: float) -> bool:
    """Whether a line stands between two others that are one row apart, as a text does that spans both, and as one
    does that is centred beside two lines of a header."""
    if not 0 < index < len(lines) - 1:
        return False
    above, here, below = (lines[index + step][0].middle[1] for step in (-1, 0, 1))
    return here - above < _HALF_ROW * letter and below - here < _HALF_ROW * letter


def _head_rows(lines: list[Line], parts: list[Box], columns: Columns) -> list[list[Line]]:
    """Header lines by row. Without texts that span columns and without rules between them, they are one row of
    headers that are broken into lines."""
    rows: list[list[Line]] = []
    for line in lines:
        ruled = rows and any(rows[-1][-1][0].middle[1] < part[1] < line[0].middle[1] for part in parts)
        spanning = rows and any(columns.span(text)[1] > 1 for text in rows[-1][-1])
        if rows and not ruled and not spanning:
            rows[-1].append(line)
        else:
            rows.append([line])
    return rows


def _body_rows(
    lines: list[Line], full: list[float], down: list[Box], columns: Columns, letter: float
) -> list[list[Line]]:
    rights = [max((t.box[2] for line in lines for t in line if columns.span(t) == (c, 1)), default=0.0)
              for c in range(len(columns.places) + 1)]  # fmt: skip
    heights = _row_heights(down)
    rows: list[list[Line]] = []
    for line in lines:
        if rows and _goes_on(rows[-1], line, full, heights, columns, rights, letter):
            rows[-1].append(line)
        else:
            rows.append([line])
    return rows


def _row_heights(down: list[Box]) -> list[tuple[float, float]]:
    """From where to where each row goes, where vertical rules are painted row by row, as LaTeX does."""
    by_place: dict[int, set[tuple[float, float]]] = {}
    for x, top, _, bottom in down:
        by_place.setdefault(round(x), set()).add((top, bottom))
    most = max(by_place.values(), key=len, default=set())
    return sorted(most) if len(most) > 2 else []


def _goes_on(
    row: list[Line], line: Line, full: list[float], heights: list[tuple[float, float]], columns: Columns,
    rights: list[float], letter: float,
) -> bool:  # fmt: skip
    """Whether a line belongs to the row above it."""
    above, here = row[-1][0].middle[1], line[0].middle[1]
    if any(above < y < here for y in full):
        return False
    if heights:
        return _height_at(heights, above) is not None and _height_at(heights, above) == _height_at(heights, here)
    own = {columns.span(text)[0]: text for text in reversed(line)}
    taken = {columns.span(text)[0] for text in (text for part in row for text in part)}
    if not own.keys() < taken or any(columns.span(text)[1] > 1 for text in line):
        return False
    for column, text in own.items():
        last = [part for part in row[-1] if columns.span(part)[0] == column]
        if (
            not last
            or last[-1].box[2] + 0.25 * letter + (text.words[0].box[2] - text.words[0].box[0]) <= rights[column]
            or is_number(last[-1].text)
        ):
            return False
    return True


def _height_at(heights: list[tuple[float, float]], y: float) -> tuple[float, float] | None:
    return max((h for h in heights if h[0] - 1 < y < h[1] + 1), key=lambda h: h[1] - h[0], default=None)


def _cells(row: list[Line], index: int, columns: Columns, parts: list[Box], *, head: bool) -> list[Cell]:
    """The cells of a row. A rule right below one text says which columns the text is of."""
    texts: dict[int, list[str]] = {}
    spans: dict[int, int] = {}
    bottom = max(line[0].middle[1] for line in row)
    for line in row:
        said: dict[int, list[str]] = {}
        for text in line:
            column, count = columns.span(text, head=head)
            rule = next((part for part in parts if bottom < part[1] < bottom + _UNDER and _over(text, part)), None)
            if rule and _is_one([other for other in line if _over(other, rule)]):
                column, count = columns.between(rule[0], rule[2])
            said.setdefault(column, []).append(text.text)
            spans[column] = max(spans.get(column, 1), count)
        for column, pieces in said.items():
            texts.setdefault(column, []).append(" ".join(pieces))
    return [
        Cell(text=tidy(joined(pieces)), row=index, column=column, columns=spans[column])
        for column, pieces in sorted(texts.items())
    ]


def _over(text: Text, rule: Box) -> bool:
    return rule[0] < text.middle[0] < rule[2]


def _is_one(texts: Line) -> bool:
    """Whether texts are next to each other, as the words of one header are."""
    return all(after.box[0] - before.box[2] < after.box[3] - after.box[1] for before, after in pairwise(texts))
