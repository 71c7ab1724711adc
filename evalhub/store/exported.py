"""What a hub has measured, cell by cell, for files that leave it: what a ranking uses, and nothing twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb
import polars as pl

from evalhub.store.chosen import counting_forms, newest_form
from evalhub.store.hub import Hub
from evalhub.store.origins import NAMED, OF_SOURCE

_MEMORY = "500MB"
"""That DuckDB may take for sorting; the rest goes to disk."""

_ROWS = 100_000
"""Of a batch."""

_SOURCE = f"$source = '' OR {OF_SOURCE}"

# Of a source that is asked for, a sample is told as of that source, whichever brought it first.
_ABOUT = f"""
    SELECT sample_id, sample.rowid AS place, coalesce(named, source) AS source,
           coalesce(named_id, source_id) AS source_id, nullif(cluster, sample_id) AS cluster, tags[1] AS tag,
           condition_id AS asked
    FROM sample LEFT JOIN ({NAMED.replace("$sources", "[$source]")}) USING (sample_id)
    WHERE $source = '' OR named IS NOT NULL
"""

_CELL = "model_id, variant, sample_id, metric, kind, direction, main, condition_id"

# Attempts stand beside passes only: alone they say nothing that a ranking could use. Times are UTC.
_ONCE = """
    value, passes, CASE WHEN passes IS NOT NULL THEN attempts END AS attempts, reason, import_id,
    make_timestamp(epoch_us(measured_at)) AS measured_at, 1 AS measurements
"""
_MERGED = """
    avg(value) AS value, sum(passes)::BIGINT AS passes,
    (sum(attempts) FILTER (passes IS NOT NULL))::BIGINT AS attempts,
    CASE WHEN count(value) = 0 THEN max(reason) ELSE '' END AS reason, max(import_id) AS import_id,
    make_timestamp(epoch_us(max(measured_at))) AS measured_at, count(*)::INTEGER AS measurements
"""

MATRIX = """
    model_id AS model, sample_id AS sample, source, source_id, cluster, tag, metric, main, kind, direction, value,
    passes, attempts, reason, variant AS condition, measured_at, measurements
"""
"""Columns of the measurement matrix, from the table `cell`: measurements is the number behind a row."""


@dataclass(frozen=True)
class Cells:
    """What counts among the measurements of a source, or of all (''), by one metric or by all (''): for each
    sample and metric that which a ranking by the metric takes, with several seeds averaged; `main` is true where a
    ranking takes it that asks for no metric. Made by `counting_cells`.
    """

    source: str
    metric: str
    measurements: int
    """All that there are, whether they count or not."""

    _database: duckdb.DuckDBPyConnection

    def read(self, columns: str, order: str) -> Iterator[pl.DataFrame]:
        """The cells in batches, in little memory.

        columns, order: SQL on a table with model_id, variant, sample_id, metric, kind, direction, main,
        condition_id, value, passes, attempts, reason, import_id, measured_at, measurements, and of the sample its
        place in the pool, source, source_id, cluster (null: its own) and first tag.
        """
        query = f"{_query(self.metric)} SELECT {columns} FROM cell JOIN about USING (sample_id) ORDER BY {order}"
        return _batches(self._database, query, self.source)


@contextmanager
def counting_cells(hub: Hub, source: str = "", metric: str = "") -> Iterator[Cells]:
    """What counts, to be read within the block; the hub may be read beside it."""
    said = {"source": source, "metric": metric}
    with _sparing(hub) as database:
        database.execute(
            f"""
            CREATE TEMP TABLE part AS
            SELECT model_id, condition_id, asked, metric, main, kind, direction, count(*) AS measurements,
                   min(seed) <> max(seed) OR min(import_id) <> max(import_id)
                   OR model_id IN (SELECT model_id FROM alias) AS again
            FROM named_measurement JOIN ({_ABOUT}) AS about USING (sample_id)
            WHERE $metric = '' OR metric = $metric
            GROUP BY model_id, condition_id, asked, metric, main, kind, direction
            """,
            said,
        )
        database.execute(
            """
            CREATE TEMP TABLE counting (
                of_metric VARCHAR,              -- NULL: the main one of each output
                model_id VARCHAR, variant VARCHAR, asked VARCHAR, condition_id VARCHAR,
                several BOOLEAN,                -- the newest of them counts, sample by sample
                again BOOLEAN                   -- there may be several measurements of a cell
            )
            """
        )
        _add(database, metric or None, said)
        for name in [] if metric else _beside(database):
            _add(database, name, {**said, "metric": name})
        total = database.execute("SELECT coalesce(sum(measurements), 0)::BIGINT FROM part").fetchall()[0][0]
        yield Cells(source, metric, total, database)


@contextmanager
def _sparing(hub: Hub) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection of its own, with temporary tables of its own, and little memory for all of them."""
    setting = (
        "SELECT name, value FROM duckdb_settings() WHERE name IN ('memory_limit', 'preserve_insertion_order')"
    )
    before = dict(hub.database.execute(setting).fetchall())
    database = hub.database.cursor()
    try:
        database.execute(f"SET memory_limit = '{_MEMORY}'")
        database.execute("SET preserve_insertion_order = false")
        yield database
    finally:
        database.close()
        for name, value in before.items():
            hub.database.execute(f"SET {name} = '{value}'")


def _add(database: duckdb.DuckDBPyConnection, of_metric: str | None, said: dict[str, str]) -> None:
    """Note which prompt forms count by a metric."""
    database.execute(
        f"""
        INSERT INTO counting
        SELECT $of_metric, form.*, (model_id, condition_id) IN (FROM (SELECT (model_id, condition_id) FROM part
                                                                      WHERE again))
        FROM ({counting_forms(_SOURCE)}) AS form
        """,
        {**said, "of_metric": of_metric},
    )


