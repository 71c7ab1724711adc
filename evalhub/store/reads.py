"""Who answers what a search asks: a hub, or a snapshot of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import duckdb
import polars as pl


class Reads(Protocol):
    """Holds the samples of a pool, and what they are searched by."""

    @property
    def database(self) -> duckdb.DuckDBPyConnection:
        """A connection to read by."""
        ...

    def frame(self, query: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> pl.DataFrame:
        """The result of a query as a frame."""
        ...


@dataclass(frozen=True)
class Published:
    """A snapshot, for readers of several threads at once."""

    connection: duckdb.DuckDBPyConnection

    @property
    def database(self) -> duckdb.DuckDBPyConnection:
        """A connection of the caller's own: DuckDB lets no two threads share one."""
        return self.connection.cursor()

    def frame(self, query: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> pl.DataFrame:
        """The result of a query as a frame."""
        given = dict(parameters) if isinstance(parameters, Mapping) else list(parameters)
        found = pl.from_arrow(self.database.sql(query, params=given).to_arrow_table())
        assert isinstance(found, pl.DataFrame)
        return found
