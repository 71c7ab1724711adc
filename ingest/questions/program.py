"""The language of questions on tables: a program is plain JSON, and running it over a table gives the answer.

A program is `{"op": NAME, ...}`. Rows and columns are numbers of the table, headers included, from 0; where a
program names a row or column that the table does not have, or a cell in which nothing stands, the answer is that
it cannot be told; where it looks for a row and none is as wanted, that there is no such row. A list of rows says
which take part. `decimals` says how many digits the answer has behind the point. All arithmetic is exact.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from statistics import median
from typing import Any, Literal

from ingest.questions.grid import Grid, Refused
from ingest.questions.numbers import Quantity, parse, printed

UNKNOWN = "It cannot be told from what is shown"
NO_ROW = "No row of the table"
"""The same where the question is which row."""

UNANSWERED = (UNKNOWN, NO_ROW)

TWO_STEPS = ("rises, then falls", "falls, then rises", "rises, then rises again", "falls, then falls again")
"""What a trend over three cells can be."""

Reference = int | str
"""A row or column by its place, or by a name that may be absent."""

End = Literal["largest", "smallest"]
Than = Literal["above", "below"]
Place = tuple[Reference, Reference]
"""Row and column."""


@dataclass(frozen=True)
class Answer:
    """What a program gives."""

    text: str
    """As an option or a reference says it."""

    value: Fraction | None = None
    """Of a number, scale included where it is a cell's; None for text."""


def run(program: Mapping[str, Any], content: Mapping[str, Any]) -> Answer:
    """The answer of a program over a table, given as `content_of` gives it.

    Raises:
        Refused: the program is none, or has no single answer over this table (a tie, cells of different units).
    """
    return run_on(Grid(content), program)


def run_on(grid: Grid, program: Mapping[str, Any]) -> Answer:
    """As `run`, over a table that is read already."""
    given = {name: value for name, value in program.items() if name != "op"}
    operation = OPERATIONS.get(program.get("op", ""))
    if operation is None:
        raise Refused(f"there is no operation '{program.get('op')}'")
    try:
        return operation(grid, **given)
    except _Absent:
        return Answer(UNKNOWN)
    except TypeError as error:
        raise Refused(f"'{program['op']}': {error}") from None


class _Absent(Exception):
    """What a program asks for is not in the table."""


def _lookup(grid: Grid, row: Reference, column: Reference, number: bool = False) -> Answer:
    """What stands in a cell; with `number`, its number without scale, unit and spread."""
    place = _row(grid, row), _column(grid, column)
    if grid.missing(*place):
        raise _Absent
    quantity = grid.quantity(*place)
    if number:
        found = _number(grid, place)
        return Answer(printed(found.number, max(0, found.decimals)), found.number)
    return Answer(grid.text(*place), quantity.value if quantity else None)


def _find(grid: Grid, column: Reference, value: str, rows: list[int]) -> Answer:
    """The one row in which a column says this."""
    place = _column(grid, column)
    number = parse(value)
    found = [row for row in rows if grid.text(row, place) == value]
    alike = [row for row in rows if number and (one := grid.quantity(row, place)) and one.value == number.value]
    if len(found) > 1 or len(alike) > len(found):
        raise Refused("several rows have the value" if found else "a row has the value in other digits")
    return Answer(_row_name(grid, found[0]) if found else NO_ROW)


def _meets(grid: Grid, conditions: list[tuple[Reference, Than, str]], rows: list[int]) -> Answer:
    """The one row that has more, or less, than a number in each of some columns."""
    left = list(rows)
    for column, than, value in conditions:
        beyond = _beyond(grid, column, rows, than, value)
        left = [row for row in left if row in beyond]
    if len(left) > 1:
        raise Refused("several rows meet the conditions")
    return Answer(_row_name(grid, left[0]) if left else NO_ROW)


def _extreme(
    grid: Grid, column: Reference, rows: list[int], end: End, place: int = 1, give: Literal["row", "value"] = "row"
) -> Answer:
    """The row of the largest or smallest value in a column, or of the second (`place` 2); or its number."""
    ordered = _ordered(grid, column, rows, end)
    if not 1 <= place <= len(ordered):
        raise Refused("there are not so many values")
    _no_ties(ordered[: place + 1])
    row, _ = ordered[place - 1]
    if give == "value":
        return _lookup(grid, row, column, number=True)
    return Answer(_row_name(grid, row))


def _rank(grid: Grid, row: Reference, column: Reference, rows: list[int], end: End) -> Answer:
    """The place of a row when a column is sorted, 1 for the largest (or smallest)."""
    ordered = _ordered(grid, column, rows, end)
    own = _row(grid, row)
    places = [one for one, _ in ordered]
    if own not in places:
        raise Refused("the row takes no part")
    place = 1 + places.index(own)
    _no_ties(ordered[: place + 1])
    return Answer(str(place), Fraction(place))


def _count(grid: Grid, column: Reference, rows: list[int], than: Than, value: str) -> Answer:
    """How many rows have more, or less, than this in a column."""
    count = len(_beyond(grid, column, rows, than, value))
    return Answer(str(count), Fraction(count))


def _wins(grid: Grid, columns: tuple[Reference, Reference], rows: list[int]) -> Answer:
    """In how many rows the first column has more than the second."""
    first, second = (dict(_values(grid, column, rows)) for column in columns)
    _same_unit(*first.values(), *second.values())
    count = sum(first[row].value > second[row].value for row in rows)
    return Answer(str(count), Fraction(count))


def _difference(grid: Grid, of: Place, less: Place, decimals: int) -> Answer:
    """One cell minus another, in the scale that both have."""
    first, second = _cell(grid, of), _cell(grid, less)
    _same_unit(first, second)
    _same_scale(first, second)
    return _rounded(first.number - second.number, decimals)


