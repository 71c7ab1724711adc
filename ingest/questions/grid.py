"""A table as questions see it: plain JSON, rows and columns with names that tell them apart, and values."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

from ingest.papers.records import Table
from ingest.questions.numbers import Quantity, is_missing, parse, plain
from ingest.sources.items import plain_answer

_MOST_ROWS, _MOST_COLUMNS = 60, 30
_MOST_PLACES = 10_000
_LONGEST_NAME = 60
_SUMMARY = re.compile(r"(grand )?(total|all|overall|average|avg\.?|mean|sum|median)( \w+)?", re.IGNORECASE)


class Refused(ValueError):
    """No question can be asked here; the message is the reason, in words that can be counted."""


@dataclass(frozen=True)
class _Place:
    """A cell, or the part of one that spans."""

    text: str
    row: int
    column: int
    rows: int
    columns: int


def content_of(table: Table) -> dict[str, Any]:
    """All that a program needs of a table, as plain JSON: cells are [text, row, column, rows, columns]."""
    cells = [[cell.text, cell.row, cell.column, cell.rows, cell.columns] for cell in table.cells]
    return {
        "number": table.number,
        "caption": table.caption,
        "header_rows": table.header_rows,
        "header_columns": table.header_columns,
        "units": list(table.units),
        "cells": sorted(cells, key=lambda cell: (cell[1], cell[2])),
    }


class Grid:
    """Reads such a content. Rows and columns are known by their place in the table, headers included, from 0.

    Raises:
        Refused: it is no table of named rows and columns.
    """

    def __init__(self, content: Mapping[str, Any]) -> None:
        self.number: str = content["number"]
        self.caption: str = content["caption"]
        self._places = _laid_out([_Place(*cell) for cell in content["cells"]])
        self.height = 1 + max(row for row, _ in self._places)
        self.width = 1 + max(column for _, column in self._places)
        self._units = tuple(content["units"])
        self.naming: set[int] = set()
        """Columns that are part of the rows' names though they are no headers."""
        self._top, self._left = self._headers(content["header_rows"], content["header_columns"])
        self.columns = tuple(range(self._left, self.width))
        self.sections = {row for row in range(self._top, self.height) if self._is_section(row)}
        self.rows = tuple(row for row in range(self._top, self.height) if row not in self.sections)
        self._check()

    def text(self, row: int, column: int) -> str:
        """What a cell says, without footnote marks; empty where nothing stands."""
        place = self._places.get((row, column))
        return plain(place.text) if place else ""

    def missing(self, row: int, column: int) -> bool:
        """Whether a cell says that there is nothing: empty, a dash, n/a."""
        place = self._places.get((row, column))
        return place is None or is_missing(place.text)

    def quantity(self, row: int, column: int) -> Quantity | None:
        """The number in a cell, or None."""
        return self._quantities.get((row, column))

    @cached_property
    def _quantities(self) -> dict[tuple[int, int], Quantity]:
        found = {
            (r, c): parse(self._places[r, c].text) for r in self.rows for c in self.columns if self.text(r, c)
        }
        return {place: quantity for place, quantity in found.items() if quantity}

    @cached_property
    def numeric(self) -> tuple[int, ...]:
        """Columns of at least two numbers of one unit, and of nothing else but missing values."""
        return tuple(column for column in self.columns if self._is_numeric(column))

    def unit(self, column: int) -> str:
        """Of a numeric column: what its header or caption says, or what all its cells print."""
        if column < len(self._units) and self._units[column]:
            return str(self._units[column])
        printed = {quantity.unit for row in self.rows if (quantity := self.quantity(row, column))}
        return printed.pop() if len(printed) == 1 else ""

    def alike(self, one: int, other: int) -> bool:
        """Whether two numeric columns hold values of a kind, so that one is a likely slip for the other and their
        difference means something."""
        if self.unit(one) != self.unit(other):
            return False
        ends = []
        for column in (one, other):
            found = [quantity for row in self.rows if (quantity := self.quantity(row, column))]
            values = sorted(abs(quantity.value) for quantity in found)
            decimals = Counter(quantity.decimals for quantity in found).most_common(1)[0][0]
            ends.append((values[len(values) // 2], decimals))
        (low, _), (high, _) = sorted(ends)
        return ends[0][1] == ends[1][1] and high <= 4 * low

    @cached_property
    def row_names(self) -> dict[int, str]:
        """Of the rows that can be named: a short name that no other row has."""
        return _unique(self._all_row_names)

    @cached_property
    def column_names(self) -> dict[int, str]:
        """Of the columns that can be named."""
        return _unique({c: self._path([(r, c) for r in range(self._top)]) for c in self.columns})

    @cached_property
    def summaries(self) -> frozenset[int]:
        """Rows that sum up others: totals and averages."""
        return frozenset(row for row, name in self.row_names.items() if _SUMMARY.fullmatch(name))

    @cached_property
    def groups(self) -> dict[str, tuple[int, ...]]:
        """Rows under a common heading, or beside a name that spans them; of at least two rows, not all of them."""
        found: dict[str, list[int]] = {}
        for row in self.rows:
            heads = [self._section_of(row)]
            for column in range(self._left):
                place = self._places.get((row, column))
                heads.append(plain(place.text) if place and place.rows > 1 else "")
            for head in dict.fromkeys(filter(None, heads)):
                found.setdefault(head, []).append(row)
        return {name: tuple(rows) for name, rows in found.items() if 2 <= len(rows) < len(self.rows)}

    def all_texts(self) -> set[str]:
        """Everything that stands in it."""
        return {plain(place.text) for place in self._places.values()} - {""}

    def _headers(self, rows: int, columns: int) -> tuple[int, int]:
        """How many rows and columns are headers; a row of numbers above a single column of them is none."""
        if columns == 0 and all(not parse(self._text_at(row, 0)) for row in range(rows, self.height)):
            columns = 1
        if rows == 1 and self.width == columns + 1:
            above = parse(self._text_at(0, columns))
            if above and (above.scale or above.unit or above.aside or "." in self._text_at(0, columns)):
                rows = 0
        return rows, columns

    def _text_at(self, row: int, column: int) -> str:
        place = self._places.get((row, column))
        return place.text if place else ""

    def _is_section(self, row: int) -> bool:
        """Whether a row is a heading of those below: one text over all columns, or at the left of empty ones."""
        first = self._places.get((row, 0))
        if not first or not plain(first.text) or first.rows > 1:
            return False
        rest = (self._places.get((row, column)) for column in range(1, self.width))
        return all(place is None or place is first or not place.text.strip() for place in rest)

    def _check(self) -> None:
        if not self._left:
            raise Refused("its rows have no names")
        if not self.columns or len(self.rows) < 2:
            raise Refused("fewer than two rows of values")
        if len(self.rows) > _MOST_ROWS or len(self.columns) > _MOST_COLUMNS:
            raise Refused("too large to be read in a picture")
        if not self._top:
            raise Refused("its columns have no names")
        for (row, column), place in self._places.items():
            if place.row < self._top < place.row + place.rows:
                raise Refused("a cell reaches from the header into the data")
            inside = row in self.rows and column >= self._left
            if inside and (place.rows > 1 or place.columns > 1):
                raise Refused("cells of data are merged")
        if len(self.row_names) < 2:
            raise Refused("its rows cannot be told apart by name")
        if not self.column_names:
            raise Refused("its columns cannot be told apart by name")

    @cached_property
    def _all_row_names(self) -> dict[int, str]:
        """Names out of as few header columns as tell the rows apart, of those that name every row; else with a
        column of text that does."""
        used = self._telling([c for c in range(self._left) if all(self.text(row, c) for row in self.rows)])
        names = {row: self._path([(row, column) for column in used]) for row in self.rows}
        for column in (*range(self._left), *self.columns):
            if len(set(names.values())) == len(names) and all(names.values()):
                break
            if column in used or any(self.missing(r, column) or parse(self.text(r, column)) for r in self.rows):
                continue
            longer = {row: f"{name} / {self.text(row, column)}" for row, name in names.items()}
            if len(set(longer.values())) > len(set(names.values())):
                names = longer
                self.naming.add(column)
        if len({plain_answer(name) for name in names.values()}) < len(names):
            headed = {row: f"{self._section_of(row)} / {name}".removeprefix(" / ") for row, name in names.items()}
            names = headed if len(set(headed.values())) > len(set(names.values())) else names
        return names

    def _telling(self, columns: list[int]) -> tuple[int, ...]:
        """The fewest of these columns that tell all rows apart; all of them where none do."""
        for count in range(1, len(columns)):
            for some in combinations(columns, count):
                if len({tuple(plain_answer(self.text(row, c)) for c in some) for row in self.rows}) == len(
                    self.rows
                ):
                    return some
        return tuple(columns)

    def _section_of(self, row: int) -> str:
        above = [section for section in self.sections if section < row]
        return self.text(max(above), 0) if above else ""

    def _path(self, places: list[tuple[int, int]]) -> str:
        cells = dict.fromkeys(self._places[place] for place in places if place in self._places)
        texts = dict.fromkeys(plain(cell.text) for cell in cells)
        return " / ".join(text for text in texts if re.search(r"\w", text))

    def _is_numeric(self, column: int) -> bool:
        found = [self.quantity(row, column) for row in self.rows if not self.missing(row, column)]
        if len(found) < 2 or None in found:
            return False
        return len({quantity.unit for quantity in found if quantity}) == 1


def _laid_out(cells: list[_Place]) -> dict[tuple[int, int], _Place]:
    """Cells by each place that they cover."""
    if not cells:
        raise Refused("it has no cells")
    found: dict[tuple[int, int], _Place] = {}
    if sum(cell.rows * cell.columns for cell in cells) > _MOST_PLACES:
        raise Refused("too large to be read in a picture")
    for cell in cells:
        for row in range(cell.row, cell.row + cell.rows):
            for column in range(cell.column, cell.column + cell.columns):
                if found.setdefault((row, column), cell) is not cell:
                    raise Refused("cells lie over each other")
    return found


def _unique(names: dict[int, str]) -> dict[int, str]:
    """Names that are short enough, say something, and stand once; `n/a` is none."""
    counts = Counter(plain_answer(name) for name in names.values())
    return {
        place: name
        for place, name in names.items()
        if counts[plain_answer(name)] == 1
        and len(name) <= _LONGEST_NAME
        and re.search(r"\w", name)
        and not is_missing(name)
    }
