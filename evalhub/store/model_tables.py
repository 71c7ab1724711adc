"""What pages say of one model, in a snapshot: counted when it is published, so that no page goes through a million
samples."""

from __future__ import annotations

import re

import duckdb
import polars as pl

from evalhub.store.chosen import replaced
from evalhub.store.hub import Hub

VERDICTS = {
    "always passes": "value >= 1 AND kind = 'binary'",
    "sometimes": "value > 0 AND value < 1 AND kind = 'binary'",
    "never": "value <= 0 AND kind = 'binary'",
    "graded": "value IS NOT NULL AND kind <> 'binary'",
    "missing": "value IS NULL",
}
"""What a model's attempts on one sample come to, and how that is told from its measurement."""

_ASKED = """
    INSERT INTO board.model_condition
    SELECT $model_id, used.condition_id, list_sort(list_distinct(list(source))), count(DISTINCT sample_id),
           list_sort(list_distinct(list(seed)))
    FROM (
        SELECT condition_id, sample_id, seed FROM board.measurement WHERE model_id = $model_id
        UNION SELECT condition_id, sample_id, seed FROM board.attempt WHERE model_id = $model_id
    ) AS used JOIN board.sample USING (sample_id)
    GROUP BY used.condition_id
"""


def write_models(database: duckdb.DuckDBPyConnection) -> None:
    """Write them into its attached `board`, which has samples, origins, measurements and attempts.

    `model_verdict` has for each model, and each source of any sample measured of it, how many of its measurements
    there come to each of `VERDICTS` by the main metric; source '' is the whole pool. `model_condition` has the
    conditions that it ran under: condition_id, sources, samples (how many), seeds.
    """
    counts = ", ".join(f'count(*) FILTER (main AND {test}) AS "{verdict}"' for verdict, test in VERDICTS.items())
    database.execute(
        f"""
        CREATE TABLE board.model_verdict AS
        WITH within AS (
            SELECT sample_id, source FROM board.origin UNION SELECT sample_id, source FROM board.sample
            UNION ALL SELECT sample_id, '' FROM board.sample
        )
        SELECT model_id, within.source, {counts} FROM board.measurement JOIN within USING (sample_id)
        GROUP BY model_id, within.source ORDER BY model_id, within.source
        """
    )
    database.execute(
        """
        CREATE TABLE board.model_condition (
            model_id VARCHAR, condition_id VARCHAR, sources VARCHAR[], samples BIGINT, seeds BIGINT[]
        )
        """
    )
    # Model by model: all at once would hold the ids of every measurement.
    for (model_id,) in database.execute("SELECT model_id FROM board.model ORDER BY model_id").fetchall():
        database.execute(_ASKED, {"model_id": model_id})


def write_replaced(hub: Hub) -> None:
    """Write `model_replaced` into the attached `board`: of each model, measurements on more samples whose place
    later ones on fewer took (`chosen.replaced`): told, before, now. Where one's own servers are is not told."""
    models = hub.database.execute("SELECT model_id FROM board.model ORDER BY model_id").fetchall()
    rows = [
        (model_id, re.sub("^openai/[^/,]+", "openai", told), before, now)
        for (model_id,) in models
        for told, before, now in replaced(hub, model_id)
    ]
    schema = {"model_id": pl.String, "told": pl.String, "before": pl.Int64, "now": pl.Int64}
    hub.insert(
        "CREATE TABLE board.model_replaced AS SELECT * FROM given", pl.DataFrame(rows, schema, orient="row")
    )
