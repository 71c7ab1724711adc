"""What a hub holds, for two of them to be compared: all but times, and names that are drawn anew."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import duckdb

_COUNTED = """
    (SELECT attempt.* EXCLUDE (made_at, seconds) FROM attempt
     JOIN measurement USING (model_id, condition_id, seed, sample_id)
     WHERE import_id = '' AND metric = 'pass rate' AND attempt < attempts + missing)
"""
"""Attempts that a measurement rests on; those made ahead of them depend on how far others were."""

_TABLES = {
    "sample": "SELECT * EXCLUDE (added_at) FROM sample",
    "origin": "FROM origin",
    "condition": "FROM condition",
    "model": "SELECT * EXCLUDE (added_at) FROM model",
    "run": "SELECT * EXCLUDE (started_at, ended_at) FROM run",
    "run_sample": "FROM run_sample",
    "attempt": f"FROM {_COUNTED}",
    "verdict": f"SELECT DISTINCT verdict.* FROM verdict JOIN {_COUNTED} USING (sample_id, output)",
    "measurement": "SELECT * EXCLUDE (measured_at, import_id) FROM measurement",
    "comparison": "SELECT * EXCLUDE (compared_at, import_id) FROM comparison",
    "import_log": "SELECT content, rows, kept, refused FROM import_log",
    "release": "SELECT release, release_id FROM release",
    "release_question": "FROM release_question",
    "ranking": "SELECT source, method, samples, clusters, warnings FROM ranking",
    "ranking_row": "SELECT ranking_row.* EXCLUDE (ranking_id) FROM ranking_row",
}

Content = dict[str, list[tuple[object, ...]]]
"""Rows of tables, in order."""


def content(hub: Path) -> Content:
    """Of a hub that nobody writes; an empty one where there is none."""
    if not (hub / "hub.duckdb").exists():
        return {}
    with closing(duckdb.connect(str(hub / "hub.duckdb"), read_only=True)) as database:
        return {
            name: database.execute(f"FROM ({query}) ORDER BY ALL").fetchall() for name, query in _TABLES.items()
        }


def attempts(hub: Path) -> set[tuple[object, ...]]:
    """Every attempt that is kept."""
    if not (hub / "hub.duckdb").exists():
        return set()
    with closing(duckdb.connect(str(hub / "hub.duckdb"), read_only=True)) as database:
        if not database.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'attempt'").fetchall():
            return set()
        query = "SELECT model_id, condition_id, seed, sample_id, attempt, status, output FROM attempt"
        return set(database.execute(query).fetchall())


def differing(one: Content, other: Content) -> list[str]:
    """Names of tables that differ."""
    return [name for name in one.keys() | other.keys() if one.get(name) != other.get(name)]
