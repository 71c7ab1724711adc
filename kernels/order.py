"""Rows brought into the order of their samples, without 64-bit copies of them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from kernels.threads import in_threads
from kernels.tiles import in_range

# Groups that rows are first thrown into, at most: each has a line of the cache and a page open.
_GROUPS = 256

# Rows that one thread works on at least.
_ROWS = 2**18


class Grouped(NamedTuple):
    """Rows in groups of neighbouring samples, in no order inside."""

    key: np.ndarray
    """(R,) model << shift | sample within the group."""

    value: np.ndarray
    """(R,) as given."""

    edges: np.ndarray
    """(G+1,) int64: group g has rows edges[g] to edges[g+1] and samples from g << shift."""

    shift: int
    """A group has 2**shift samples."""


def is_sorted(sample: np.ndarray) -> bool:
    """Whether no index is followed by a lower one."""
    step = 2**20
    return all(
        (sample[a + 1 : a + 1 + step] >= sample[a : a + step][: len(sample) - a - 1]).all()
        for a in range(0, len(sample), step)
    )


def sample_sorted(
    model: np.ndarray, sample: np.ndarray, value: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The rows as they are if they are sorted by sample, else sorted, those of a sample in order."""
    if is_sorted(sample):
        return model, sample, value
    order = np.argsort(sample, kind="stable")
    return model[order], sample[order], value[order]


def comparisons(sample: np.ndarray) -> float:
    """About how many pairs of rows are of one sample, from at most 4096 of the sorted rows."""
    if not len(sample):
        return 0.0
    some = sample[:: max(1, len(sample) // 4096)]
    rows = np.searchsorted(sample, some, "right") - np.searchsorted(sample, some)
    return float((rows - 1).mean() * len(sample) / 2)


def grouped(model: np.ndarray, sample: np.ndarray, value: np.ndarray, models: int, samples: int) -> Grouped:
    """The first pass: rows into groups of at least 1024 neighbouring samples, rows of a sample in order.

    Raises IndexError for a model or sample out of range.
    """
    from kernels import order_loops

    shift = max(10, (samples // _GROUPS).bit_length())
    groups = ((samples - 1) >> shift) + 1
    parts = max(1, len(model) // _ROWS)
    cuts = [len(model) * p // parts for p in range(parts + 1)]
    counts = np.zeros((parts, groups), np.int64)

    def count(first: int, last: int) -> None:
        for p in range(first, last):
            rows = slice(cuts[p], cuts[p + 1])
            in_range(sample[rows], samples)
            in_range(model[rows], models)
            order_loops.count(sample[rows], shift, counts[p])

    in_threads(count, parts, parts)
    ends = np.cumsum(counts.T).reshape(groups, parts).T
    starts = ends - counts
    key = np.empty(len(model), np.uint32 if models << shift <= 2**32 else np.uint64)
    thrown = np.empty_like(value)

    def throw(first: int, last: int) -> None:
        for p in range(first, last):
            rows = slice(cuts[p], cuts[p + 1])
            order_loops.throw(model[rows], sample[rows], value[rows], shift, starts[p], key, thrown)

    in_threads(throw, parts, parts)
    return Grouped(key, thrown, np.append(0, ends[-1]), shift)


def ungrouped(rows: Grouped, model: np.dtype, sample: np.dtype) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The second pass: (model, sample, value) sorted by sample, indices of the given types."""
    from kernels import order_loops

    by_model, by_sample = np.empty(len(rows.key), model), np.empty(len(rows.key), sample)
    value = np.empty_like(rows.value)

    def sort(first: int, last: int) -> None:
        starts = np.zeros(2**rows.shift + 1, np.int64)
        for g in range(first, last):
            at = slice(rows.edges[g], rows.edges[g + 1])
            given = rows.key[at], rows.value[at], rows.shift, g << rows.shift, starts
            order_loops.sort(*given, by_model[at], by_sample[at], value[at])

    groups = len(rows.edges) - 1
    in_threads(sort, groups, max(1, len(rows.key) // _ROWS))
    return by_model, by_sample, value
