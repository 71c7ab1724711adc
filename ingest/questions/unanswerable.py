"""Questions that nothing answers: like one that has an answer, but about something that is not there."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ingest.questions.draft import Draft, checked
from ingest.questions.grid import Grid, Refused
from ingest.questions.numbers import parse
from ingest.questions.program import UNKNOWN, Answer, run_on
from ingest.questions.wording import quoted

_LONGEST = 40
_NEAREST = 2
_STEM = 5
"""Letters at the beginning that make two words forms of one, wherever they stand."""

_LEAST = 3
"""The same of words that name rows and columns."""

_SHORT = 4
"""Letters that an abbreviation has at most."""

_DERIVED = re.compile(
    r"\b(f1|f-?score|avg|average|mean|total|sum|all|overall|difference|delta|change|gain|ratio|rank|count)\b|[∆Δ]",
    re.IGNORECASE,
)
"""What could be worked out of other columns and rows."""

_EMPTY = 0.5
"""How often an empty cell is asked for rather than a name that is absent, where there are such cells."""

Side = Literal[0, 1]
"""Rows (0) or columns (1)."""


@dataclass(frozen=True)
class Absent:
    """What a table says nothing of, though the rest of the paper does."""

    rows: Sequence[str] = ()
    columns: Sequence[str] = ()


def absent_from(grid: Grid, others: Iterable[Grid]) -> Absent:
    """Names in a paper's other tables of which this one says nothing, not even a word.

    They come from the tables whose names have most words in common with its own, so that they could be expected
    here, and columns are of numbers.
    """
    own = _head_words(grid)
    said = {
        word[:_STEM] for text in (*grid.all_texts(), grid.caption) for word in _words(text) if len(word) >= _STEM
    }
    nearest = sorted(others, key=lambda other: -len(own & _head_words(other)))[:_NEAREST]
    rows = {name for other in nearest for name in other.row_names.values()}
    columns = {other.column_names[one] for other in nearest for one in other.numeric if one in other.column_names}
    return Absent(
        *(sorted(name for name in names if _tells_nothing(name, own, said)) for names in (rows, columns))
    )


def without_answer(draft: Draft, grid: Grid, absent: Absent, rng: random.Random) -> Draft:
    """The question with a name put in for one of its rows or columns that the table does not have, or a row that
    has no value there. Its options are those of the question, less one, and that it cannot be told.

    Raises:
        Refused: it names no row or column for which another one could stand.
    """
    named: tuple[list[int], list[int]] = ([], [])
    _changed(draft.program, lambda side, place: named[side].append(place))
    columns = list(dict.fromkeys(named[1]))
    empty = [row for row in grid.row_names if len(columns) == 1 and grid.missing(row, columns[0])]
    if empty and rng.random() < _EMPTY:
        absent = Absent()
    ways: list[tuple[Side, int, int | str]] = [(0, row, name) for row in named[0] for name in absent.rows]
    ways += [(0, row, other) for row in named[0] for other in empty]
    ways += [(1, one, name) for one in columns if one in grid.numeric for name in absent.columns]
    names = (grid.row_names, grid.column_names)
    ways = [way for way in ways if (old := names[way[0]].get(way[1])) and quoted(old) in draft.question]
    if not ways:
        raise Refused("no name to put in for another")
    side, place, new = rng.choice(ways)
    old_name, new_name = names[side][place], new if isinstance(new, str) else grid.row_names[new]
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


def _tells_nothing(name: str, heads: set[str], said: set[str]) -> bool:
    """Whether nothing in a table has to do with a name.

    heads: words that name its rows and columns. said: how the longer words begin that stand anywhere in it.
    """
    own = _words(name)
    if not re.search(r"[^\W\d_]{2}", name) or len(name) > _LONGEST or parse(name) or _DERIVED.search(name):
        return False
    return not any(word[:_STEM] in said or any(_akin(word, head) for head in heads) for word in own)


def _akin(one: str, other: str) -> bool:
    """Whether two words may be forms of one: they begin alike, or one is an abbreviation of the other."""
    short, long = sorted((one, other), key=len)
    if short == long or (len(short) >= _LEAST and short[:_LEAST] == long[:_LEAST]):
        return True
    letters = iter(long)
    return len(short) <= _SHORT and short[0] == long[0] and all(letter in letters for letter in short)


def _head_words(grid: Grid) -> set[str]:
    return {word for name in (*grid.row_names.values(), *grid.column_names.values()) for word in _words(name)}


def _words(text: str) -> set[str]:
    """The words of a text, and the letters with which several of them begin."""
    words = re.findall(r"[^\W\d_]+", text.casefold())
    return {*words, "".join(word[0] for word in words)} if len(words) > 1 else {*words}
