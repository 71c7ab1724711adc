"""Measurements that were made here: one for each model, sample, metric, condition and seed."""

from __future__ import annotations

import polars as pl

from evalhub.store.hub import Hub

_SAME = "model_id, sample_id, metric, condition_id, seed"


def put_measurements(hub: Hub, frame: pl.DataFrame) -> None:
    """Put measurements in the place of those before, all or none. The table has no key that would see to it.

    frame: the table's columns but import_id and measured_at.
    """
    with hub.transaction():
        hub.insert(
            f"DELETE FROM measurement WHERE import_id = '' AND ({_SAME}) IN (SELECT ({_SAME}) FROM given)", frame
        )
        hub.insert(
            "INSERT INTO measurement BY NAME SELECT *, '' AS import_id, now() AS measured_at FROM given", frame
        )


def without_measurement(hub: Hub, frame: pl.DataFrame) -> pl.DataFrame:
    """Those of the rows for which there is none yet."""
    found = hub.select(
        f"""
        SELECT place FROM given WHERE ({_SAME}) IN (SELECT ({_SAME}) FROM measurement WHERE import_id = '')
        """,
        frame.with_row_index("place"),
    )
    return frame.filter(~pl.int_range(pl.len()).is_in([place for (place,) in found]))