def _ratio(grid: Grid, of: Place, by: Place, decimals: int) -> Answer:
    """One cell divided by another."""
    first, second = _cell(grid, of), _cell(grid, by)
    _same_unit(first, second)
    if not second.value:
        raise Refused("divides by zero")
    return _rounded(first.value / second.value, decimals)


def _aggregate(
    grid: Grid,
    function: Literal["mean", "median", "sum", "range"],
    column: Reference,
    rows: list[int],
    decimals: int,
) -> Answer:
    """A number that sums up a column, in the scale that its cells have."""
    if function not in _FUNCTIONS:
        raise Refused(f"there is no function '{function}'")
    found = [_cell(grid, (row, column)) for row, _ in _values(grid, column, rows)]
    _same_scale(*found)
    return _rounded(_FUNCTIONS[function]([quantity.number for quantity in found]), decimals)


def _compare(grid: Grid, row: Reference, columns: tuple[Reference, Reference], decimals: int) -> Answer:
    """Which of two columns is larger in a row, and by how much."""
    names = [grid.column_names.get(_column(grid, column)) for column in columns]
    if not all(names):
        raise Refused("a column has no name of its own")
    first, second = columns
    gap = Fraction(_difference(grid, (row, first), (row, second), decimals).text)
    if not gap:
        raise Refused("both are equal")
    return Answer(f"{names[gap < 0]}, by {printed(abs(gap), decimals)}")


def _trend(grid: Grid, cells: list[Place]) -> Answer:
    """Whether values rise or fall from each cell to the next."""
    found = [_cell(grid, cell) for cell in cells]
    _same_unit(*found)
    steps: list[str] = []
    for before, after in pairwise(found):
        if before.value == after.value:
            raise Refused("neither rises nor falls")
        step = "rises" if after.value > before.value else "falls"
        steps.append(f"{step} again" if steps and steps[-1].startswith(step) else step)
    return Answer(", then ".join(steps))


OPERATIONS: dict[str, Callable[..., Answer]] = {
    "lookup": _lookup,
    "find": _find,
    "meets": _meets,
    "extreme": _extreme,
    "rank": _rank,
    "count": _count,
    "wins": _wins,
    "difference": _difference,
    "ratio": _ratio,
    "aggregate": _aggregate,
    "compare": _compare,
    "trend": _trend,
}

_FUNCTIONS: dict[str, Callable[[list[Fraction]], Fraction]] = {
    "mean": lambda values: sum(values, Fraction()) / len(values),
    "median": median,
    "sum": lambda values: sum(values, Fraction()),
    "range": lambda values: max(values) - min(values),
}


def _row(grid: Grid, reference: Reference) -> int:
    return _place(reference, grid.row_names, grid.rows)


def _column(grid: Grid, reference: Reference) -> int:
    return _place(reference, grid.column_names, grid.columns)


def _place(reference: Reference, names: Mapping[int, str], places: tuple[int, ...]) -> int:
    if isinstance(reference, str):
        for place, name in names.items():
            if name == reference:
                return place
        raise _Absent
    if reference not in places:
        raise Refused("the table has no such place for values")
    return reference


def _row_name(grid: Grid, row: int) -> str:
    if row not in grid.row_names:
        raise Refused("the row has no name of its own")
    return grid.row_names[row]


def _cell(grid: Grid, place: Place) -> Quantity:
    row, column = place
    return _number(grid, (_row(grid, row), _column(grid, column)))


def _number(grid: Grid, place: tuple[int, int]) -> Quantity:
    if grid.missing(*place):
        raise _Absent
    quantity = grid.quantity(*place)
    if quantity is None:
        raise Refused("the cell is no number")
    if quantity.aside:
        raise Refused("the cell holds two numbers")
    return quantity


def _values(grid: Grid, reference: Reference, rows: list[int]) -> list[tuple[int, Quantity]]:
    """Numbers of a column, all of one unit, none missing."""
    column = _column(grid, reference)
    found = [(row, grid.quantity(_row(grid, row), column)) for row in rows]
    kept = [(row, quantity) for row, quantity in found if quantity]
    if not rows or len(kept) < len(found):
        raise Refused("values are missing")
    _same_unit(*(quantity for _, quantity in kept))
    return kept


def _beyond(grid: Grid, column: Reference, rows: list[int], than: Than, value: str) -> set[int]:
    """Rows with more, or less, than a number in a column."""
    limit = parse(value)
    if limit is None or than not in ("above", "below"):
        raise Refused("compares with what is above or below a number")
    found = _values(grid, column, rows)
    return {row for row, one in found if (one.value > limit.value if than == "above" else one.value < limit.value)}


def _ordered(grid: Grid, column: Reference, rows: list[int], end: End) -> list[tuple[int, Quantity]]:
    if end not in ("largest", "smallest"):
        raise Refused(f"there is no end '{end}'")
    found = _values(grid, column, rows)
    return sorted(found, key=lambda one: one[1].value, reverse=end == "largest")


def _no_ties(ordered: list[tuple[int, Quantity]]) -> None:
    if any(before.value == after.value for (_, before), (_, after) in pairwise(ordered)):
        raise Refused("two rows share a place")


def _same_unit(*quantities: Quantity) -> None:
    if len({quantity.unit for quantity in quantities}) > 1:
        raise Refused("units differ")


def _same_scale(*quantities: Quantity) -> None:
    if len({quantity.scale for quantity in quantities}) > 1:
        raise Refused("scales differ")


def _rounded(value: Fraction, decimals: int) -> Answer:
    try:
        text = printed(value, decimals)
    except ValueError:
        raise Refused("lies half-way between two roundings") from None
    return Answer(text, Fraction(text))
