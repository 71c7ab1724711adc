"""Questions that nothing answers: like one that has an answer, but about a place where nothing stands.

All that they name stands in the table, as what the others name does: that nothing is there shows only to who reads
it. A name that the table does not have would be found out by searching for the word.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from typing import Any, Literal

from ingest.questions.draft import Draft, checked
from ingest.questions.grid import Grid, Refused
from ingest.questions.program import UNKNOWN, Answer, run_on
from ingest.questions.tables import Tables
from ingest.questions.wording import quoted

_PART = " / "
"""Between the parts of a name: headers of several levels, or columns that only together tell rows apart."""

_AS_IT_IS = 0.5
"""How often a question is left alone all the same: not all on such a table are to offer that nothing answers."""

Side = Literal[0, 1]
"""Rows (0) or columns (1)."""


def without_answer(draft: Draft, asks: Tables) -> Draft:
    """A question like this one that nothing answers: no row has the value or meets the conditions; the row has no
    value there; or the two parts of a name stand in the table, but not together.

    Raises:
        Refused: the table has no such thing.
    """
    if draft.program["op"] == "find":
        return asks.find_nowhere(draft.program["column"])
    if draft.program["op"] == "meets":
        return asks.meets(rows=0)
    return _renamed(draft, asks.grid, asks.rng)


def regrouped(names: Mapping[int, str], every: int) -> list[str]:
    """Names put together of the parts of others that no row or column has.

    every: how many rows or columns there are: all of them have to be named, or one may be meant after all.
    """
    parts = [name.split(_PART) for name in names.values()]
    if len(names) < every or len({len(part) for part in parts}) != 1 or len(parts[0]) < 2:
        return []
    made = {_PART.join([*one[:-1], other[-1]]) for one in parts for other in parts}
    return sorted(made - set(names.values()))


def _renamed(draft: Draft, grid: Grid, rng: random.Random) -> Draft:
    """The question with another name in it. Its options are its own, less one, and that it cannot be told."""
    named: tuple[list[int], list[int]] = ([], [])
    _changed(draft.program, lambda side, place: named[side].append(place))
    names = (grid.row_names, grid.column_names)
    rows, columns = (set(places) for places in named)
    others: tuple[list[int | str], list[int | str]] = (
        [*regrouped(names[0], len(grid.rows)), *(row for row in names[0] if _empty(grid, {row}, columns))],
        [*regrouped(names[1], len(grid.columns)), *(one for one in grid.numeric if _empty(grid, rows, {one}))],
    )
    ways: list[tuple[Side, int, int | str]] = [
        (side, place, new)
        for side in (0, 1)
        for place in dict.fromkeys(named[side])
        if (old := names[side].get(place)) and quoted(old) in draft.question
        for new in others[side]
        if isinstance(new, str) or new in names[side]
    ]
    if not ways or rng.random() < _AS_IT_IS:
        raise Refused("no name to put in for another")
    side, place, new = rng.choice(ways)
    old_name, new_name = names[side][place], new if isinstance(new, str) else names[side][new]
    if quoted(new_name) in draft.question:
        raise Refused("the name stands there already")
    program = _changed(draft.program, lambda of, one: new if (of, one) == (side, place) else one)
    if run_on(grid, program).text != UNKNOWN:
        raise Refused("the question can be answered all the same")
    # Options that begin with a column's name say which of two is larger.
    options = [re.sub(rf"^{re.escape(old_name)}(?=, by )", lambda _: new_name, text) for text in draft.options]
    return checked(
        Draft(
            program=program,
            question=draft.question.replace(quoted(old_name), quoted(new_name)),
            answer=Answer(UNKNOWN),
            wrong=tuple(rng.sample(options, len(options) - 1)),
        )
    )


def _empty(grid: Grid, rows: set[int], columns: set[int]) -> bool:
    """Whether these are one row and one column, with nothing where they meet."""
    return len(rows) == len(columns) == 1 and grid.missing(*rows, *columns)


def _changed(program: dict[str, Any], change: Callable[[Side, Any], Any]) -> dict[str, Any]:
    """The program with something else for each row and column that it names by itself, not in a list of rows."""
    made = dict(program)
    for name, value in program.items():
        if name in ("row", "column"):
            made[name] = change(0 if name == "row" else 1, value)
        elif name == "columns":
            made[name] = [change(1, column) for column in value]
        elif name in ("of", "less", "by"):
            made[name] = [change(0, value[0]), change(1, value[1])]
        elif name == "cells":
            made[name] = [[change(0, row), change(1, column)] for row, column in value]
    return made
