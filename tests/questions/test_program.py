"""Programs over tables: against another evaluation of the same, and what they refuse."""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ingest.questions.grid import Refused, content_of
from ingest.questions.numbers import printed
from ingest.questions.program import NO_ROW, UNKNOWN, run
from tests.questions.papers import FILTERS, MODELS, SCORES, table

numbers = st.lists(
    st.tuples(st.integers(-9999, 9999), st.integers(-9999, 9999)),
    min_size=3,
    max_size=9,
    unique_by=lambda two: two[0],
)


def content(rows: list[tuple[int, int]]) -> tuple[dict[str, Any], pl.DataFrame]:
    """A table of hundredths, and the same as a frame whose rows are those of the table."""
    lines = [
        (f"row {place}", *(printed(Fraction(one, 100), 2) for one in two)) for place, two in enumerate(rows, 1)
    ]
    made = content_of(table((("Name", "One", "Two"), *lines)))
    frame = pl.DataFrame(
        {"row": range(1, len(rows) + 1), "one": [a for a, _ in rows], "two": [b for _, b in rows]}
    )
    return json.loads(json.dumps(made)), frame


@settings(max_examples=50)
@given(numbers, st.integers(1, 3), st.booleans())
def test_extremes_and_ranks(rows: list[tuple[int, int]], place: int, largest: bool) -> None:
    made, frame = content(rows)
    order = frame.sort("one", descending=largest)["row"].to_list()
    common = {"column": 1, "rows": frame["row"].to_list(), "end": "largest" if largest else "smallest"}
    assert run({"op": "extreme", "place": place, **common}, made).text == f"row {order[place - 1]}"
    assert run({"op": "rank", "row": order[place - 1], **common}, made).value == place
    value = run({"op": "extreme", "place": place, "give": "value", **common}, made).value
    assert value == Fraction(frame.sort("one", descending=largest)["one"][place - 1], 100)


@settings(max_examples=50)
@given(numbers, st.integers(-9999, 9999))
def test_counts(rows: list[tuple[int, int]], limit: int) -> None:
    made, frame = content(rows)
    every = frame["row"].to_list()
    value = printed(Fraction(limit, 100), 2)
    above = run({"op": "count", "column": 2, "rows": every, "than": "above", "value": value}, made).value
    below = run({"op": "count", "column": 2, "rows": every, "than": "below", "value": value}, made).value
    assert above == frame.filter(pl.col("two") > limit).height
    assert below == frame.filter(pl.col("two") < limit).height
    wins = run({"op": "wins", "columns": [1, 2], "rows": every}, made).value
    assert wins == frame.filter(pl.col("one") > pl.col("two")).height


@settings(max_examples=50)
@given(numbers)
def test_arithmetic(rows: list[tuple[int, int]]) -> None:
    made, frame = content(rows)
    every = frame["row"].to_list()
    for function, exact in {
        "mean": pl.col("two").mean(),
        "median": pl.col("two").median(),
        "sum": pl.col("two").sum(),
        "range": pl.col("two").max() - pl.col("two").min(),
    }.items():
        program = {"op": "aggregate", "function": function, "column": 2, "rows": every, "decimals": 6}
        found = run(program, made).value
        assert found is not None
        assert float(found) == pytest.approx(float(frame.select(exact).item()) / 100, abs=1e-6)
    (first, second), *_ = rows
    gap = run({"op": "difference", "of": [1, 1], "less": [1, 2], "decimals": 2}, made).text
    assert gap == f"{(first - second) / 100:.2f}"
    assume(second != 0 and first != second)
    ratio = run({"op": "ratio", "of": [1, 1], "by": [1, 2], "decimals": 9}, made).text
    assert float(ratio) == pytest.approx(first / second, abs=1e-9)
    larger = "One" if first > second else "Two"
    compared = run({"op": "compare", "row": 1, "columns": [1, 2], "decimals": 2}, made).text
    assert compared == f"{larger}, by {abs(first - second) / 100:.2f}"


@settings(max_examples=50)
@given(numbers)
def test_trends(rows: list[tuple[int, int]]) -> None:
    made, frame = content(rows)
    rises = (frame["one"].diff().drop_nulls() > 0).to_list()
    found = run({"op": "trend", "cells": [[row, 1] for row in frame["row"]]}, made).text.split(", then ")
    assert [step.removesuffix(" again") for step in found] == ["rises" if up else "falls" for up in rises]
    assert [step.endswith("again") for step in found[1:]] == [a == b for a, b in pairwise(rises)]


def test_cells_are_looked_up_and_found() -> None:
    made = content_of(table(MODELS))
    assert run({"op": "lookup", "row": 4, "column": 1}, made).text == "1,300"
    assert run({"op": "lookup", "row": 2, "column": 2}, made).text == "68.9 ± 0.3"
    assert run({"op": "lookup", "row": 2, "column": 2, "number": True}, made).text == "68.9"
    assert run({"op": "lookup", "row": "Small", "column": "Licence"}, made).text == "Apache"
    assert run({"op": "find", "column": 4, "value": "GPL", "rows": [1, 2, 3, 4]}, made).text == "Large"


