"""What tables of both routes share: cells put in a grid, and which of them are headers and units."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from ingest.papers.records import Cell

_NUMBER = re.compile(
    r"[~≈∼<>≤≥±+\-−–$€£#(\[]*\s*\d[\d,.\s]*(?:e[+-]?\d+|\^[+-]?\d+)?\s*"
    r"(?:%|‰|×|x|°C?|[kKmMbBTG]|ms|s|h|GB|MB)?\s*[)\]]?\s*(?:[±(/_\[+\-−–:↑↓].*)?[†‡*∗§¶↑↓✓✗]*"
)
_MOST_CELLS = 20_000
_NO_VALUE = frozenset(("", "-", "–", "—", "−", "n/a", "N/A", "NA", "na", "*", "✗", "✓", "...", "…"))
_YEAR = re.compile(r"(?:19|20)\d\d")

_UNIT_SIGNS = """
% ‰ ns µs ms s min h days years B K M KB MB GB TB MiB GiB k nm µm mm cm m km mg g kg Hz kHz MHz GHz mA mV V W kW
kWh J kJ eV keV MeV GeV dB ° °C Pa kPa MPa GPa FLOPs GFLOPs TFLOPs fps $ € USD EUR tokens words params million
billion thousand m/s km/h tokens/s img/s bits bpp px points pp
"""
_UNITS = frozenset(_UNIT_SIGNS.split())
_OTHER_NAMES = {
    "percent": "%", "percentage": "%", "per cent": "%", "us": "µs", "μs": "µs", "μm": "µm", "sec": "s",
    "secs": "s", "seconds": "s", "milliseconds": "ms", "mins": "min", "minutes": "min", "hr": "h", "hrs": "h",
    "hours": "h", "deg": "°", "degrees": "°", "millions": "million", "billions": "billion",
    "thousands": "thousand", "pixels": "px",
}  # fmt: skip
_UNIT_OF = (
    {unit: unit for unit in _UNITS} | {unit.lower(): unit for unit in _UNITS if len(unit) > 2} | _OTHER_NAMES
)
"""Units by how headers write them; short ones in the right case only."""

_BRACKETED = re.compile(r"[(\[]\s*(?:in\s+)?([^()\[\]]{1,12}?)\s*[↑↓]?\s*[)\]]", re.IGNORECASE)
_IN_UNIT = re.compile(r"(?:,|\bin)\s+(?:in\s+)?([A-Za-z%µμ°$€/]{1,12})\s*[↑↓]?$", re.IGNORECASE)
_CAPTION_PERCENT = re.compile(
    r"\(\s*(?:in\s+)?%\s*\)|\b(?:in|as)\s+(?:%|percent(?:ages?)?\b|per cent)", re.IGNORECASE
)


def is_number(text: str) -> bool:
    """Whether a cell holds a value: a number, with what is written around one (marks, spread, sign, unit)."""
    return _NUMBER.fullmatch(text) is not None


def is_empty(text: str) -> bool:
    """Whether a cell says that there is no value, or ticks a box: it is no sign of a header."""
    return text in _NO_VALUE


def place(rows: Sequence[Sequence[Cell]]) -> tuple[Cell, ...]:
    """Cells as they belong in a grid, row by row and left to right: spans cut where they meet other cells or the
    table's end, places that a span covers without a cell, other places that lack one with an empty cell, rows and
    columns in which nothing stands left out. No cells at all where there would be more than 20,000.
    """
    width = max((cell.column + cell.columns for row in rows for cell in row), default=0)
    if len(rows) * width > _MOST_CELLS:
        return ()
    cells = [cell for row in rows for cell in row]
    texts = {(cell.row, cell.column) for cell in cells if cell.text}
    taken: dict[tuple[int, int], Cell] = {}
    placed: list[Cell] = []
    for cell in sorted(cells, key=lambda cell: (cell.row, cell.column, not cell.text)):
        if (cell.row, cell.column) in taken:
            continue
        columns = next(
            (n for n in range(1, min(cell.columns, width - cell.column))
             if (cell.row, cell.column + n) in taken or (cell.row, cell.column + n) in texts),
            min(cell.columns, width - cell.column),
        )  # fmt: skip
        span = range(cell.column, cell.column + columns)
        height = next(
            (n for n in range(1, min(cell.rows, len(rows) - cell.row))
             if any((cell.row + n, c) in texts or (cell.row + n, c) in taken for c in span)),
            min(cell.rows, len(rows) - cell.row),
        )  # fmt: skip
        cell = replace(cell, columns=columns, rows=height)
        placed.append(cell)
        taken |= {(cell.row + r, c): cell for r in range(height) for c in span}
    for row in range(len(rows)):
        placed += [Cell(text="", row=row, column=c) for c in range(width) if (row, c) not in taken]
    return _compact(placed)


def _compact(cells: list[Cell]) -> tuple[Cell, ...]:
    """The grid without rows and columns in which no text stands or goes through."""
    kept_rows = sorted({cell.row for cell in cells if cell.text})
    kept_columns = sorted({cell.column for cell in cells if cell.text})
    row_of = {row: index for index, row in enumerate(kept_rows)}
    column_of = {column: index for index, column in enumerate(kept_columns)}
    found = [
        replace(
            cell,
            row=row_of[cell.row],
            column=column_of[cell.column],
            rows=bisect_left(kept_rows, cell.row + cell.rows) - row_of[cell.row],
            columns=bisect_left(kept_columns, cell.column + cell.columns) - column_of[cell.column],
        )
        for cell in cells
        if cell.row in row_of and cell.column in column_of
    ]
    return tuple(sorted(found, key=lambda cell: (cell.row, cell.column)))


def size(cells: Sequence[Cell]) -> tuple[int, int]:
    """Rows and columns of a grid."""
    return (
        max((cell.row + cell.rows for cell in cells), default=0),
        max((cell.column + cell.columns for cell in cells), default=0),
    )


def header_rows(cells: Sequence[Cell], ruled: int) -> int:
    """How many rows at the top are headers.

    ruled: how many rows stand above the first rule below the top one; 0 where there is no such rule.
    """
    height, width = size(cells)
    for rows in dict.fromkeys((ruled, 1)):
        if not 0 < rows < height:
            continue
        rows = _whole_spans(cells, rows)
        if rows < height and _reads_as_header(cells, rows, width, said=rows == ruled):
            return rows
    return 0


def _whole_spans(cells: Sequence[Cell], rows: int) -> int:
    """More rows where a header reaches down over more of them; a name at the left may go on below."""
    reach = max((cell.row + cell.rows for cell in cells if cell.row < rows and cell.column > 0), default=rows)
    return max(rows, reach)


def _reads_as_header(cells: Sequence[Cell], rows: int, width: int, *, said: bool) -> bool:
    top = [cell for cell in cells if cell.row < rows and cell.text]
    if all(cell.columns == width or cell.column == 0 for cell in top):
        return False  # a title of the rows below
    values = [cell for cell in top if is_number(cell.text) and not _YEAR.fullmatch(cell.text) and cell.column > 0]
    if len(values) * 2 > len([cell for cell in top if cell.column > 0]):
        # Numbers may head columns (1, 5, 10 shots), where what is below them is finer than they are.
        return (
            said
            and all(re.fullmatch(r"[kK@]?\d{1,4}%?", cell.text) for cell in values)
            and any("." in cell.text for cell in cells if cell.row >= rows)
        )
    if said:
        return True
    below = [cell for cell in cells if cell.row >= rows and cell.column > 0 and not is_empty(cell.text)]
    return bool(below) and sum(is_number(cell.text) for cell in below) * 2 >= len(below)


def header_columns(cells: Sequence[Cell], header_rows: int) -> int:
    """How many columns at the left name the rows: those before the first with values, at least one."""
    _, width = size(cells)
    for column in range(width):
        body = [cell for cell in cells if cell.row >= header_rows and cell.column == column and cell.columns == 1]
        told = [cell.text for cell in body if not is_empty(cell.text)]
        if not told or sum(map(is_number, told)) * 2 > len(told):
            return column or int(width > 1 and _name_rows(told, cells, header_rows))
    return min(1, max(0, width - 1))


def _name_rows(numbers: list[str], cells: Sequence[Cell], header_rows: int) -> bool:
    """Whether numbers in the first column name the rows, as years and sizes do: no two are equal, and they are
    whole or stand beside values."""
    if not numbers or max(Counter(numbers).values()) > 1:
        return False
    rest = [c.text for c in cells if c.row >= header_rows and c.column > 0 and not is_empty(c.text)]
    return all(map(str.isdigit, numbers)) or sum(map(is_number, rest)) * 2 > len(rest)


def units(cells: Sequence[Cell], header_rows: int, header_columns: int, caption: str) -> tuple[str, ...]:
    """The unit of each column, where its header says it or the caption says per cent of everything; else empty."""
    _, width = size(cells)
    overall = "%" if _CAPTION_PERCENT.search(caption) else ""
    found = []
    for column in range(width):
        heads = [c.text for c in cells if c.row < header_rows and c.column <= column < c.column + c.columns]
        said = next((unit for head in reversed(heads) if (unit := _unit_in(head))), "")
        found.append(said or (overall if column >= header_columns else ""))
    return tuple(found)


def _unit_in(header: str) -> str:
    for pattern in (_BRACKETED, _IN_UNIT):
        for mark in pattern.finditer(header):
            said = mark[1].strip()
            unit = _UNIT_OF.get(said) or (_UNIT_OF.get(said.lower()) if len(said) > 2 else None)
            if unit:
                return unit
    return "%" if header.rstrip("↑↓ ").endswith("%") else ""
