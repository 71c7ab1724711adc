"""The tables of a snapshot that compare models in pairs."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from evalhub.store.chosen import MODEL, counting_forms
from evalhub.store.hub import Hub


def write_pairs(hub: Hub, wins: Iterable[pl.DataFrame]) -> None:
    """Write them into the attached `board`.

    `pair_wins` has what `evalhub.pair_wins` counts; `counting_form` says under which conditions each ranked
    model's measurements count, so that a page finds the very values that rankings rest on.
    """
    hub.database.execute(
        f"CREATE TABLE board.counting_form AS SELECT {MODEL}, * FROM ({counting_forms('true')})", {"metric": ""}
    )
    hub.database.execute(
        "CREATE TABLE board.pair_wins"
        " (source VARCHAR, model_a VARCHAR, model_b VARCHAR, samples BIGINT, wins DOUBLE, ties DOUBLE)"
    )
    for frame in wins:
        hub.insert("INSERT INTO board.pair_wins BY NAME SELECT * FROM given", frame)
