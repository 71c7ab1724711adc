"""Between which ends the values of a metric lie."""

from __future__ import annotations

import json
from math import inf, isfinite

import polars as pl

from evalhub.store.chosen import JUDGED
from evalhub.store.hub import Hub
from ingest.metrics import known_scale

_FREE = (-inf, inf)


def metric_ranges(hub: Hub) -> dict[str, tuple[float, float]]:
    """The least and the most that a number can be, by the name under which values are compared: of the metrics of
    which each import was told so, or that have these ends everywhere. One of the two may be infinite."""
    rows = hub.database.execute(
        f"""
        SELECT DISTINCT {JUDGED} AS judged, metric, told::VARCHAR, lone
        FROM series LEFT JOIN import USING (import_id)
        LEFT JOIN (
            SELECT import_id, count(DISTINCT metric) = 1 AS lone FROM series GROUP BY import_id
        ) USING (import_id)
        WHERE kind <> 'binary' ORDER BY ALL
        """
    ).fetchall()
    found: dict[str, tuple[float, float]] = {}
    for judged, metric, told, lone in rows:
        low, high = _range(metric, json.loads(told or "{}").get("scales", {}), lone=bool(lone))
        before = found.get(judged, (low, high))
        found[judged] = min(low, before[0]), max(high, before[1])
    return {name: ends for name, ends in found.items() if any(map(isfinite, ends))}


def _range(metric: str, told: dict[str, dict[str, float]], *, lone: bool) -> tuple[float, float]:
    """Of a metric of an import that was told these scales; lone: whether it is the only one of the import."""
    scale = told.get(metric) or told.get(metric.rpartition("/")[2])
    known = known_scale(metric)
    ends = (known.low, known.high) if known else _FREE
    if scale is None and lone and not all(map(isfinite, ends)):
        scale = told.get("")  # of tables whose only metric has no name of its own
    return (scale["low"], scale["high"]) if scale else ends


def write_ranges(hub: Hub) -> None:
    """Write them as `metric_range` into the attached `board`."""
    frame = pl.DataFrame(
        [(name, *ends) for name, ends in metric_ranges(hub).items()],
        schema={"metric": pl.String, "low": pl.Float64, "high": pl.Float64},
        orient="row",
    )
    hub.insert("CREATE TABLE board.metric_range AS SELECT * FROM given", frame)
