"""Every table can be read to its end, no key is there twice, and what a row names is there."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import duckdb

from evalhub.store.checkup.finding import BACKUP, RESCUE, Finding
from evalhub.store.hub import Hub
from evalhub.store.whole import read_whole
from evalhub.telling import Tell

_NAMES = (
    ("attempt", "sample_id", "sample", "sample_id"),
    ("attempt", "condition_id", "condition", "condition_id"),
    ("attempt", "model_id", "model", "model_id"),
    ("verdict", "sample_id", "sample", "sample_id"),
    ("measured", "series_id", "series", "series_id"),
    ("measured", "sample_id", "sample", "sample_id"),
    ("measured", "model_id", "model", "model_id"),
    ("series", "condition_id", "condition", "condition_id"),
    ("series", "import_id", "import", "import_id"),
    ("comparison", "sample_id", "sample", "sample_id"),
    ("comparison", "import_id", "import", "import_id"),
    ("import_log", "import_id", "import", "import_id"),
    ("sample", "condition_id", "condition", "condition_id"),
    ("origin", "sample_id", "sample", "sample_id"),
    ("run", "model_id", "model", "model_id"),
    ("run_sample", "run_id", "run", "run_id"),
    ("ranking_row", "ranking_id", "ranking", "ranking_id"),
    ("ranking_group", "ranking_id", "ranking", "ranking_id"),
    ("release_question", "release", "release", "release"),
    ("release_question", "sample_id", "sample", "sample_id"),
    ("removed_question", "release", "release", "release"),
    ("benchmark_sample", "benchmark_id", "benchmark", "benchmark_id"),
    ("benchmark_name", "benchmark_id", "benchmark", "benchmark_id"),
)
"""Table and column that name a row of another table, by its column. '' names none."""

_CACHES = {
    "image_text": "evalhub probe, with the packages that read images, fills it again",
    "slice_counts": "evalhub rank fills it again",
    "vector": "evalhub probe fills it again",
}
"""Tables of what is computed from the others, with what computes it."""


def check_tables(hub: Hub, tell: Tell) -> Iterator[Finding]:
    """Read all of every table."""
    for table, made_by in hub.database.execute(
        "SELECT table_name, sql FROM duckdb_tables() WHERE NOT temporary AND NOT internal ORDER BY 1"
    ).fetchall():
        tell(f"reading {table}")
        try:
            read_whole(hub.database, table)
        except duckdb.Error as error:
            filled = _CACHES.get(table)
            yield Finding(
                check="tables",
                fault=True,
                what=f"the table {table} cannot be read ({str(error).splitlines()[0]})",
                todo=f"evalhub doctor --mend empties it; {filled}" if filled else f"{BACKUP}; {RESCUE}",
                mend=partial(_make_again, hub, table, made_by) if filled else None,
            )


def _make_again(hub: Hub, table: str, made_by: str) -> None:
    """A table without rows in the place of one that cannot be read, or all as it was."""
    with hub.transaction() as database:
        database.execute(f'DROP TABLE "{table}"')
        database.execute(made_by)


def check_keys(hub: Hub, tell: Tell) -> Iterator[Finding]:
    """No key is there twice: of tables with one, and of measurements, which have none for their size."""
    keys = hub.database.execute(
        "SELECT table_name, constraint_column_names FROM duckdb_constraints() "
        "WHERE constraint_type = 'PRIMARY KEY' ORDER BY 1"
    ).fetchall()
    for table, columns in keys:
        tell(f"keys of {table}")
        yield from _twice(hub, table, f'"{table}"', ", ".join(f'"{name}"' for name in columns))
    tell("keys of measurements")
    cell = "model_id, sample_id, metric, condition_id, seed"
    yield from _twice(hub, "measurement", "(FROM measurement WHERE import_id = '')", cell)
    told = "(FROM measurement WHERE import_id <> '' AND value IS NOT NULL)"
    yield from _twice(hub, "imported measurement", told, cell)


def check_names(hub: Hub, tell: Tell) -> Iterator[Finding]:
    """What a row names is there."""
    for table, column, other, key in _NAMES:
        tell(f"what {table} names")
        lacking, example = hub.database.execute(
            f"""
            SELECT count(*), any_value("{column}"::VARCHAR) FROM "{table}"
            ANTI JOIN "{other}" AS other ON other."{key}" = "{table}"."{column}"
            WHERE "{column}"::VARCHAR <> ''
            """
        ).fetchall()[0]
        if lacking:
            what = f"{lacking:,} rows of {table} name a {other} that is not there, such as {example}"
            yield Finding(check="names", fault=True, what=what, todo=BACKUP)


def _twice(hub: Hub, name: str, rows: str, key: str) -> Iterator[Finding]:
    # By a hash of the key first, which takes a fraction of the memory; of what that leaves, by the key itself.
    hashed = f"SELECT hash({key}) AS hashed FROM {rows}"
    twice = hub.database.execute(
        f"""
        WITH alike AS (FROM ({hashed}) GROUP BY hashed HAVING count(*) > 1)
        SELECT count(*) FROM (
            SELECT 1 FROM {rows} WHERE hash({key}) IN (FROM alike) GROUP BY {key} HAVING count(*) > 1
        )
        """
    ).fetchall()[0][0]
    if twice:
        yield Finding(check="keys", fault=True, what=f"{twice:,} keys of {name} are there twice", todo=BACKUP)
