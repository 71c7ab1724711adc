"""Publishing: a read-only copy of the hub that readers open while writers go on.

A snapshot is one self-contained DuckDB file under its own name; the file `current` names the published one
and is swapped in by an atomic rename, so a reader sees the old snapshot or the new one, never half of one.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from importlib.metadata import version
from itertools import islice
from pathlib import Path

import polars as pl

from evalhub.store.hub import Hub
from evalhub.store.releases import private_samples

_TABLES = (
    "sample",
    "origin",
    "model",
    "condition",
    "verdict",
    "ranking",
    "ranking_row",
)
_NAMED = {"measurement": "named_measurement", "attempt": "named_attempt"}
"""Tables that speak of models, and where their rows stand under the names that models go by."""

_KEPT = 3
"""Snapshots that stay on disk; readers of older ones keep their open file."""

_TOGETHER = 2000


def folder(hub: Path) -> Path:
    """Where a hub's snapshots are."""
    return hub / "snapshots"


def current(hub: Path) -> str | None:
    """Id of the published snapshot, or None."""
    try:
        name = (folder(hub) / "current").read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return name if name in {path.stem for path in folder(hub).glob("*.duckdb")} else None


def publish(hub: Hub) -> str:
    """Write a snapshot of the hub as it is now and make it the current one. Returns its id."""
    place = folder(hub.path)
    place.mkdir(exist_ok=True)
    _sweep(place)
    name = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    fresh = place / f".{name}.tmp"
    pointer = place / f".current-{name}.tmp"
    try:
        _write(hub, fresh, name)
        fresh.replace(place / f"{name}.duckdb")
        with pointer.open("w") as file:
            file.write(name + "\n")
            file.flush()
            os.fsync(file.fileno())
        pointer.replace(place / "current")
    except BaseException:
        _sweep(place)
        raise
    # On a clock that went back, this one sorts before the others; it stays all the same.
    others = sorted(path for path in place.glob("*.duckdb") if path.stem != name)
    for old in others[: 1 - _KEPT]:
        old.unlink()
    return name


def _sweep(place: Path) -> None:
    """Remove what a publish left that did not end."""
    for leftover in place.glob(".*.tmp*"):
        leftover.unlink()


def _write(hub: Hub, path: Path, name: str) -> None:
    database = hub.database
    database.execute(f"ATTACH '{str(path).replace(chr(39), chr(39) * 2)}' AS board")
    try:
        for table in _TABLES:
            database.execute(f"CREATE TABLE board.{table} AS SELECT * FROM {table}")
        for table, named in _NAMED.items():
            database.execute(f"CREATE TABLE board.{table} AS SELECT * FROM {named}")
        private = private_samples(hub)
        _hide(hub, private)
        database.execute("DELETE FROM board.model WHERE model_id IN (SELECT alias FROM alias)")
        database.execute("CREATE TABLE board.output (output VARCHAR, text VARCHAR)")
        database.execute("CREATE TABLE board.image (image VARCHAR, bytes BLOB)")
        outputs = database.execute("SELECT DISTINCT output FROM board.attempt").fetchall()
        for part in _parts(row[0] for row in outputs):
            texts = [(key, text.decode("utf-8", "replace")) for key, text in hub.blobs.get(part).items()]
            frame = pl.DataFrame(texts, schema={"output": pl.String, "text": pl.String}, orient="row")
            hub.insert("INSERT INTO board.output SELECT * FROM given", frame)
        images = database.execute("SELECT DISTINCT unnest(images) FROM board.sample").fetchall()
        for part in _parts(row[0] for row in images):
            blobs = list(hub.blobs.get(part).items())
            frame = pl.DataFrame(blobs, schema={"image": pl.String, "bytes": pl.Binary}, orient="row")
            hub.insert("INSERT INTO board.image SELECT * FROM given", frame)
        database.execute(
            "CREATE TABLE board.snapshot AS SELECT ? AS snapshot_id, now() AS published_at, "
            "?::INTEGER AS hub_version, ? AS evalhub",
            [name, hub.version, version("evalhub")],
        )
    finally:
        database.execute("DETACH board")


def _hide(hub: Hub, private: Mapping[str, date]) -> None:
    """Take what a release keeps private for a while out of the snapshot; what was measured on it stays."""
    if not private:
        return
    told = pl.DataFrame(
        [(one, f"private until {until}") for one, until in private.items()],
        schema=["sample_id", "told"],
        orient="row",
    )
    hub.insert(
        """
        UPDATE board.sample SET prompt = told, choices = [], reference = 'null', images = []
        FROM given WHERE sample.sample_id = given.sample_id
        """,
        told,
    )
    for table in ("attempt", "verdict"):
        hub.insert(f"DELETE FROM board.{table} WHERE sample_id IN (SELECT sample_id FROM given)", told)


def _parts(hashes: Iterable[str]) -> Iterable[list[str]]:
    stream = iter(hashes)
    while part := list(islice(stream, _TOGETHER)):
        yield part
