"""Measurements: what those of one writing share stands once, in a series; their values are rows of few columns."""

from __future__ import annotations

import polars as pl

from evalhub.store.hub import Hub

_SERIES = ("metric", "main", "condition_id", "seed", "kind", "direction")
_VALUES = ("model_id", "sample_id", "value", "low", "high", "passes", "attempts", "missing", "reason")
_SAME = "model_id, sample_id, metric, condition_id, seed"


def put_measurements(hub: Hub, frame: pl.DataFrame) -> None:
    """Put measurements that were made here in the place of those before, all or none: there is one for each model,
    sample, metric, condition and seed.

    frame: columns of a series, without its time, and of values.
    """
    with hub.transaction() as database:
        hub.insert(
            f"""
            DELETE FROM measured WHERE (model_id, sample_id, series_id) IN (
                SELECT (model_id, sample_id, series_id) FROM measured JOIN series USING (series_id)
                WHERE import_id = '' AND ({_SAME}) IN (SELECT ({_SAME}) FROM given)
            )
            """,
            frame,
        )
        add_measurements(hub, "", frame)
        database.execute("DELETE FROM series WHERE series_id NOT IN (SELECT series_id FROM measured)")


def add_measurements(hub: Hub, import_id: str, frame: pl.DataFrame) -> None:
    """Add measurements that are known not to be there. Names may be Enum.

    import_id: '' where they were made here.
    """
    shared = frame.select(_SERIES).unique(maintain_order=True)
    first = hub.database.execute("SELECT coalesce(max(series_id), 0) + 1 FROM series").fetchall()[0][0]
    numbered = shared.with_columns(series_id=pl.int_range(first, first + shared.height, dtype=pl.Int32))
    hub.insert(
        f"INSERT INTO series BY NAME SELECT *, '{import_id}' AS import_id, now() AS measured_at FROM given",
        numbered,
    )
    if shared.height == 1:
        frame = frame.with_columns(series_id=pl.lit(first, pl.Int32))
    else:
        frame = frame.join(numbered, on=_SERIES, how="left", maintain_order="left")
    counts = [pl.col(name).cast(pl.Int32) for name in ("passes", "attempts", "missing")]
    rows = frame.select("series_id", *_VALUES).with_columns(*counts)
    hub.insert("INSERT INTO measured BY NAME SELECT * FROM given", rows)


def drop_measurements(hub: Hub, import_id: str) -> int:
    """Take out all of an import, within the caller's transaction. Returns their number."""
    which = "SELECT series_id FROM series WHERE import_id = ?"
    dropped: int = hub.database.execute(
        f"DELETE FROM measured WHERE series_id IN ({which})", [import_id]
    ).fetchall()[0][0]
    hub.database.execute("DELETE FROM series WHERE import_id = ?", [import_id])
    return dropped


def without_measurement(hub: Hub, frame: pl.DataFrame) -> pl.DataFrame:
    """Those of the rows for which none was made here yet."""
    found = hub.select(
        f"""
        SELECT place FROM given WHERE ({_SAME}) IN (SELECT ({_SAME}) FROM measurement WHERE import_id = '')
        """,
        frame.with_row_index("place"),
    )
    return frame.filter(~pl.int_range(pl.len()).is_in([place for (place,) in found]))
