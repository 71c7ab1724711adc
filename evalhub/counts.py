"""Counts of slices of the pool, counted again only where something changed."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from aggregate.counted import GROUPS, Counted
from aggregate.measurements import Direction, Measurements
from evalhub.store.chosen import Slice, batches, frame_of_slices
from evalhub.store.counts import drop_counts, kept, load_counts, save_counts
from evalhub.store.hub import Hub

_LARGE = 2_000_000
"""Measurements from which on counts are kept: below, all of them are read in a few seconds, and every cluster can
stand for itself in the intervals."""

_MOST_COUNTS = 10
"""Per measurement. Of many models on few samples there are more counts than measurements, and at fifteen times as
many it takes as long to read them."""

_TOGETHER = 2_000_000
"""Measurements that are read in one query."""


def counts_pay(slices: Sequence[Slice]) -> bool:
    """Whether to rank from counts what these slices hold."""
    results = sum(one.results for one in slices)
    return results >= _LARGE and sum(GROUPS * one.models**2 for one in slices) <= _MOST_COUNTS * results


def refresh(hub: Hub, source: str, wanted: Sequence[Slice]) -> Counted:
    """The counts of all slices of a source, or of the whole pool (''), together. Those that changed are counted
    and kept one by one, so that a kill loses no more than was in hand."""
    drop_counts(hub, source, wanted)
    changed = [one for one, same in zip(wanted, kept(hub, wanted), strict=True) if not same]
    for some in batches(changed, lambda one: one.results, _TOGETHER):
        frames = frame_of_slices(hub, some).partition_by("source", "month", as_dict=True)
        for one in some:
            save_counts(hub, one, count_frames([frames.pop((one.source, one.month))]))
    return Counted.total(load_counts(hub, wanted))


def count_frames(frames: Sequence[pl.DataFrame], direction: Direction = "up") -> Counted:
    """Wins and ties within frames of values in long form, which may hold none."""
    if not any(frame["value"].count() for frame in frames):
        models = {str(model) for frame in frames for model in frame["model"].unique()}
        return Counted.nothing(sorted(models), sum(frame.height for frame in frames))
    return Counted.of(Measurements.from_frames(frames, direction=direction))
