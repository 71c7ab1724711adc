"""What filters say of every sample, laid out once, so that the next filter on the same pool is quick."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from evalhub.store.hub import Hub
from evalhub.store.reads import Reads
from evalhub.store.sample_columns import SAMPLE_COLUMNS, sample_relation


def lay_out(hub: Hub) -> None:
    """Write the columns of all samples into a table that goes with the connection, for `places_where`. Those with
    a text have a place."""
    columns = [column.name for column in SAMPLE_COLUMNS]
    hub.database.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE laid_out AS
        SELECT CASE WHEN has_text THEN row_number() OVER (PARTITION BY has_text ORDER BY sample_id) - 1 END
               AS place, *
        FROM ({sample_relation(columns)})
        """
    )


def places_where(pool: Reads, condition: str, parameters: Mapping[str, object]) -> np.ndarray:
    """(n,) places, from 0 in the order of ids, of the samples laid out for which a condition on their columns
    holds, of those that have a place."""
    found = pool.frame(
        f"SELECT place FROM laid_out WHERE place IS NOT NULL AND ({condition}) ORDER BY place", parameters
    )
    return found["place"].to_numpy()