def _beside(database: duckdb.DuckDBPyConnection) -> list[str]:
    """Metrics of which there is something that does not count as a main one."""
    rows = database.execute(
        """
        SELECT DISTINCT metric FROM part ANTI JOIN (
            SELECT model_id, condition_id, asked, true AS main FROM counting WHERE NOT several
        ) USING (model_id, condition_id, asked, main) ORDER BY metric
        """
    ).fetchall()
    return [metric for (metric,) in rows]


def _query(metric: str) -> str:
    """SQL: the tables `about` and `cell`."""
    beside = _rows("of_metric = measured.metric", "main" if metric else "false", "measured.metric")
    if not metric:
        # By a metric of its own: what does not count as a main one already.
        beside = f"""
            SELECT * FROM ({beside}) AS found ANTI JOIN (
                FROM of_main WHERE metric IN (SELECT of_metric FROM counting)
            ) AS there USING (model_id, variant, sample_id, metric, kind, direction)
        """
    return f"""
        WITH about AS ({_ABOUT}), of_main AS ({_rows("of_metric IS NULL AND main", "true")}),
        beside AS ({beside}), found AS (FROM of_main UNION ALL FROM beside),
        two_kinds AS (SELECT metric FROM part GROUP BY metric HAVING count(DISTINCT (kind, direction)) > 1),
        named AS (
            SELECT * REPLACE (
                CASE WHEN metric IN (FROM two_kinds) THEN format('{{}} ({{}}, {{}})', metric, kind, direction)
                     ELSE metric END AS metric  -- two kinds of one name are two metrics in one file
            ) FROM found
        ), cell AS (
            SELECT {_CELL}, {_ONCE} FROM named WHERE NOT again
            UNION ALL
            SELECT {_CELL}, {_MERGED} FROM named WHERE again GROUP BY {_CELL}
        )
    """


def _rows(where: str, main: str, *within: str) -> str:
    """SQL: the measurements that count."""
    rows = f"""
        SELECT model_id, variant, sample_id, metric, kind, direction, {main} AS main, condition_id, value, passes,
               attempts, reason, import_id, measured_at, again
        FROM named_measurement AS measured JOIN about USING (sample_id)
             JOIN counting USING (model_id, condition_id, asked)
        WHERE {where} AND
    """
    return f"{rows} NOT several UNION ALL ({rows} several {newest_form(*within)})"


_VOTE = """
    model_a, model_b, vote.sample_id AS sample, if($source = '', vote.source, $source) AS source, source_id,
    about.cluster, tag, outcome, judge, make_timestamp(epoch_us(compared_at)) AS compared_at
"""


def counting_votes(hub: Hub, source: str = "") -> Iterator[pl.DataFrame]:
    """The votes on a source's samples, or all (''), in batches: the columns of `_VOTE`; sample is '' where it is
    unknown. Without those of a model against itself."""
    query = f"""
        WITH vote AS (FROM named_comparison WHERE ({_SOURCE}) AND model_a <> model_b)
        SELECT {_VOTE} FROM vote LEFT JOIN ({_ABOUT}) AS about USING (sample_id)
        ORDER BY 4, place, vote.sample_id, model_a, model_b, judge, outcome, compared_at
    """
    with _sparing(hub) as database:
        yield from _batches(database, query, source)


def votes_against_itself(hub: Hub, source: str = "") -> int:
    """Votes between two names of one model, which count for nothing."""
    rows = hub.database.execute(
        f"SELECT count(*) FROM named_comparison WHERE ({_SOURCE}) AND model_a = model_b",
        {"source": source},
    )
    return int(rows.fetchall()[0][0])


def _batches(database: duckdb.DuckDBPyConnection, query: str, source: str) -> Iterator[pl.DataFrame]:
    for batch in database.sql(query, params={"source": source}).to_arrow_reader(_ROWS):
        frame = pl.from_arrow(batch)
        assert isinstance(frame, pl.DataFrame)
        yield frame


_ONLY_NAMED = """grader = 'imported' AND starts_with(reference::VARCHAR, '{"known by its name in"')"""
"""Of what nothing is known but a name within a source: see `ingest.reading.named_sample`."""


def told_samples(hub: Hub, source: str = "", limit: int | None = None) -> tuple[list[str], int]:
    """Ids of a source's samples, or of all (''), whose content is known, at most `limit` of each source, in pool
    order; and of how many only the name is known.

    Samples with tags take turns by tag, so that a limited choice is spread over a source's kinds.
    """
    rows = hub.database.execute(
        f"""
        WITH numbered AS (
            SELECT sample_id, about.source, place,
                   row_number() OVER (PARTITION BY about.source, tags ORDER BY place) AS turn
            FROM sample JOIN ({_ABOUT}) AS about USING (sample_id) WHERE NOT ({_ONLY_NAMED})
        ), ordered AS (
            SELECT *, row_number() OVER (PARTITION BY source ORDER BY turn, place) AS number FROM numbered
        )
        SELECT sample_id FROM ordered WHERE $most IS NULL OR number <= $most ORDER BY source, number
        """,
        {"source": source, "most": limit},
    )
    ids = [sample_id for (sample_id,) in rows.fetchall()]
    named = hub.database.execute(
        f"SELECT count(*) FROM sample WHERE ({_SOURCE}) AND {_ONLY_NAMED}", {"source": source}
    )
    return ids, int(named.fetchall()[0][0])
