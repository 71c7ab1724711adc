"""A table drawn from its cells, where there is no page to crop it from."""

from __future__ import annotations

from collections.abc import Sequence

from ingest.papers.grid import size
from ingest.papers.pdf.pages import Sheet
from ingest.papers.records import Cell

_LETTER, _LINE, _PAD = 10.0, 13.0, 5.0
_WIDEST_COLUMN = 200.0
_MOST_CELLS = 2_000
_LONGEST_SIDE = 1_600.0


def draw(cells: Sequence[Cell], header_rows: int) -> bytes:
    """A PNG of the table, ruled as in print; empty where it would be too large to read."""
    if not cells or len(cells) > _MOST_CELLS:
        return b""
    height, width = size(cells)
    sheet = Sheet(_LETTER)
    lines = {cell: _wrapped(cell.text, sheet, _WIDEST_COLUMN * cell.columns) for cell in cells}
    widths, heights = [2 * _PAD] * width, [_LINE] * height
    for cell in sorted(cells, key=lambda cell: cell.columns):
        needed = max(map(sheet.length, lines[cell]), default=0.0) + 2 * _PAD
        missing = needed - sum(widths[cell.column : cell.column + cell.columns])
        widths[cell.column + cell.columns - 1] += max(0.0, missing)
    for cell in sorted(cells, key=lambda cell: cell.rows):
        missing = len(lines[cell]) * _LINE - sum(heights[cell.row : cell.row + cell.rows])
        heights[cell.row + cell.rows - 1] += max(0.0, missing)
    lefts = [_PAD + sum(widths[:column]) for column in range(width + 1)]
    tops = [2 * _PAD + sum(heights[:row]) + (_PAD if 0 < header_rows <= row else 0) for row in range(height + 1)]
    if max(lefts[-1], tops[-1]) > _LONGEST_SIDE:
        return b""
    sheet.line(_PAD, lefts[-1], tops[0] - _PAD / 2, 1.0)
    sheet.line(_PAD, lefts[-1], tops[-1] + _PAD / 2, 1.0)
    if header_rows:
        sheet.line(_PAD, lefts[-1], tops[header_rows] - _PAD / 2, 0.5)
    for cell, texts in lines.items():
        left, right = lefts[cell.column], lefts[cell.column + cell.columns]
        top, bottom = tops[cell.row], tops[cell.row + cell.rows]
        first = (top + bottom - len(texts) * _LINE) / 2 + 0.75 * _LINE
        for index, text in enumerate(texts):
            start = (left + right - sheet.length(text)) / 2 if cell.columns > 1 else left + _PAD
            sheet.write(start, first + index * _LINE, text)
        if cell.columns > 1 and cell.row + cell.rows < header_rows:
            sheet.line(left + _PAD, right - _PAD, bottom, 0.5)
    return sheet.png(lefts[-1] + _PAD, tops[-1] + 2 * _PAD)


def _wrapped(text: str, sheet: Sheet, limit: float) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        if lines and sheet.length(f"{lines[-1]} {word}") <= limit:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines
