"""Publishing: a read-only copy of the hub that readers open while writers go on.

A snapshot is one self-contained DuckDB file under its own name; the file `current` names the published one
and is swapped in by an atomic rename, so a reader sees the old snapshot or the new one, never half of one.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import islice
from pathlib import Path

import duckdb
import polars as pl

from evalhub.store.cost_tables import write_costs
from evalhub.store.hub import Hub
from evalhub.store.live_tables import write_live
from evalhub.store.metric_ranges import write_ranges
from evalhub.store.model_tables import write_models, write_replaced
from evalhub.store.pair_tables import write_pairs, write_votes
from evalhub.store.releases import private_samples
from evalhub.store.value_tables import write_values
from evalhub.store.whole import read_whole

_TABLES = (
    "sample",
    "origin",
    "model",
    "condition",
    "verdict",
    "ranking",
    "ranking_row",
    "ranking_group",
    "law",
)
_NAMED = {"measurement": "named_measurement", "attempt": "named_attempt"}
"""Tables that speak of models, and where their rows stand under the names that models go by."""

_WITHOUT_PRIVATE = {
    "sample": """
        SELECT {rows}.* REPLACE (
            coalesce(told, prompt) AS prompt, if(told IS NULL, choices, []) AS choices,
            if(told IS NULL, reference, 'null') AS reference, if(told IS NULL, images, []) AS images,
            if(told IS NULL, source_id, sample_id) AS source_id, if(told IS NULL, tags, []) AS tags,
            if(told IS NULL, cluster, 'private ' || min(sample_id) OVER (PARTITION BY cluster, told)) AS cluster,
            if(told IS NULL, licence, '') AS licence, if(told IS NULL, published_at, NULL) AS published_at
        ) FROM {rows} LEFT JOIN given USING (sample_id) ORDER BY {rows}.rowid
    """,
    "origin": """
        SELECT DISTINCT {rows}.* REPLACE (if(told IS NULL, source_id, sample_id) AS source_id)
        FROM {rows} LEFT JOIN given USING (sample_id)
    """,
    **dict.fromkeys(("attempt", "verdict"), "SELECT * FROM {rows} ANTI JOIN given USING (sample_id)"),
}
"""Queries of tables that would tell what a release keeps private for a while (`given`: sample_id, told), and on
which papers. It never comes into the file: DuckDB leaves the bytes of rows that are changed or deleted. What was
measured on it stays."""

_PUBLIC = {
    "condition": """
        SELECT * EXCLUDE (engine) REPLACE (
            if(engine LIKE 'openai/%', json_merge_patch(spec, json_object('engine', engine)), spec) AS spec
        ) FROM (SELECT *, regexp_replace(spec->>'engine', '^openai/[^/]+', 'openai') AS engine FROM {rows})
    """
}
"""Queries of tables that would tell where one's own servers are."""

_KEPT = 3
"""Snapshots that stay on disk; readers of older ones keep their open file."""

_TOGETHER = 250
"""Texts, or images, that are in memory at a time."""


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


def fault_of(snapshot: Path) -> str:
    """Why a snapshot's file cannot be read to its end, or is not the one that its name says; '' where it can."""
    try:
        with closing(duckdb.connect(str(snapshot), read_only=True)) as board:
            named = board.execute("SELECT snapshot_id FROM snapshot").fetchall()
            tables = board.execute("SELECT table_name FROM duckdb_tables() ORDER BY 1").fetchall()
            for (table,) in tables:
                read_whole(board, table)
    except duckdb.Error as error:
        return str(error).splitlines()[0]
    return "" if named == [(snapshot.stem,)] else "it has another name inside"


def point_to(hub: Path, name: str | None) -> None:
    """Make a snapshot that is there the published one, in a single step; none where it is None."""
    place = folder(hub)
    if name is None:
        (place / "current").unlink(missing_ok=True)
        return
    pointer = place / f".current-{name}.tmp"
    with pointer.open("w") as file:
        file.write(name + "\n")
        file.flush()
        os.fsync(file.fileno())
    pointer.replace(place / "current")


def publish(hub: Hub) -> str:
    """Write a snapshot of the hub as it is now and make it the current one. Returns its id.

    Raises:
        EvalhubError: `live.toml` or `efficiency.toml` cannot be read.
    """
    place = folder(hub.path)
    place.mkdir(exist_ok=True)
    _sweep(place)
    name = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    fresh = place / f".{name}.tmp"
    try:
        _write(hub, fresh, name)
        fresh.replace(place / f"{name}.duckdb")
        point_to(hub.path, name)
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
    from evalhub.efficiency_rows import efficiency_rows
    from evalhub.live.board import side_by_side
    from evalhub.live.settings import read_settings
    from evalhub.pair_votes import pair_votes
    from evalhub.pair_wins import pair_wins
    from evalhub.probes.published import write_search

    settings, live, efficiency = read_settings(hub.path), side_by_side(hub), efficiency_rows(hub)
    database = hub.database
    database.execute(f"ATTACH '{str(path).replace(chr(39), chr(39) * 2)}' AS board")
    try:
        private = private_samples(hub)
        told = pl.DataFrame(
            [(one, f"private until {until}") for one, until in private.items()],
            schema={"sample_id": pl.String, "told": pl.String},
            orient="row",
        )
        for table in (*_TABLES, *_NAMED):
            rows = _NAMED.get(table, table)
            query = _PUBLIC.get(table, "SELECT * FROM {rows}")
            query = _WITHOUT_PRIVATE.get(table, query) if private else query
            hub.insert(f"CREATE TABLE board.{table} AS {query.format(rows=rows)}", told)
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
        write_pairs(hub, pair_wins(hub))
        write_votes(hub, pair_votes(hub))
        write_ranges(hub)
        write_values(hub)
        write_costs(hub)
        write_models(database)
        write_replaced(hub)
        hub.insert("CREATE TABLE board.model_efficiency AS SELECT * FROM given", efficiency)
        write_search(hub, private)
        write_live(hub, settings.day, bool(settings.private_days), live.scores, live.changes)
        database.execute(
            "CREATE TABLE board.snapshot AS SELECT ? AS snapshot_id, now() AS published_at, "
            "?::INTEGER AS hub_version, ? AS evalhub",
            [name, hub.version, version("evalhub")],
        )
    finally:
        database.execute("DETACH board")


def _parts(hashes: Iterable[str]) -> Iterable[list[str]]:
    stream = iter(hashes)
    while part := list(islice(stream, _TOGETHER)):
        yield part
