"""Rows that are sorted by sample, written out as dense tiles of samples x models."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

# Rows from which on a compiled loop pays: it fills in a second what numpy takes three for.
_MANY = 2**24


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
    edges = row_edges(sample, samples, width)
    fill = _fill if len(model) < _MANY else _fill_compiled
    for start, first, last in zip(range(0, samples, width), edges[:-1], edges[1:], strict=True):
        seen = np.zeros((min(width, samples - start), models), dtype)
        tile = np.zeros_like(seen)
        fill(model[first:last], sample[first:last], value[first:last], start, seen, tile)
        yield start, seen, tile


def _fill(
    model: np.ndarray, sample: np.ndarray, value: np.ndarray, start: int, seen: np.ndarray, tile: np.ndarray
) -> None:
    seen[sample - start, model] = 1
    tile[sample - start, model] = value


def _fill_compiled(
    model: np.ndarray, sample: np.ndarray, value: np.ndarray, start: int, seen: np.ndarray, tile: np.ndarray
) -> None:
    from kernels import tile_loops

    in_range(model, seen.shape[1])
    tile_loops.fill(model, sample, value, start, seen, tile)


def row_edges(sample: np.ndarray, samples: int, width: int) -> np.ndarray:
    """(T+1,) int64: tile t has rows edges[t] to edges[t+1], of samples t * width to (t+1) * width.

    Raises IndexError for samples out of range.
    """
    if len(sample) and not 0 <= sample[0] <= sample[-1] < samples:
        raise IndexError(f"samples from {sample[0]} to {sample[-1]} are not all from 0 to {samples - 1}")
    inner = np.arange(width, samples, width).astype(sample.dtype)  # of another type, the rows would be copied
    return np.concatenate([[0], np.searchsorted(sample, inner), [len(sample)]])


def in_range(index: np.ndarray, size: int) -> None:
    """Raises IndexError unless all are in [0, size): compiled loops would write elsewhere."""
    unsigned = index.view(f"u{index.itemsize}")  # a negative index is a huge one
    if index.size and unsigned.max() >= size:
        raise IndexError(f"indices from {index.min()} to {index.max()} are not all from 0 to {size - 1}")
