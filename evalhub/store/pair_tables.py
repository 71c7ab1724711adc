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


def write_votes(hub: Hub, votes: Iterable[pl.DataFrame]) -> None:
    """Write `pair_votes`, which has what `evalhub.pair_votes` counts, into the attached `board`."""
    hub.database.execute(
        "CREATE TABLE board.pair_votes (source VARCHAR, model_a VARCHAR, model_b VARCHAR,"
        " wins BIGINT, ties BIGINT, losses BIGINT, share DOUBLE, low DOUBLE, high DOUBLE)"
    )
    for frame in votes:
        hub.insert("INSERT INTO board.pair_votes BY NAME SELECT * FROM given", frame)
