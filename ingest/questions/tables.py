"""Questions on a table: what to ask, and with which slips as wrong options.

Options are laid out so that they tell nothing by themselves. Those of a computed number are pairs of pairs: the
right result and a slip of it, and the same two of another cell, so that each of the four looks the same from
outside.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ingest.questions.draft import OPTIONS, Draft, checked, window
from ingest.questions.grid import Refused
from ingest.questions.numbers import decimals_for
from ingest.questions.program import TWO_STEPS, run_on
from ingest.questions.searches import Searches
from ingest.questions.slips import opposite
from ingest.questions.wording import FUNCTIONS, form, listed, options_in, ordinal, quoted

_FREE = 0.4
"""Share of free numbers among questions that can be asked either way."""

_MOST_DIGITS = 3
"""Significant digits of a ratio."""

_MOST_DECIMALS = 4
"""Of a ratio."""

_MOST_ADDED = 6
"""Rows that one has to sum up by hand."""

_ENDS = ("largest", "smallest")


class Tables(Searches):
    """Asks about one table. Each public method makes a draft by chance.

    Raises:
        Refused: by each method, where it drew what cannot be asked.
    """

    def operations(self) -> list[Callable[[], Draft]]:
        """What can be asked of any table."""
        return [
            self.lookup,
            self.find,
            *[self.meets] * 2,  # of any table it can be asked for what no row has
            self.extreme,
            self.rank,
            self.count,
            self.wins,
            self.difference,
            self.difference_across,
            self.ratio,
            self.aggregate,
            self.compare,
            self.trend,
            self.trend_across,
        ]

    def lookup(self) -> Draft:
        """What stands in a cell; the options are the corners of a rectangle of cells, cells of one column, or two
        numbers with two scales each."""
        column = self.pick(self.columns)
        row = self.unread(column)
        quantity = self.grid.quantity(row, column)
        program = {"op": "lookup", "row": row, "column": column}
        question = self.said("lookup", cell=self.cell(row, column))
        if column in self.numeric and quantity and not quantity.aside and quantity.digits > 1 and self._free():
            written = form(quantity.decimals, self.grid.unit(column), quantity.scale)
            draft = self._draft({**program, "number": True}, question + written)
        else:
            draft = self._draft(program, question, self.scaled(row, column) or self.corners(row, column))
        self.read.add((row, column))
        return draft

    def extreme(self) -> Draft:
        """The largest, second-largest, … row or value of a column."""
        column, end = self.pick(self.numeric), self.pick(_ENDS)
        rows = [row for row in self.body if self.grid.quantity(row, column)]
        if len(rows) > OPTIONS and self.rng.random() < 0.5:
            return self._extreme_among(column, self.several(self.rows_of(column), OPTIONS), end)
        # The third-largest of four is the second-smallest: nobody would ask that.
        place = self.pick([one for one in (1, 1, 2, 3) if 2 * one <= len(rows)])
        program = {"op": "extreme", "column": column, "rows": rows, "end": end, "place": place}
        parts = {"end": ordinal(place) + end, "column": self.the_column(column), "without": self.without()}
        if len(rows) >= OPTIONS and self.rng.random() < 0.7:
            right = run_on(self.grid, program).text
            return self._draft(program, self.said("extreme", **parts), self.other_rows(right, rows))
        found = [self.quantity(row, column) for row in rows]
        if min(quantity.digits for quantity in found) < 2:
            raise Refused("a number of one digit is guessed too easily")
        if len({(quantity.scale, quantity.decimals) for quantity in found}) > 1:
            raise Refused("scales differ")
        written = form(found[0].decimals, self.grid.unit(column), found[0].scale)
        return self._draft({**program, "give": "value"}, self.said("extreme value", **parts) + written)

    def rank(self) -> Draft:
        """The place of a row in a sorted column."""
        column, end = self.pick(self.full), self.pick(_ENDS)
        row = self.pick(self.rows_of(column))
        program = {"op": "rank", "row": row, "column": column, "rows": self.body, "end": end}
        parts = {"column": self.the_column(column), "end": end, "row": self.row(row), "without": self.without()}
        return self._whole(program, self.said("rank", **parts), 1)

    def count(self) -> Draft:
        """How many rows are above or below a number that lies between two of them."""
        column, than = self.pick(self.full), self.pick(["above", "below"])
        found = sorted((self.quantity(row, column) for row in self.body), key=lambda one: one.value)
        if len({quantity.scale for quantity in found}) > 1:
            raise Refused("scales differ")
        value = self.between(found, self.rng.randint(0, len(found))) + found[0].scale
        program = {"op": "count", "column": column, "rows": self.body, "than": than, "value": value}
        parts = {"column": self.the_column(column), "than": than, "without": self.without()}
        return self._whole(program, self.said("count", value=self.with_unit(value, column), **parts), 0)

    def wins(self) -> Draft:
        """In how many rows one column is above another."""
        first, second = self.two_columns()
        program = {"op": "wins", "columns": [first, second], "rows": self.body}
        parts = {"first": self.column(first), "second": self.column(second), "without": self.without()}
        return self._whole(program, self.said("wins", **parts), 0)

    def difference(self) -> Draft:
        """One cell of a column minus another; slips: the other direction, the same of another row."""
        column = self.pick(self.numeric)
        first, second, other = self.several(self.rows_of(column), 3)
        decimals = self.decimals((first, column), (second, column))
        program = {"op": "difference", "of": [first, column], "less": [second, column], "decimals": decimals}
        parts = {"first": self.row(first), "second": self.row(second), "column": self.the_column(column)}
        return self._difference(program, self.said("difference", **parts), {"of": [other, column]})

    def difference_across(self) -> Draft:
        """One column minus another in a row; slips: the other direction, the same in another row."""
        (first, second), (row, other) = self.two_columns(), self.two_rows()
        decimals = self.decimals((row, first), (row, second))
        program = {"op": "difference", "of": [row, first], "less": [row, second], "decimals": decimals}
        parts = {"first": self.column(first), "second": self.column(second), "row": self.row(row)}
        slip = {"of": [other, first], "less": [other, second]}
        return self._difference(program, self.said("difference across", **parts), slip)

    def ratio(self) -> Draft:
        """One cell of a column divided by another; slips: turned over, the same of another row."""
        column = self.pick([column for column in self.numeric if self.measures(column)])
        first, second, other = self.several(self.rows_of(column), 3)
        found = [self.quantity(row, column) for row in (first, second, other)]
        if any(quantity.value <= 0 for quantity in found) or found[0].value == found[1].value:
            raise Refused("a ratio needs two numbers above zero")
        digits = min(_MOST_DIGITS, *(quantity.digits for quantity in found))
        if digits < 2:
            raise Refused("too few digits for a ratio")
        program = self._ratio(first, second, column, digits)
        if run_on(self.grid, program).value == 1:
            raise Refused("a ratio that is 1 when rounded")
        parts = {"first": self.row(first), "second": self.row(second), "column": self.the_column(column)}
        question = self.said("ratio", **parts)
        if self._free():
            return self._draft(program, question + form(program["decimals"]))
        turned = ((second, first), (other, second), (second, other))
        slips = [self._ratio(of, by, column, digits) for of, by in turned]
        return self._draft(program, question, self._answers(slips))

    def aggregate(self) -> Draft:
        """The mean, median, sum or range over all rows of a short table, over a group, or over three rows."""
        column = self.pick([column for column in self.full if self.measures(column)])
        rows, over = self._added_rows()
        found = [self.quantity(row, column) for row in rows]
        add_up = self.grid.unit(column) != "%" and all(one.decimals <= 0 or one.scale for one in found)
        function = self.pick(["mean", "median", "range", *(["sum"] if add_up else [])])
        if function == "median" and len(rows) < 3:
            raise Refused("too few rows for a median")
        decimals = self.decimals(*((row, column) for row in rows))
        program = {"op": "aggregate", "function": function, "column": column, "rows": rows, "decimals": decimals}
        parts = {"function": FUNCTIONS[function], "column": self.the_column(column), "rows": over}
        question = self.said("aggregate", **parts)
        beside = [one for one in self.full if one != column and self.grid.alike(one, column)]
        if function in ("sum", "range") or not beside or self._free():
            return self._draft(program, question + form(decimals, self.grid.unit(column), found[0].scale))
        other = {"function": "median" if function == "mean" else "mean"}
        instead = {"column": self.pick(beside)}
        return self._draft(
            program, question, self._answers([program | slip for slip in (other, instead, other | instead)])
        )

    def compare(self) -> Draft:
        """Which of two columns is larger in a row, by how much; slips: the other one, the gap of another row."""
        (first, second), (row, other) = self.two_columns(), self.two_rows()
        decimals = self.decimals(*((one, column) for one in (row, other) for column in (first, second)))
        program = {"op": "compare", "row": row, "columns": [first, second], "decimals": decimals}
        parts = {"row": self.row(row), "first": self.column(first), "second": self.column(second)}
        right, beside = self._answers([program, program | {"row": other}])
        gaps = [text.rpartition(", by ")[2] for text in (right, beside)]
        names = [self.grid.column_names[column] for column in (first, second)]
        ways = [f"{name}, by {gap}" for name in names for gap in gaps]
        return self._draft(program, self.said("compare", **parts), tuple(way for way in ways if way != right))

    def trend(self) -> Draft:
        """Up or down over three rows; the options are the four ways in which that can go."""
        column = self.pick(self.numeric)
        rows = sorted(self.several(self.rows_of(column), 3))
        parts = {name: self.row(row) for name, row in zip("abc", rows, strict=True)}
        question = self.said("trend", column=self.the_column(column), **parts)
        return self._trend([(row, column) for row in rows], question)

    def trend_across(self) -> Draft:
        """Up or down over three columns."""
        first = self.pick(self.full)
        others = self.several(self.beside(first), 2)
        columns, (row, _) = sorted([first, *others]), self.two_rows()
        parts = {name: self.column(column) for name, column in zip("abc", columns, strict=True)}
        question = self.said("trend across", row=self.row(row), **parts)
        return self._trend([(row, column) for column in columns], question)

    def _extreme_among(self, column: int, rows: list[int], end: str) -> Draft:
        """The row with the largest or smallest value among those that are the options."""
        program = {"op": "extreme", "column": column, "rows": rows, "end": end}
        answer = run_on(self.grid, program).text
        names = tuple(name for row in rows if (name := self.grid.row_names[row]) != answer)
        return self._draft(program, self.said("extreme among", end=end, column=self.the_column(column)), names)

    def _ratio(self, of: int, by: int, column: int, digits: int) -> dict[str, Any]:
        """A program for a ratio with so many significant digits."""
        decimals = decimals_for(self.quantity(of, column).value / self.quantity(by, column).value, digits)
        if not 0 <= decimals <= _MOST_DECIMALS:
            raise Refused("a ratio too large or too small")
        return {"op": "ratio", "of": [of, column], "by": [by, column], "decimals": decimals}

    def _difference(self, program: dict[str, Any], question: str, slip: dict[str, Any]) -> Draft:
        if not run_on(self.grid, program).value:
            raise Refused("both are equal")
        row, column = program["less"]
        counted = (self.grid.unit(column), self.quantity(row, column).scale)
        if self._free():
            return self._draft(program, question + form(program["decimals"], *counted))
        right, other = self._answers([program, program | slip])
        return self._draft(program, question + options_in(*counted), (opposite(right), other, opposite(other)))

    def _trend(self, cells: list[tuple[int, int]], question: str) -> Draft:
        program = {"op": "trend", "cells": [list(cell) for cell in cells]}
        answer = run_on(self.grid, program).text
        # Of three values in any order, two thirds turn: half of these are left out, so that each way is as likely.
        if not answer.endswith("again") and self.rng.random() < 0.5:
            raise Refused("a turn, as most are")
        return self._draft(program, question, tuple(way for way in TWO_STEPS if way != answer))

    def _whole(self, program: dict[str, Any], question: str, low: int) -> Draft:
        """A question whose answer is a whole number from low to the number of rows."""
        value = int(run_on(self.grid, program).text)
        return self._draft(program, question, window(self.rng, value, low, len(self.body)))

    def _draft(self, program: dict[str, Any], question: str, wrong: tuple[str, ...] = ()) -> Draft:
        return checked(Draft(program=program, question=question, answer=run_on(self.grid, program), wrong=wrong))

    def _answers(self, programs: Sequence[dict[str, Any]]) -> tuple[str, ...]:
        return tuple(run_on(self.grid, program).text for program in programs)

    def _added_rows(self) -> tuple[list[int], str]:
        """Rows to sum up, and what they are called."""
        groups = {name: [row for row in rows if row in self.body] for name, rows in self.grid.groups.items()}
        ways = [
            (rows, f"the rows under {quoted(name)}")
            for name, rows in groups.items()
            if 2 <= len(rows) <= _MOST_ADDED
        ]
        if len(self.body) <= _MOST_ADDED:
            ways.append((self.body, f"all rows{self.without()}"))
        if ways and self.rng.random() < 0.6:
            return self.pick(ways)
        rows = sorted(self.several([row for row in self.named if row in self.body], 3))
        return rows, f"the rows {listed([self.grid.row_names[row] for row in rows])}"

    def _free(self) -> bool:
        return self.rng.random() < _FREE
