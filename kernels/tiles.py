"""Rows that are sorted by sample, written out as dense tiles of samples x models."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np


def tiles(
    model: np.ndarray,
    sample: np.ndarray,
    value: np.ndarray,
    models: int,
    samples: range,
    width: int,
    *,
    compiled: bool = False,
) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """(first sample, seen, value) of `width` samples at a time, (width, M) float64, 0 where unseen.

    The rows are those of `samples`, a range without gaps. Raises IndexError for indices out of range.
    """
    fill = _fill_compiled if compiled else _fill
    edges = row_edges(sample, samples, width)
    in_range(model, models)
    for start, first, last in zip(samples[::width], edges[:-1], edges[1:], strict=True):
        seen = np.zeros((min(width, samples.stop - start), models))
        tile = np.zeros_like(seen)
        fill(model[first:last], sample[first:last], value[first:last], start, seen, tile)
        yield start, seen, tile


def _fill(
    model: np.ndarray, sample: np.ndarray, value: np.ndarray, start: int, seen: np.ndarray, tile: np.ndarray
) -> None:
    cell = (sample - start).astype(np.intp) * seen.shape[1] + model.astype(np.intp)
    seen.reshape(-1)[cell] = 1
    tile.reshape(-1)[cell] = value


def _fill_compiled(
    model: np.ndarray, sample: np.ndarray, value: np.ndarray, start: int, seen: np.ndarray, tile: np.ndarray
) -> None:
    from kernels import tile_loops

    tile_loops.fill(model, sample, value, start, seen, tile)


def row_edges(sample: np.ndarray, samples: range, width: int) -> np.ndarray:
    """(T+1,) int64: tile t has rows edges[t] to edges[t+1], of `width` samples.

    The rows are those of `samples`; raises IndexError for others.
    """
    if len(sample) and not (sample[0] in samples and sample[-1] in samples):
        raise IndexError(
            f"samples from {sample[0]} to {sample[-1]} are not all from {samples.start} to {samples.stop - 1}"
        )
    starts = np.array(samples[::width]).astype(sample.dtype)  # of another type, the rows would be copied
    return np.append(np.searchsorted(sample, starts), len(sample))


def in_range(index: np.ndarray, size: int) -> None:
    """Raises IndexError unless all are in [0, size): compiled loops would write elsewhere."""
    unsigned = index.view(f"u{index.itemsize}")  # a negative index is a huge one
    if index.size and unsigned.max() >= size:
        raise IndexError(f"indices from {index.min()} to {index.max()} are not all from 0 to {size - 1}")


def aligned(shape: tuple[int, ...], dtype: type[np.generic]) -> np.ndarray:
    """Zeros that begin with a line of the cache: the widest loads take twice as long across two lines."""
    line, size = 64, int(np.prod(shape)) * np.dtype(dtype).itemsize
    room = np.zeros(size + line, np.uint8)
    begin = -room.ctypes.data % line
    return room[begin : begin + size].view(dtype).reshape(shape)