def test_rows_are_searched_for() -> None:
    made, rows = content_of(table(SCORES)), [1, 2, 3, 4, 5, 6]

    def meets(*conditions: tuple[int, str, str]) -> str:
        return run({"op": "meets", "conditions": [list(one) for one in conditions], "rows": rows}, made).text

    assert meets((1, "below", "89")) == "title"
    assert meets((1, "above", "95"), (3, "above", "98")) == "bibliography years"
    assert meets((1, "above", "95"), (2, "below", "90")) == NO_ROW
    assert meets((1, "above", "98.0")) == NO_ROW, "equal is not above"
    assert run({"op": "find", "column": 1, "value": "84.1", "rows": rows}, made).text == NO_ROW


@pytest.mark.parametrize(
    "program",
    [
        {"op": "lookup", "row": 3, "column": 3},
        {"op": "lookup", "row": "Huge", "column": 2},
        {"op": "extreme", "column": "BLEU", "rows": [1, 2], "end": "largest"},
        {"op": "difference", "of": [3, 3], "less": [1, 3], "decimals": 1},
        {"op": "trend", "cells": [[1, 2], ["Huge", 2], [2, 2]]},
        {"op": "rank", "row": "Huge", "column": 2, "rows": [1, 2, 4], "end": "largest"},
    ],
)
def test_what_is_not_there_cannot_be_told(program: dict[str, Any]) -> None:
    assert run(program, content_of(table(MODELS))).text == UNKNOWN


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ({}, "no operation"),
        ({"op": "guess"}, "no operation"),
        ({"op": "lookup", "row": 1}, "column"),
        ({"op": "lookup", "row": 1, "column": 1, "more": 2}, "more"),
        ({"op": "lookup", "row": 99, "column": 1}, "no such place"),
        ({"op": "lookup", "row": 0, "column": 1}, "no such place"),
        ({"op": "find", "column": 1, "value": "85.50", "rows": [1, 2, 3]}, "other digits"),
        ({"op": "meets", "conditions": [[1, "above", "95"]], "rows": [1, 2, 3, 4, 5, 6]}, "several rows"),
        ({"op": "meets", "conditions": [[1, "beside", "95"]], "rows": [1, 2]}, "above or below"),
        ({"op": "extreme", "column": 1, "rows": [1, 2], "end": "biggest"}, "no end"),
        ({"op": "extreme", "column": 1, "rows": [1, 2], "end": "largest", "place": 3}, "not so many"),
        ({"op": "extreme", "column": 1, "rows": [], "end": "largest"}, "missing"),
        ({"op": "count", "column": 1, "rows": [1], "than": "above", "value": "many"}, "number"),
        ({"op": "aggregate", "function": "mode", "column": 1, "rows": [1], "decimals": 1}, "no function"),
        ({"op": "aggregate", "function": "mean", "column": 1, "rows": [3, 5], "decimals": 0}, None),
        ({"op": "trend", "cells": [[1, 1], [1, 1]]}, "neither"),
        ({"op": "difference", "of": [1, 1], "less": 3, "decimals": 1}, "difference"),
    ],
)
def test_what_has_no_single_answer_is_refused(program: dict[str, Any], reason: str | None) -> None:
    made = content_of(table(SCORES))
    if reason is None:
        assert run(program, made).text == "91"
        return
    with pytest.raises(Refused, match=reason):
        run(program, made)


def test_ties_scales_and_units_are_refused() -> None:
    tied = content_of(table((("Name", "Score"), ("one", "2.0"), ("two", "2.0"), ("three", "1.0"))))
    with pytest.raises(Refused, match="share"):
        run({"op": "extreme", "column": 1, "rows": [1, 2, 3], "end": "largest"}, tied)
    with pytest.raises(Refused, match="share"):
        run({"op": "rank", "row": 3, "column": 1, "rows": [1, 2, 3], "end": "largest"}, tied)
    with pytest.raises(Refused, match="several"):
        run({"op": "find", "column": 1, "value": "2.0", "rows": [1, 2, 3]}, tied)
    assert run({"op": "extreme", "column": 1, "rows": [1, 2, 3], "end": "smallest"}, tied).text == "three"
    assert run({"op": "rank", "row": 3, "column": 1, "rows": [1, 2, 3], "end": "smallest"}, tied).text == "1"
    scales = content_of(table(FILTERS))
    with pytest.raises(Refused, match="scales"):
        run({"op": "difference", "of": [1, 1], "less": [2, 1], "decimals": 1}, scales)
    assert run({"op": "ratio", "of": [1, 1], "by": [2, 1], "decimals": 3}, scales).text == "0.067"
    units = content_of(table((("Name", "Share"), ("one", "2%"), ("two", "3"))))
    with pytest.raises(Refused, match="units"):
        run({"op": "ratio", "of": [1, 1], "by": [2, 1], "decimals": 1}, units)
    halves = content_of(table((("Name", "Score"), ("one", "2.0"), ("two", "2.1"))))
    with pytest.raises(Refused, match="half-way"):
        run({"op": "aggregate", "function": "mean", "column": 1, "rows": [1, 2], "decimals": 1}, halves)
