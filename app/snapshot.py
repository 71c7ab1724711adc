"""Opens the published snapshot: the file that `current` names, read-only, shared by all sessions.

Promises: a rerun sees the snapshot that is published at that moment; a session in the middle of a run
keeps reading the one it started with; and what cannot be read is said in one line, never in a traceback.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import gettempdir
from typing import ParamSpec, TypeVar

import duckdb
import streamlit as st

P = ParamSpec("P")
R = TypeVar("R")

POINTER = "current"
"""The text file that names the published snapshot."""

TABLES = frozenset(
    (
        *("sample", "origin", "model", "condition", "attempt", "verdict", "measurement"),
        *("ranking", "ranking_row", "output", "image", "snapshot"),
    )
)
"""What a snapshot must hold to be shown."""

PAIRS = frozenset(("pair_wins", "counting_form"))
"""What snapshots of before lack; the pages that compare models in pairs say so."""

VOTES = frozenset(("pair_votes",))
"""The same; votes then have no interval."""

RANGES = frozenset(("metric_range",))
"""The same; intervals of differences of numbers may then leave what is possible."""

GROUPS = frozenset(("ranking_group",))
"""The same; all models of a ranking are then one group."""

COSTS = frozenset(("model_cost",))
"""The same; the page of the frontier then knows no costs."""

EFFICIENCY = frozenset(("model_efficiency",))
"""The same, for densities and what is idealized."""

COUNTS = frozenset(("model_verdict", "model_condition", "model_replaced"))
"""The same, for what a model was measured on."""

LAWS = frozenset(("law",))
"""The same, for the page of laws."""

SEARCH = frozenset(
    (
        *("laid_out", "vector", "answer", "word", "posting"),
        *("ranked_value", "ranked_model", "ranked_metric"),
    )
)
"""The same, for the page that builds a benchmark."""

LIVE = frozenset(
    (
        *("release", "release_question", "paper", "refresh_stage"),
        *("removed_count", "live_schedule", "release_score", "release_change"),
    )
)
"""What snapshots of before lack: pages on live releases say so."""


MEMORY = 80
"""Megabytes that DuckDB may hold for all readers together, for each of its threads."""


class NoSnapshotError(Exception):
    """Nothing has been published in this hub yet."""


class BrokenSnapshotError(Exception):
    """The published snapshot cannot be read; the message says why in one line."""


@dataclass(frozen=True)
class Snapshot:
    """The published snapshot, as one run of a page sees it."""

    snapshot_id: str
    path: Path
    connection: duckdb.DuckDBPyConnection
    """A cursor of this run's own: DuckDB lets no two threads share one."""

    @property
    def key(self) -> tuple[str, str]:
        """What cached frames are kept under. A snapshot never changes, so nothing expires by time."""
        return (str(self.path), self.snapshot_id)


def cached(query: Callable[P, R]) -> Callable[P, R]:
    """Remember the small frame that `query` returns for a snapshot and its other arguments."""
    return st.cache_data(show_spinner=False, max_entries=128, hash_funcs={Snapshot: lambda s: s.key})(query)


def published(folder: Path) -> Snapshot:
    """The snapshot that is published in `folder` now."""
    for attempt in range(3):
        snapshot_id = _pointed_at(folder)
        path = folder / f"{snapshot_id}.duckdb"
        try:
            return Snapshot(snapshot_id, path, _shared(str(path)).cursor())
        except duckdb.IOException as error:
            # A newer one may have been published, and this one deleted, since `current` was read.
            if attempt == 2:
                reason = str(error) if path.exists() else f"{path.name} is not there"
                raise BrokenSnapshotError(_one_line(snapshot_id, reason)) from error
        except duckdb.Error as error:
            raise BrokenSnapshotError(_one_line(snapshot_id, str(error))) from error
    raise AssertionError("unreachable")


def _pointed_at(folder: Path) -> str:
    try:
        snapshot_id = (folder / POINTER).read_text("utf-8").strip()
    except (FileNotFoundError, NotADirectoryError):
        raise NoSnapshotError(str(folder)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise BrokenSnapshotError(f"The file `{POINTER}` cannot be read: {error}") from error
    if not re.fullmatch(r"\w[\w.-]*", snapshot_id):
        raise BrokenSnapshotError(f"The file `{POINTER}` does not hold the id of a snapshot.")
    return snapshot_id


@st.cache_resource(max_entries=1, show_spinner=False)
def _shared(path: str) -> duckdb.DuckDBPyConnection:
    """One connection for all sessions. The next snapshot's pushes it out.

    It is let go, not closed, because closing would close the cursors of runs under way. The file is
    closed with the last of them.
    """
    connection = duckdb.connect(path, read_only=True)
    # What it keeps of a file, the system keeps too; it would give nothing back as long as there is room.
    (threads,) = connection.execute("SELECT current_setting('threads')").fetchall()[0]
    connection.execute(f"SET memory_limit = '{MEMORY * threads}MB'")
    connection.execute(f"SET temp_directory = '{Path(gettempdir()) / 'evalhub-board'}'")
    found = {name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    if missing := sorted(TABLES - found):
        connection.close()
        raise duckdb.CatalogException(f"it has no table {', '.join(missing)}")
    return connection


def _one_line(snapshot_id: str, reason: str) -> str:
    return f"Snapshot {snapshot_id} cannot be read: {reason.strip().splitlines()[0]}"
