"""A hub: the folder that holds one pool and its results."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import duckdb
import polars as pl

from evalhub.errors import EvalhubError
from evalhub.store.blobs import Blobs
from evalhub.store.lock import writer_lock
from evalhub.store.migrate import migrate
from evalhub.store.reads import Parameters, as_given, frame_of
from evalhub.store.staged import finish_staged, is_staged

if TYPE_CHECKING:
    from evalhub.benchmarks.benchmark import Benchmark

_File = TypeVar("_File", duckdb.DuckDBPyConnection, Blobs)


class Hub:
    """An open hub, held by this process alone until it is closed.

    Attributes:
        path: its folder.
        database: the DuckDB connection, for the other modules of this package. Not to be kept: `renew` makes
            another.
        blobs: texts and images.
        version: number of the newest migration.
    """

    def __init__(self, path: Path, *, make: bool = True) -> None:
        """Open the hub in a folder.

        Args:
            make: make one where there is none.

        Raises:
            HubLocked: another process has it.
            EvalhubError: there is none to open, or its files cannot be used.
        """
        self.path = path = path.resolve()  # a relative `:memory:` means something else to DuckDB
        if not make and not (path / "hub.duckdb").exists() and not is_staged(path):
            raise EvalhubError(f"there is no hub in {path}: evalhub ingest, import or score makes one")
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise EvalhubError(f"the hub {path} cannot be made: {error.strerror or error}") from error
        with ExitStack() as files:
            files.enter_context(writer_lock(path))
            finish_staged(path)
            texts = (path / "blobs.sqlite").exists()
            if texts and not (path / "hub.duckdb").exists():
                raise EvalhubError(f"{path} holds blobs.sqlite without its hub.duckdb: restore it from a backup")
            if not (path / "hub.duckdb").exists():
                _make(path / "hub.duckdb")
            self._connection = files.enter_context(ExitStack())
            self.database = self._connected()
            self.version = migrate(self.database)
            if not texts and self.database.execute("SELECT 1 FROM attempt LIMIT 1").fetchall():
                raise EvalhubError(f"{path} holds hub.duckdb without its blobs.sqlite: restore it from a backup")
            self.blobs = files.enter_context(closing(_open(path / "blobs.sqlite", Blobs)))
            self._files = files.pop_all()
        self._within = False

    def __enter__(self) -> Hub:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the files and let the lock go."""
        self._files.close()

    def renew(self) -> None:
        """Open the database anew: what DuckDB has read and changed of its indexes it holds in memory until it is
        closed. Outside of a transaction; tables that go with the connection are gone, as an index's of the pool.

        Raises:
            EvalhubError: it cannot be opened again.
        """
        assert not self._within, "a transaction would be undone"
        try:
            self._connection.close()
        finally:  # an interrupt must not leave it closed
            self.database = self._connected()

    def _connected(self) -> duckdb.DuckDBPyConnection:
        database = self._connection.enter_context(closing(_open(self.path / "hub.duckdb", duckdb.connect)))
        _shut_out(database, self.path / "snapshots")
        return database

    def benchmark(self, which: str) -> Benchmark:
        """A saved benchmark: see `evalhub.benchmarks.benchmark.Benchmark.open`."""
        from evalhub.benchmarks.benchmark import Benchmark

        return Benchmark.open(self, which)

    @contextmanager
    def transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """All of the block's changes are kept, or none. Within another one, it is a part of that."""
        if self._within:
            yield self.database
            return
        self.database.execute("BEGIN")
        self._within = True
        try:
            yield self.database
        except BaseException:
            with suppress(duckdb.Error):  # after an interrupt there may be nothing to roll back
                self.database.execute("ROLLBACK")
            raise
        finally:
            self._within = False
        self.database.execute("COMMIT")

    def insert(self, statement: str, given: pl.DataFrame) -> None:
        """Run a statement that reads the frame as the table `given`."""
        with self._given(given):
            self.database.execute(statement)

    def select(self, query: str, given: pl.DataFrame, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        """Rows of a query that reads the frame as the table `given`."""
        with self._given(given):
            return self.database.execute(query, as_given(parameters)).fetchall()

    def frame(self, query: str, parameters: Parameters = ()) -> pl.DataFrame:
        """The result of a query as a frame."""
        return frame_of(self.database, query, parameters)

    @contextmanager
    def _given(self, frame: pl.DataFrame) -> Iterator[None]:
        self.database.register("given", frame)
        try:
            yield
        finally:
            self.database.unregister("given")


def _make(path: Path) -> None:
    """An empty database under its name, or none: DuckDB opens no file whose making was killed or found no room."""
    fresh = path.with_name(f".{path.name}.tmp")
    log = path.with_name(f"{fresh.name}.wal")
    for left in (fresh, log):
        left.unlink(missing_ok=True)
    try:
        with closing(_open(fresh, duckdb.connect)) as database:
            migrate(database)
        fresh.rename(path)
    finally:
        for left in (fresh, log):
            left.unlink(missing_ok=True)


def _shut_out(database: duckdb.DuckDBPyConnection, snapshots: Path) -> None:
    """Keep a connection from all files but its own and the snapshots that it writes, for as long as it is open:
    DuckDB takes neither setting back."""
    # Not lock_configuration, which would forbid the limit of memory that an export sets for itself, too.
    folder = str(snapshots).replace("'", "''")
    database.execute(f"SET allowed_directories = ['{folder}/']")
    database.execute("SET enable_external_access = false")


def _open(path: Path, opener: Callable[[Path], _File]) -> _File:
    try:
        return opener(path)
    except (duckdb.Error, sqlite3.Error) as error:
        reason = str(error).splitlines()[0]
        raise EvalhubError(
            f"{path} cannot be opened as a hub ({reason}): restore it from a backup, or choose another --hub"
        ) from error
