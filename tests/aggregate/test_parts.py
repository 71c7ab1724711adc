"""Parts of measurements: what is ranked by tag or source is what a file of that part alone would give."""

from __future__ import annotations

import polars as pl

from aggregate.measurements import Measurements
from aggregate.methods.bradley_terry import BradleyTerry
from aggregate.parts import Parts

FRAME = pl.DataFrame(
    {
        "model": ["a", "b", "a", "b", "a", "c", "a", "b"],
        "sample": ["1", "1", "2", "2", "3", "3", "4", "4"],
        "value": [1.0, 0, 0, 1, 3.5, 2.5, 1, 1],
        "metric": ["hit"] * 4 + ["time"] * 2 + ["hit"] * 2,
        "tag": ["x", "x", "x", "x", "y", "y", None, None],
        "source": ["p", "p", "q", "q", "q", "q", "q", "q"],
        "cluster": ["k", "k", "k", "k", "l", "l", "k", "k"],
    }
)
VOTES = pl.DataFrame({"model_a": ["a", "d", "d"], "model_b": ["b", "b", "a"], "outcome": ["a", "b", "tie"]})


def test_a_part_is_what_it_alone_would_be() -> None:
    """Its models, metrics and clusters are its own."""
    parts = dict(Parts.by("tag", Measurements.from_frame(FRAME)))
    assert parts.keys() == {"x", "y"}
    for tag, part in parts.items():
        alone = Measurements.from_frame(FRAME.filter(pl.col("tag") == tag))
        assert (part.models, part.clusters, part.metrics) == (alone.models, alone.clusters, alone.metrics)
        assert part.value.tolist() == alone.value.tolist() and part.model.tolist() == alone.model.tolist()
        assert BradleyTerry()(part) == BradleyTerry()(alone)


def test_what_has_no_tag_is_in_no_part() -> None:
    assert Parts.by("tag", Measurements.from_frame(FRAME)).outside == 1
    by_source = Parts.by("source", Measurements.from_frame(FRAME))
    assert by_source.outside == 0 and by_source.names == ("p", "q")
    nothing = Parts.by("tag", Measurements.from_frame(FRAME.drop("tag")))
    assert nothing.outside == 4 and not list(nothing)


def test_votes_belong_to_the_part_of_what_they_were_given_on() -> None:
    votes = VOTES.with_columns(sample=pl.Series(["v", "w", "2"]))
    m = Measurements.from_frame(FRAME, votes)
    parts = dict(Parts.by("tag", m, {"v": "x", "w": "z"}))
    assert {name: (part.models, part.votes.samples) for name, part in parts.items()} == {
        "x": (("a", "b"), ("v",)),
        "y": (("a", "c"), ()),
        "z": (("b", "d"), ("w",)),
    }
    assert Parts.by("tag", m, {"v": "x", "w": "z"}).outside == 2
