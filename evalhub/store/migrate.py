"""Numbered migrations: each file in `migrations/` runs once, in order, in a transaction of its own."""

from __future__ import annotations

import re
from importlib.resources import files

import duckdb

from evalhub.errors import EvalhubError


def migrations() -> list[tuple[int, str]]:
    """The numbered SQL texts, in order."""
    found = []
    for entry in (files("evalhub.store") / "migrations").iterdir():
        matched = re.fullmatch(r"(\d{4})_\w+\.sql", entry.name)
        if matched:
            found.append((int(matched[1]), entry.read_text(encoding="utf-8")))
    return sorted(found)


def migrate(database: duckdb.DuckDBPyConnection) -> int:
    """Bring a database up to date. Returns its version.

    Raises:
        EvalhubError: a newer evalhub has written it.
    """
    database.execute("CREATE TABLE IF NOT EXISTS migration (number INTEGER PRIMARY KEY, applied_at TIMESTAMPTZ)")
    version: int = database.execute("SELECT coalesce(max(number), 0) FROM migration").fetchall()[0][0]
    known = migrations()
    if version > known[-1][0]:
        raise EvalhubError(
            f"the hub is at version {version}, this evalhub knows only up to {known[-1][0]}: "
            "update it with pip install --upgrade evalhub"
        )
    for number, text in known:
        if number > version:
            database.execute("BEGIN")
            database.execute(text)
            database.execute("INSERT INTO migration VALUES (?, now())", [number])
            database.execute("COMMIT")
    return known[-1][0]
