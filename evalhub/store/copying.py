"""What a backup needs of the hub's two databases: their files whole on disk, and what is in them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import duckdb

from evalhub.errors import EvalhubError
from evalhub.store.whole import read_whole
from evalhub.telling import Tell


def checkpoint(hub: Path) -> None:
    """Put all of `hub.duckdb` into its one file, without migrating it. The caller holds the writer's lock.

    Raises:
        EvalhubError: it cannot be opened.
    """
    path = hub / "hub.duckdb"
    try:
        with closing(duckdb.connect(str(path))) as database:
            database.execute("CHECKPOINT")
    except duckdb.Error as error:
        raise EvalhubError(f"{path} cannot be opened ({_line(error)}): evalhub doctor says more") from error


def copy_texts(hub: Path, target: Path) -> None:
    """Copy `blobs.sqlite` as of one moment, by SQLite's own backup, and check the copy's structure.

    Raises:
        EvalhubError: it cannot be read.
    """
    path = hub / "blobs.sqlite"
    try:
        with closing(sqlite3.connect(path)) as file, closing(sqlite3.connect(target)) as copy:
            file.backup(copy, pages=4096)
            copy.execute("PRAGMA journal_mode = DELETE")  # nothing of it lies beside the one file
            reason = _fault(copy)
    except sqlite3.DatabaseError as error:
        if "full" in str(error):
            raise
        reason = _line(error)
    if reason:
        raise EvalhubError(f"{path} cannot be read ({reason}): evalhub doctor says more")


def fault_of_texts(path: Path) -> str:
    """Why a `blobs.sqlite` cannot be opened, or its structure is damaged; '' where it is whole. What its texts
    are is not looked at."""
    if not path.is_file():
        return "it is not there"
    try:
        with closing(sqlite3.connect(path)) as file:
            return _fault(file)
    except sqlite3.DatabaseError as error:
        return _line(error)


def _fault(file: sqlite3.Connection) -> str:
    said = str(file.execute("PRAGMA quick_check(1)").fetchone()[0])
    file.execute("SELECT hash, bytes FROM blob LIMIT 1").fetchall()
    return "" if said == "ok" else said


def looked_into(path: Path, *, reading: Tell | None = None) -> tuple[int, dict[str, int]]:
    """Number of the newest migration and rows of each table of a `hub.duckdb` that nobody writes.

    Args:
        reading: is told of each table, and every block of it is read, once.

    Raises:
        EvalhubError: it cannot be opened, or read.
    """
    try:
        with closing(duckdb.connect(str(path), read_only=True)) as database:
            tables = database.execute(
                "SELECT table_name FROM duckdb_tables() WHERE NOT temporary ORDER BY 1"
            ).fetchall()
            rows = {}
            for (name,) in tables:
                if reading:
                    reading(f"reading {name}")
                    rows[name] = read_whole(database, name)
                else:
                    rows[name] = database.execute(f'SELECT count(*) FROM "{name}"').fetchall()[0][0]
            version = database.execute("SELECT coalesce(max(number), 0) FROM migration").fetchall()[0][0]
    except duckdb.Error as error:
        raise EvalhubError(f"{path} cannot be opened as a hub ({_line(error)})") from error
    return version, rows


def _line(error: Exception) -> str:
    return str(error).splitlines()[0]
