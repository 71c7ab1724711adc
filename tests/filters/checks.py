"""What a condition may be made of, told without the code that makes it."""

from __future__ import annotations

import re
from datetime import date

import duckdb

from evalhub.filters import Filter
from evalhub.store.columns import Column

TYPES = {"text": "VARCHAR", "list": "VARCHAR[]", "number": "DOUBLE", "date": "DATE", "boolean": "BOOLEAN"}


def table_of(columns: tuple[Column, ...], rows: list[dict[str, object]]) -> duckdb.DuckDBPyConnection:
    """A database that nothing leads out of, with these rows in a table `facts`."""
    config = {"enable_external_access": "false", "lock_configuration": "true"}
    database = duckdb.connect(config=config)
    database.execute(f"CREATE TABLE facts ({', '.join(f'{one.name} {TYPES[one.kind]}' for one in columns)})")
    marks = ", ".join("?" for _ in columns)
    for row in rows:
        database.execute(f"INSERT INTO facts VALUES ({marks})", [row[one.name] for one in columns])
    return database


def check(found: Filter, columns: tuple[Column, ...]) -> None:
    """The condition is made of columns, operators and parameters alone, every parameter is a plain value, and what
    a user would read says the same."""
    names = "|".join(one.name for one in columns)
    word = (
        rf'"(?:{names})"|\$(?:sample|model)_\d+|list_contains\(|len\(list_filter\(|len\(|lambda one: one\b'
        r"|\b(?:AND|OR|NOT|IN|LIKE|ILIKE|BETWEEN|IS NULL)\b|<>|<=|>=|[=<>(),]|\b0\b"
    )
    assert re.fullmatch(rf"(?:(?:{word})\s*)+", found.sql), found.sql
    placed = re.findall(r"\$(\w+)", found.sql)
    assert sorted(placed) == sorted(found.parameters) and len({*placed}) == len(placed)
    assert all(type(value) in (str, int, float, bool, date) for value in found.parameters.values())
    assert {*re.findall(r'"(\w+)"', found.sql)} == {*found.columns}
