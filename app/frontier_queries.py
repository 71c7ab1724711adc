"""What the page of the frontier asks of a snapshot."""

from __future__ import annotations

import polars as pl

from app.queries import frame_of
from app.snapshot import COSTS, Snapshot, cached


@cached
def facts(snapshot: Snapshot, ranking_id: str) -> pl.DataFrame:
    """The rows of a ranking, best first, with what is known of the models, null where it is not: parameters,
    released, cost (mean US dollars of an attempt on the ranking's source), priced (share of these attempts whose
    price is known), and score, low, high, samples, coverage."""
    tables = frame_of(snapshot, "SELECT table_name FROM duckdb_tables()")["table_name"]
    # Snapshots of before say nothing of costs.
    nothing = "SELECT '' AS source, '' AS model, 0 AS attempts, 0 AS priced, NULL::DOUBLE AS cost WHERE false"
    costs = "FROM model_cost" if set(tables) >= COSTS else nothing
    return frame_of(
        snapshot,
        f"""
        SELECT w.model, w.model_id, w.score, w.low, w.high, w.samples, w.coverage, d.parameters, d.released,
               c.cost, c.priced / c.attempts AS priced
        FROM ranking_row w JOIN ranking r USING (ranking_id) LEFT JOIN model d USING (model_id)
             LEFT JOIN ({costs}) c ON c.source = r.source AND c.model = w.model
        WHERE w.ranking_id = $ranking_id ORDER BY w.rank, w.score DESC, w.model
        """,
        ranking_id=ranking_id,
    )
