"""Rows that are sorted by sample, written out as dense tiles of samples x models."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np


def tiles(
    model: np.ndarray,
    sample: np.ndarray,
    value: np.ndarray,
    models: int,
    samples: int,
    width: int,
    dtype: type[np.floating] = np.float64,
) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """(first sample, seen, value) of `width` samples at a time, (width, M) each, 0 where unseen."""
    edges = np.searchsorted(sample, [*range(0, samples, width), samples])
    for start, first, last in zip(range(0, samples, width), edges[:-1], edges[1:], strict=True):
        rows = slice(first, last)
        seen = np.zeros((min(width, samples - start), models), dtype)
        tile = np.zeros_like(seen)
        seen[sample[rows] - start, model[rows]] = 1
        tile[sample[rows] - start, model[rows]] = value[rows]
        yield start, seen, tile
