"""Who answers what a search asks: a hub, or a snapshot of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import Any, Protocol

import duckdb
import polars as pl

Parameters = Sequence[Any] | Mapping[str, Any]
"""Of a query: in order for `?`, or by name for `$name`."""


def as_given(parameters: Parameters) -> dict[str, Any] | list[Any]:
    """Parameters as DuckDB takes them."""
    return dict(parameters) if isinstance(parameters, Mapping) else list(parameters)


def frame_of(database: duckdb.DuckDBPyConnection, query: str, parameters: Parameters = ()) -> pl.DataFrame:
    """The result of a query as a frame."""
    found = pl.from_arrow(database.sql(query, params=as_given(parameters)).to_arrow_table())
    assert isinstance(found, pl.DataFrame)
    return found


class Reads(Protocol):
    """Holds the samples of a pool, and what they are searched by."""

    @property
    def database(self) -> duckdb.DuckDBPyConnection:
        """A connection to read by."""
        ...

    def frame(self, query: str, parameters: Parameters = ()) -> pl.DataFrame:
        """The result of a query as a frame."""
        ...


_turns = BoundedSemaphore(2)
"""A large query keeps every core busy: many at once would end no sooner, and need their memory at the same time. A
small one need not wait for a large one."""


@dataclass(frozen=True)
class Published:
    """A snapshot, for readers of several threads: two get a frame at a time."""

    connection: duckdb.DuckDBPyConnection

    @property
    def database(self) -> duckdb.DuckDBPyConnection:
        """A connection of the caller's own: DuckDB lets no two threads share one."""
        return self.connection.cursor()

    def frame(self, query: str, parameters: Parameters = ()) -> pl.DataFrame:
        """The result of a query as a frame."""
        with _turns:
            return frame_of(self.database, query, parameters)
