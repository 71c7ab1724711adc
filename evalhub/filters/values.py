"""The values that a filter compares columns with."""

from __future__ import annotations

import math
import re
from datetime import date

from sqlglot import exp

from evalhub.filters.filter import Value
from evalhub.store.columns import Column

_WANTED = {
    "text": "text in single quotes, as in 'mmlu'",
    "list": "text in single quotes, as in 'mmlu'",
    "number": "a number, as in 4 or 0.5",
    "date": "a date, as in '2024-06-30'",
    "boolean": "TRUE or FALSE, or stands alone",
}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOST_WHOLE = 2**53
"""Up to here a float is the same number."""


class BadValue(ValueError):
    """A value does not fit its column. The message says what would."""


def is_value(node: exp.Expr) -> bool:
    """Whether this is a value, and no column or condition."""
    return type(node) in (exp.Literal, exp.Neg, exp.Boolean, exp.Cast, exp.Null)


def value_of(node: exp.Expr, column: Column) -> Value:
    """What stands there, of the column's kind.

    Raises:
        BadValue: it is of another kind, or no date or number at all.
    """
    if type(node) is exp.Null:
        raise BadValue(f"nothing is equal to NULL; write {column.name} IS NULL")
    found: Value | None = None
    if column.kind in ("text", "list") and _is_text(node):
        found = str(node.this)
    elif column.kind == "number":
        found = _number(node)
    elif column.kind == "boolean" and type(node) is exp.Boolean:
        found = bool(node.this)
    elif column.kind == "date":
        inner = node.this if type(node) is exp.Cast and node.to == exp.DataType.build("DATE") else node
        found = _date(inner.this) if _is_text(inner) else None
    if found is None:
        raise BadValue(f"{column.name} is compared with {_WANTED[column.kind]}")
    return found


def spelt(value: Value) -> str:
    """A value as a user could type it."""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        return repr(value)
    return "'" + str(value).replace("'", "''") + "'"


def _is_text(node: exp.Expr) -> bool:
    return type(node) is exp.Literal and bool(node.is_string)


def _date(text: str) -> date:
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise BadValue(f"{text[:40]!r} is no date; write one as '2024-06-30'")


def _number(node: exp.Expr) -> int | float | None:
    negative = type(node) is exp.Neg
    inner = node.this if negative else node
    if type(inner) is not exp.Literal or inner.is_string:
        return None
    number = float(inner.this)
    if not math.isfinite(number):
        raise BadValue("this number is too large")
    if number.is_integer() and number < _MOST_WHOLE:
        return -int(number) if negative else int(number)
    return -number if negative else number
