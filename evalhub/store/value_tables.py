"""What rankings rest on, laid out in a snapshot when it is published: a reader's pick is ranked at once."""

from __future__ import annotations

from evalhub.store.chosen import JUDGED, values_of
from evalhub.store.hub import Hub


def write_values(hub: Hub) -> None:
    """Write them into the attached `board`, which has samples, measurements and `counting_form`.

    `ranked_value` has what `results.measurement_frame` gives by the main metric: model_number, place (of the
    sample: its row), metric_number, value, passes, attempts; in order of samples, so that those of a few lie in
    few blocks. `ranked_model` and `ranked_metric` say what the numbers stand for.
    """
    database = hub.database
    database.execute(
        """
        CREATE TABLE board.ranked_model AS
        SELECT (row_number() OVER (ORDER BY model, variant) - 1)::INTEGER AS model_number, model, model_id, variant
        FROM (SELECT DISTINCT model, model_id, variant FROM board.counting_form)
        """
    )
    database.execute(
        f"""
        CREATE TABLE board.ranked_metric AS
        SELECT (row_number() OVER (ORDER BY metric, kind, direction) - 1)::INTEGER AS metric_number, *
        FROM (SELECT DISTINCT {JUDGED} AS metric, kind, direction FROM board.measurement WHERE main)
        """
    )
    database.execute(
        """
        CREATE TEMP TABLE value_part (model_number INTEGER, place INTEGER, metric_number INTEGER,
                                      value DOUBLE, passes BIGINT, attempts BIGINT)
        """
    )
    try:
        for query, parameters in values_of(hub):
            database.execute(
                f"""
                INSERT INTO value_part
                WITH part AS ({query}), moved AS (
                    SELECT sample.rowid AS place, shown.rowid AS shown
                    FROM sample JOIN board.sample AS shown USING (sample_id)
                )
                SELECT model_number, moved.shown, metric_number, value, passes, attempts
                FROM part JOIN moved USING (place) JOIN board.ranked_model USING (model_id, variant)
                     JOIN board.ranked_metric AS told
                     ON (told.metric, told.kind, told.direction) = (part.judged, part.kind, part.direction)
                """,
                parameters,
            )
        database.execute(
            "CREATE TABLE board.ranked_value AS FROM value_part ORDER BY place, model_number, metric_number"
        )
    finally:
        database.execute("DROP TABLE value_part")
