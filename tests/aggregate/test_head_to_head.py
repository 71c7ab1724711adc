"""Two models side by side: on what they share, by metric and source, and by votes."""

from __future__ import annotations

import polars as pl
import pytest

from aggregate.differences import differences
from aggregate.head_to_head import head_to_head, votes_between
from aggregate.measurements import Measurements

VALUES = pl.DataFrame(
    [
        *((model, sample, "x", "", value) for model, values in (("b", "1100"), ("a", "1010")) for sample, value in
          zip("1234", map(float, values), strict=True)),
        ("a", "5", "y", "", 1.0),
        ("b", "5", "y", "", 0.0),
        ("a", "6", "y", "", 1.0),
        ("c", "6", "y", "", 1.0),
    ],
    schema=["model", "sample", "source", "metric", "value"],
    orient="row",
)  # fmt: skip


def test_shared_samples_in_all_and_by_source() -> None:
    """A third model, and what only one of the two was measured on, change nothing."""
    whole, *parts = head_to_head(Measurements.from_frame(VALUES), "b", "a")
    assert (whole.source, whole.samples, whole.first, whole.second) == (None, 5, 0.4, 0.6)
    assert whole.difference == pytest.approx(-0.2)
    assert (whole.wins, whole.ties, whole.losses) == (1, 2, 2)
    assert [(part.source, part.samples, part.difference) for part in parts] == [("x", 4, 0.0), ("y", 1, -1.0)]


def test_the_interval_is_that_of_paired_differences_over_clusters() -> None:
    m = Measurements.from_frame(VALUES.filter(source="x").with_columns(cluster=pl.col("sample").replace("4", "3")))
    (found,) = head_to_head(m, "a", "b", 0.8)
    a, b = (VALUES.filter(model=model, source="x").sort("sample")["value"].to_numpy() for model in "ab")
    clusters = pl.Series([0, 1, 2, 2]).to_numpy()
    own = differences(a, b, clusters, clusters * 0, 0.8)
    assert (found.clusters, found.low, found.high) == (3, own.low[0], own.high[0])


def test_numbers_where_lower_is_better() -> None:
    """The difference is of the values as they are, a win is the lower one; one cluster has no interval."""
    frame = pl.DataFrame({"model": ["a", "b"], "sample": ["1", "1"], "value": [2.5, 7.0]})
    (found,) = head_to_head(Measurements.from_frame(frame, direction="down"), "a", "b")
    assert (found.difference, found.wins, found.losses, found.low, found.high) == (-4.5, 1, 0, None, None)


def test_no_difference_leaves_what_a_metric_can_be() -> None:
    """Where values lie beyond the ends, these are none."""
    rows = [("a", "1", 10.0), ("a", "2", 6.0), ("b", "1", 1.0), ("b", "2", 0.0)]
    m = Measurements.from_frame(pl.DataFrame(rows, schema=["model", "sample", "value"], orient="row"))
    (free,), (within,), (beyond,) = (
        head_to_head(m.with_ends(ends), "a", "b") for ends in ({}, {"": (0.0, 10.0)}, {"": (0.0, 9.0)})
    )
    assert free.high is not None and free.high > 10 and beyond == free
    assert (within.low, within.high, within.difference) == (
        free.low if free.low > -10 else -10,
        10,
        free.difference,
    )


def test_votes_are_told_apart_from_values() -> None:
    votes = pl.DataFrame(
        {
            "model_a": ["a", "b", "b", "a", "c"],
            "model_b": ["b", "a", "a", "b", "a"],
            "outcome": [*"aab", "tie", "a"],
        }
    )
    m = Measurements.from_frame(VALUES, votes)
    assert head_to_head(m, "a", "b") == head_to_head(Measurements.from_frame(VALUES), "a", "b")
    found = votes_between(m, "a", "b")
    assert (found.wins, found.ties, found.losses) == (2, 1, 1)


def test_nothing_shared_is_nothing_said() -> None:
    m = Measurements.from_frame(VALUES.filter(~pl.col("model").eq("a")))
    assert head_to_head(m, "b", "c") == []
