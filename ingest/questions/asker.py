"""What all questions on a table draw on: picking by chance, and the words for rows, columns and cells."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from ingest.questions import wording
from ingest.questions.grid import Grid, Refused
from ingest.questions.numbers import Quantity, printed

_NAMES = re.compile(r"(years?|dates?|ids?|ranks?|pages?|ref(erence)?s?\.?|#|no\.|seeds?|layers?)", re.IGNORECASE)
_YEARS = range(1900, 2101)
_COARSEST = -9
_MOST = (1, 100)
"""What shares and scores do not exceed."""


class Asker:
    """Draws rows, columns and words for one table.

    rng: seeded by the table's content, so that the same table is asked the same.
    """

    def __init__(self, grid: Grid, rng: random.Random) -> None:
        self.grid, self.rng = grid, rng
        self.named = [row for row in grid.rows if row in grid.row_names]
        self.body = [row for row in grid.rows if row not in grid.summaries]
        self.columns = [
            column for column in grid.columns if column in grid.column_names and column not in grid.naming
        ]
        self.numeric = [column for column in grid.numeric if column in grid.column_names]
        self.read: set[tuple[int, int]] = set()
        """Cells that a question is about: to look one up and to ask in which row its value is are one question."""

        self.full = [column for column in self.numeric if all(grid.quantity(row, column) for row in self.body)]

    def pick(self, among: Sequence[Any]) -> Any:
        """One of them.

        Raises:
            Refused: there is none.
        """
        if not among:
            raise Refused("nothing to ask this about")
        return self.rng.choice(among)

    def several(self, among: Sequence[Any], count: int) -> list[Any]:
        """So many different ones of them.

        Raises:
            Refused: there are too few.
        """
        if len(among) < count:
            raise Refused("too few rows or columns")
        return self.rng.sample(among, count)

    def two_columns(self) -> tuple[int, int]:
        """Two columns whose values can be compared."""
        first = self.pick(self.full)
        return first, self.pick(self.beside(first))

    def beside(self, column: int) -> list[int]:
        """Columns whose values can be compared with those of one: where headers have levels, those of the same
        lowest one, if there are any."""
        alike = [one for one in self.full if one != column and self.grid.alike(one, column)]
        return [one for one in alike if self._lowest(one) == self._lowest(column)] or alike

    def two_rows(self) -> tuple[int, int]:
        """Two named rows that sum up no others."""
        first, second = self.several([row for row in self.named if row in self.body], 2)
        return first, second

    def rows_of(self, column: int) -> list[int]:
        """Named rows with a number there that sum up no others."""
        return [row for row in self.named if row in self.body and self.grid.quantity(row, column)]

    def quantity(self, row: int, column: int) -> Quantity:
        """The number in a cell.

        Raises:
            Refused: it holds none.
        """
        quantity = self.grid.quantity(row, column)
        if quantity is None:
            raise Refused("values are missing")
        return quantity

    def decimals(self, *places: tuple[int, int]) -> int:
        """Digits behind the point that all these cells have."""
        return max(0, min(self.quantity(*place).decimals for place in places))

    def _lowest(self, column: int) -> str:
        return self.grid.column_names[column].rpartition(" / ")[2]

    def measures(self, column: int) -> bool:
        """Whether the numbers of a column measure something, and are no years or other names."""
        values = [quantity.value for row in self.grid.rows if (quantity := self.grid.quantity(row, column))]
        return not _NAMES.fullmatch(self._lowest(column)) and not all(value in _YEARS for value in values)

    def said(self, operation: str, **parts: str) -> str:
        """The question, in one of its ways."""
        return wording.said(operation, self.rng, **parts)

    def row(self, row: int) -> str:
        """A row in a sentence."""
        if row not in self.grid.row_names:
            raise Refused("the row has no name of its own")
        return wording.quoted(self.grid.row_names[row])

    def column(self, column: int) -> str:
        """A column in a sentence, as one of several."""
        return wording.quoted(self.grid.column_names[column])

    def the_column(self, column: int) -> str:
        """A column in a sentence, said to be one."""
        return f"the column {self.column(column)}"

    def cell(self, row: int, column: int) -> str:
        """A cell in a sentence."""
        return f"{self.row(row)} under {self.column(column)}"

    def with_unit(self, value: str, column: int) -> str:
        """A number as a sentence says it of a column."""
        unit = self.grid.unit(column)
        return f"{value}{unit}" if unit == "%" else f"{value} {unit}".strip()

    def without(self) -> str:
        """What is said of rows that sum up others, where a question is about all rows."""
        names = [self.grid.row_names[row] for row in sorted(self.grid.summaries)]
        return f", leaving out {wording.listed(names)}" if names else ""

    def between(self, quantities: Sequence[Quantity], place: int) -> str:
        """A number with few digits that so many of the sorted quantities, all of one scale, lie below.

        Raises:
            Refused: there is none with as few digits as they have.
        """
        numbers = [quantity.number for quantity in quantities]
        gap = (numbers[-1] - numbers[0]) / len(numbers)
        least = numbers[0] - gap
        low = numbers[place - 1] if place else (max(least, Fraction()) if numbers[0] > 0 else least)
        most = min([numbers[-1] + gap, *(Fraction(one) for one in _MOST if numbers[-1] <= one)])
        high = numbers[place] if place < len(numbers) else most
        for decimals in range(_COARSEST, max(quantity.decimals for quantity in quantities) + 1):
            try:
                text = printed((low + high) / 2, decimals)
            except ValueError:
                continue
            if low < Fraction(text) < high:
                return text
        raise Refused("no number lies between two values")
