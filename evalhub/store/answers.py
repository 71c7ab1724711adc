"""What users answered to the question whether a sample is what a query means."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from evalhub.store.hub import Hub
from evalhub.store.reads import Reads


def put_answers(hub: Hub, query_id: str, relevant: Mapping[str, bool]) -> None:
    """Keep answers by sample id; a later one takes the place of an earlier one."""
    frame = pl.DataFrame(
        {"sample_id": list(relevant), "relevant": list(relevant.values())},
        schema={"sample_id": pl.String, "relevant": pl.Boolean},
    ).with_columns(query=pl.lit(query_id))
    hub.insert("INSERT OR REPLACE INTO answer BY NAME SELECT *, now() AS answered_at FROM given", frame)


def answers_to(pool: Reads, query_id: str) -> dict[str, bool]:
    """The answers to a query, by sample id, in the order of ids."""
    rows = pool.database.execute(
        "SELECT sample_id, relevant FROM answer WHERE query = ? ORDER BY sample_id", [query_id]
    ).fetchall()
    return dict(rows)


def drop_answers(hub: Hub, query_id: str) -> int:
    """Forget the answers to a query. Returns their number."""
    known = len(answers_to(hub, query_id))
    hub.database.execute("DELETE FROM answer WHERE query = ?", [query_id])
    return known
