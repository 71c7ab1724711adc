"""Columns that a filter may name: what they mean, and what they are in SQL."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "list", "number", "date", "boolean"]
"""Of a column's values; a list is one of texts, which may be empty and is never NULL."""


@dataclass(frozen=True)
class Column:
    """A column that a filter may name."""

    name: str
    kind: Kind

    about: str
    """What it says, in a line."""

    sql: str
    """Its value, NULL where unknown."""

    join: str = ""
    """What has to be joined first."""


def relation(key: str, table: str, known: Collection[Column], wanted: Collection[str]) -> str:
    """SQL: a query of a table's key and of those of its known columns that are wanted, by their names."""
    used = [column for column in known if column.name in wanted]
    values = ", ".join([f"{table}.{key}", *(f'{column.sql} AS "{column.name}"' for column in used)])
    joins = " ".join(dict.fromkeys(column.join for column in used if column.join))
    return f"SELECT {values} FROM {table} {joins}"
