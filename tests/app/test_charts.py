"""Point ranges, as the specification that the browser gets."""

from __future__ import annotations

import json
from math import inf, nan
from typing import Any

import polars as pl

from evalhub.charts import CHANCE, HEAD, MODEL, ROW, point_ranges


def drawn(*rows: tuple[str, float, float, float, str]) -> dict[str, Any]:
    """The specification of a chart of these rows, having gone through strict JSON."""
    frame = pl.DataFrame(rows, schema=["model", "score", "low", "high", "kind"], orient="row")
    chart = point_ranges(frame, label="model", unit="mean value").to_dict()
    parsed: dict[str, Any] = json.loads(json.dumps(chart, allow_nan=False))
    return parsed


def test_rows_keep_their_order_and_their_height() -> None:
    """The order of the ranking is the order of the chart, whatever the names are."""
    chart = drawn(("z", 0.9, 0.8, 1.0, MODEL), ("a", 0.1, 0.0, 0.2, CHANCE))
    assert chart["layer"][1]["encoding"]["y"]["sort"] == ["z", "a"]
    assert chart["height"] == HEAD + 2 * ROW


def test_unbounded_intervals_reach_the_edge() -> None:
    """An infinite end is drawn as far as the others reach; what is no number is left out."""
    chart = drawn(("a", 1.0, -inf, 2.0, MODEL), ("b", 0.5, 0.25, inf, MODEL), ("c", nan, nan, nan, MODEL))
    values = chart["data"]["values"]
    assert [row["low"] for row in values] == [0.25, 0.25, None]
    assert [row["high"] for row in values] == [2.0, 2.0, None]
