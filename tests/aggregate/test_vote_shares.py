"""The share of votes that a model won against another, with its interval."""

from __future__ import annotations

import polars as pl
import pytest

from aggregate.head_to_head import votes_between
from aggregate.intervals import mean_interval
from aggregate.measurements import Measurements
from aggregate.vote_shares import vote_shares

VOTES = pl.DataFrame(
    {
        "model_a": [*"abbacc", "a"],
        "model_b": [*"baabab", "b"],
        "outcome": ["a", "a", "b", "tie", "a", "a", "b"],
        "sample": [*"1123456"],
    }
)


def test_ties_are_half_a_win_and_clusters_decide_the_width() -> None:
    """Votes on one sample are one cluster; either side's numbers are those of the other, turned."""
    m = Measurements.from_frame(VOTES)
    found = votes_between(m, "a", "b", 0.9)
    own = mean_interval([1.0, 0.0, 1.0, 0.5, 0.0], ["1", "1", "2", "3", "6"], 0.9)  # type: ignore[arg-type]
    assert (found.wins, found.ties, found.losses, found.clusters) == (2, 1, 2, 4)
    assert (found.share, found.low, found.high) == pytest.approx((own.mean, own.low, own.high))
    turned = votes_between(m, "b", "a", 0.9)
    assert (turned.wins, turned.share, turned.clusters) == (2, pytest.approx(0.5), 4)
    assert (turned.low, turned.high) == pytest.approx((1 - own.high, 1 - own.low))


def test_every_pair_with_a_vote_stands_once() -> None:
    found = vote_shares(Measurements.from_frame(VOTES).votes)
    assert list(zip(found.first, found.second, strict=True)) == [(0, 1), (0, 2), (1, 2)]
    assert found.losses.tolist() == [2, 1, 1] and found.share.tolist() == [0.5, 0.0, 0.0]
    assert (found.high[1:] > 0.9).all(), "one vote says next to nothing"


def test_without_a_vote_there_is_no_share() -> None:
    m = Measurements.from_frame(VOTES.filter(pl.col("model_a") != "c"), pl.DataFrame(
        {"model": ["c"], "sample": ["9"], "value": [1.0]}
    ))  # fmt: skip
    found = votes_between(m, "a", "c")
    assert (found.total, found.share, found.low, found.high) == (0, None, None, None)
