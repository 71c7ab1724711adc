"""The ledger of imports: which logs came in, what was kept of them, and how to take it back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl

from evalhub.errors import EvalhubError
from evalhub.store.hub import Hub
from evalhub.store.measurements import drop_measurements
from ingest.importer import IMPORTED


@dataclass(frozen=True, kw_only=True)
class LogEntry:
    """One log in the ledger."""

    path: str
    content: str
    """SHA-256 of its files."""

    bytes: int
    format: str
    tool: str
    tool_version: str
    rows: int
    """Values and votes."""

    kept: int
    """Those with a value."""

    refused: dict[str, int] = field(default_factory=dict)
    """The others, by reason."""

    details: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    partial: str = ""


@dataclass(frozen=True, kw_only=True)
class ImportEntry:
    """One import in the ledger."""

    import_id: str
    evalhub: str
    told: dict[str, Any]
    started_at: datetime
    ended_at: datetime | None
    logs: tuple[LogEntry, ...]


def start_import(hub: Hub, import_id: str, told: Mapping[str, Any]) -> None:
    """Open an entry."""
    hub.database.execute(
        "INSERT INTO import VALUES (?, ?, ?, now(), NULL)", [import_id, json.dumps(told), version("evalhub")]
    )


def end_import(hub: Hub, import_id: str) -> None:
    """Close an entry; one without a log is taken out again."""
    hub.database.execute("UPDATE import SET ended_at = now() WHERE import_id = ?", [import_id])
    hub.database.execute("DELETE FROM import WHERE import_id NOT IN (SELECT import_id FROM import_log)")


def close_import(hub: Hub, import_id: str) -> None:
    """Close an entry that was stopped, as of its last log; one without a log is taken out."""
    hub.database.execute(
        """
        UPDATE import SET ended_at = (
            SELECT max(imported_at) FROM import_log WHERE import_log.import_id = import.import_id
        ) WHERE import_id = ?
        """,
        [import_id],
    )
    hub.database.execute("DELETE FROM import WHERE import_id = ? AND ended_at IS NULL", [import_id])


def add_log(hub: Hub, import_id: str, log: LogEntry) -> None:
    """Note a log, within the transaction that brings its rows in."""
    hub.database.execute(
        "INSERT INTO import_log VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, now())",
        [
            import_id,
            log.path,
            log.content,
            log.bytes,
            log.format,
            log.tool,
            log.tool_version,
            log.rows,
            log.kept,
            json.dumps(log.refused, ensure_ascii=False),
            log.details,
            log.warnings,
            log.partial,
        ],
    )


def imported_before(hub: Hub, contents: Iterable[str], told: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    """The import that brought logs in, by content and name of the file, where one did and was told the same: a
    name, and what the user says, may stand for the model or the source."""
    given = pl.DataFrame({"content": list(contents)}, schema={"content": pl.String})
    rows = hub.select(
        """
        SELECT content, path, import_id FROM import_log JOIN given USING (content) JOIN import USING (import_id)
        WHERE told::VARCHAR = ?
        """,
        given,
        [json.dumps(told)],
    )
    return {(content, Path(path).name): import_id for content, path, import_id in rows}


def imports(hub: Hub, import_id: str = "") -> list[ImportEntry]:
    """The ledger, oldest first, or one entry of it.

    Raises:
        EvalhubError: there is no such import.
    """
    logs: dict[str, list[LogEntry]] = {}
    rows = hub.database.execute(
        "SELECT * EXCLUDE (imported_at) FROM import_log WHERE ? IN ('', import_id) ORDER BY imported_at, path",
        [import_id],
    ).fetchall()
    names = [column[0] for column in hub.database.description or ()]
    for row in rows:
        entry = dict(zip(names, row, strict=True))
        entry["refused"] = json.loads(entry["refused"])
        logs.setdefault(entry.pop("import_id"), []).append(LogEntry(**entry))
    found = [
        ImportEntry(
            import_id=name,
            evalhub=evalhub,
            told=json.loads(told),
            started_at=started_at,
            ended_at=ended_at,
            logs=tuple(logs.get(name, ())),
        )
        for name, evalhub, told, started_at, ended_at in hub.database.execute(
            """
            SELECT import_id, evalhub, told, started_at, ended_at FROM import WHERE ? IN ('', import_id)
            ORDER BY started_at
            """,
            [import_id],
        ).fetchall()
    ]
    if import_id and not found:
        raise EvalhubError(f"there is no import {import_id}: evalhub import --list shows those there are")
    return found


@dataclass(frozen=True)
class Undone:
    """What an undo took out."""

    measurements: int
    comparisons: int
    samples: int
    models: int


def undo_import(hub: Hub, import_id: str) -> Undone:
    """Take out what an import brought in, all or nothing: its measurements and votes, and the samples and models
    that nothing else speaks of. Raises EvalhubError where there is no such import."""
    imports(hub, import_id)
    with hub.transaction() as database:
        touched = [
            row[0]
            for row in database.execute(
                "SELECT DISTINCT sample_id FROM measurement WHERE import_id = ?"
                " UNION SELECT sample_id FROM comparison WHERE import_id = ?",
                [import_id, import_id],
            ).fetchall()
        ]
        models = [
            row[0]
            for row in database.execute(
                "SELECT DISTINCT model_id FROM measurement WHERE import_id = ?"
                " UNION SELECT unnest([model_a, model_b]) FROM comparison WHERE import_id = ?",
                [import_id, import_id],
            ).fetchall()
        ]
        measurements = drop_measurements(hub, import_id)
        comparisons = database.execute("DELETE FROM comparison WHERE import_id = ?", [import_id]).fetchall()[0][0]
        samples = _drop_samples(hub, touched)
        dropped = hub.select(
            """
            DELETE FROM model WHERE model_id IN (SELECT model_id FROM given)
                AND model_id NOT IN (SELECT model_id FROM measurement)
                AND model_id NOT IN (SELECT model_id FROM attempt)
                AND model_id NOT IN (SELECT model_id FROM run)
                AND model_id NOT IN (SELECT unnest([model_a, model_b]) FROM comparison)
            """,
            pl.DataFrame({"model_id": models}, schema={"model_id": pl.String}),
        )[0][0]
        for kind in ("model", "sample"):
            there = f"SELECT {kind}_id FROM {kind}"
            database.execute(
                f"DELETE FROM doubt WHERE kind = '{kind}' AND (first NOT IN ({there}) OR second NOT IN ({there}))"
            )
        for table in ("doubt", "import_log", "import"):
            database.execute(f"DELETE FROM {table} WHERE import_id = ?", [import_id])
    return Undone(measurements, comparisons, samples, dropped)


def _drop_samples(hub: Hub, sample_ids: Sequence[str]) -> int:
    """Of these, those that only logs know and that no log speaks of any more."""
    given = pl.DataFrame({"sample_id": list(sample_ids)}, schema={"sample_id": pl.String})
    dropped: int = hub.select(
        f"""
        DELETE FROM sample WHERE sample_id IN (SELECT sample_id FROM given) AND grader = '{IMPORTED}'
            AND sample_id NOT IN (SELECT sample_id FROM measurement)
            AND sample_id NOT IN (SELECT sample_id FROM comparison)
        """,
        given,
    )[0][0]
    hub.select("DELETE FROM origin WHERE sample_id NOT IN (SELECT sample_id FROM sample)", given)
    return dropped
