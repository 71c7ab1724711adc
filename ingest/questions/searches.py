"""Questions which row it is that has a value, or meets conditions; and the same where no row does.

What is looked for stands in the table all the same, or is a number among its numbers: only who reads the column
sees that no row is as wanted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ingest.questions.draft import OPTIONS, Draft, checked
from ingest.questions.grid import Refused
from ingest.questions.program import NO_ROW, run_on
from ingest.questions.slips import Slips
from ingest.questions.wording import quoted

_DRAWS = 40
"""Pairs of conditions that are tried."""


class Searches(Slips):
    """Asks for rows of one table. Each raises `Refused` where it drew what cannot be asked."""

    def find(self) -> Draft:
        """Which row has a value."""
        column = self.pick(self.columns)
        row = self.unread(column)
        draft = self._find(column, self.grid.text(row, column), self.named)
        self.read.add((row, column))
        return draft

    def unread(self, column: int) -> int:
        """A named row with something in a column that no question was about."""
        rows = [row for row in self.named if not self.grid.missing(row, column)]
        return self.pick([row for row in rows if (row, column) not in self.read])

    def find_nowhere(self, column: int) -> Draft:
        """Which row has a value that stands in another column only, though this one's values lie around it.

        The row where it stands is among the options.
        """
        grid = self.grid
        numeric = self.numeric if column in self.numeric else []
        others = [one for one in numeric if one != column and grid.alike(one, column)]
        there = {quantity.value for row in grid.rows if (quantity := grid.quantity(row, column))}
        places = [(row, one) for one in others for row in self.rows_of(one)]
        fit = [(place, self.quantity(*place).value) for place in places]
        row, other = self.pick([place for place, one in fit if one not in there and min(there) < one < max(there)])
        beside = self.several([one for one in self.named if one != row], OPTIONS - 2)
        return self._find(column, grid.text(row, other), [row, *beside])

    def meets(self, rows: int = 1) -> Draft:
        """Which row is above or below a number in one column, or in each of two.

        rows: how many are, 1 or 0.
        """
        columns = self.several(self.full, min(2, len(self.full), self.pick([1, 2, 2])))
        for _ in range(_DRAWS):
            try:
                # Of two conditions each is met by a row; of one that none meets, the number lies beyond all.
                conditions = [self._condition(column, least=len(columns) - 1) for column in columns]
                program = {"op": "meets", "conditions": conditions, "rows": self.body}
                answer = run_on(self.grid, program).text
            except Refused:
                continue
            if (answer != NO_ROW) == bool(rows):
                return self._asked(program, self._condition_question(conditions), self.body)
        raise Refused("no numbers that part one row from the others")

    def _condition(self, column: int, least: int) -> list[Any]:
        """least: so many rows at least are above the number, and below it."""
        found = sorted((self.quantity(row, column) for row in self.body), key=lambda one: one.value)
        if len({quantity.scale for quantity in found}) > 1:
            raise Refused("scales differ")
        value = self.between(found, self.rng.randint(least, len(found) - least))
        return [column, self.pick(["above", "below"]), value + found[0].scale]

    def _condition_question(self, conditions: Sequence[Sequence[Any]]) -> str:
        said = [
            f"{than} {self.with_unit(value, column)} in {self.the_column(column)}"
            for column, than, value in conditions
        ]
        return self.said("meets", conditions=" and ".join(said), without=self.without())

    def _find(self, column: int, value: str, rows: Sequence[int]) -> Draft:
        program = {"op": "find", "column": column, "value": value, "rows": list(self.grid.rows)}
        return self._asked(program, self.said("find", value=quoted(value), column=self.the_column(column)), rows)

    def _asked(self, program: dict[str, Any], question: str, rows: Sequence[int]) -> Draft:
        """With names of these rows as wrong options."""
        answer = run_on(self.grid, program)
        return checked(
            Draft(program=program, question=question, answer=answer, wrong=self.other_rows(answer.text, rows))
        )
