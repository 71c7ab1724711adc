"""Point ranges, as the specification that the browser gets."""

from __future__ import annotations

import json
from math import inf, nan
from typing import Any

import polars as pl

from evalhub.axis import axis_ends
from evalhub.charts import BEYOND, CHANCE, HEAD, MODEL, ROW, point_ranges


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
    assert [row["cut_low"] for row in values] == [True, False, False]
    assert [row["cut_high"] for row in values] == [False, True, False]
    assert [row["told"] for row in values] == ["1.0 (no bound to 2.0)", "0.50 (0.25 to no bound)", "unknown"]


def of(*rows: tuple[float | None, float | None, float | None]) -> pl.DataFrame:
    """Rows with these scores and ends."""
    return pl.DataFrame(rows, schema=dict.fromkeys(("score", "low", "high"), pl.Float64), orient="row")


MOST = [(place / 10, place / 10 - 0.5, place / 10 + 0.5) for place in range(-20, 21)]
"""Rows from -2.5 to 2.5."""


def test_an_axis_is_as_long_as_most_rows_need() -> None:
    """What goes on beyond it is cut, and marked; what hardly does is not."""
    assert axis_ends(of(*MOST)) == (-2.5, 2.5)
    assert axis_ends(of(*MOST, (2.5, -100.0, 105.0), (0.0, -inf, inf))) == (-2.5, 2.5)
    assert axis_ends(of(*MOST, (1.0, -4.0, 6.0), (2.5, -100.0, 105.0))) == (-4.0, 2.5)
    assert axis_ends(of(*MOST, (-50.0, -90.0, -10.0))) == (-2.5, 2.5)
    chart = drawn(*(("a", *row, MODEL) for row in [*MOST, (2.5, -100.0, 105.0)]))
    assert chart["data"]["values"][-1]["told"] == "2 (-100 to 105)"
    assert chart["layer"][1]["encoding"]["x"]["title"] == ["mean value", BEYOND]
    assert {layer["mark"]["shape"] for layer in chart["layer"][3:]} == {"triangle-left", "triangle-right"}


def test_an_axis_of_few_rows_or_of_pass_rates_holds_all() -> None:
    """And one without a number is that of shares."""
    assert axis_ends(of((0.5, 0.4, 0.6), (2.0, -100.0, 100.0))) == (-100.0, 100.0)
    assert axis_ends(of(*[(0.9, 0.89, 0.91)] * 5, (0.5, 0.0, 1.0))) == (0.0, 1.0)
    assert axis_ends(of((1.5, None, None), (nan, -inf, 3.0), (None, nan, inf))) == (1.5, 3.0)
    assert axis_ends(of(*[(0.0, 0.0, 0.0)] * 4)) == (0.0, 0.0)
    assert axis_ends(of((nan, -inf, inf))) == axis_ends(of()) == (0.0, 1.0)
