"""Dot products of one vector with many, all in whole numbers.

Coordinates are kept as one byte each: a quarter of the memory that has to be read, and sums that are exact, so
that every machine gets the same digits from them whatever its vector units.
"""

from __future__ import annotations

import numpy as np

from kernels.threads import in_threads

_LARGEST = 2**15 - 1
"""Of a coordinate of the one vector; 127 times this, 384 times over, is still within 32 bits."""

MOST_COORDINATES = 2**31 // (127 * 2**15)
"""With more of them a sum may not fit into 32 bits."""

_BLOCK = 1 << 14


def quantised(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(int8 (N, D), float32 (N,)): vectors (N, D) as whole numbers of a scale of their own, the largest coordinate
    127. A row of zeros has scale 0."""
    largest = np.abs(vectors).max(axis=1, initial=0.0)
    scales = (largest / 127).astype(np.float32)
    safe = np.where(scales > 0, scales, np.float32(1))
    return np.rint(vectors / safe[:, None]).astype(np.int8), scales


def dots(vectors: np.ndarray, scales: np.ndarray, one: np.ndarray, *, compiled: bool | None = None) -> np.ndarray:
    """(N,) float32: dot products of quantised vectors (N, D), with their scales, and one vector (D,).

    compiled: None compiles where there is enough to gain.

    Raises:
        ValueError: the shapes do not fit, or D is more than `MOST_COORDINATES`.
    """
    count, width = vectors.shape
    if one.shape != (width,) or scales.shape != (count,):
        raise ValueError(f"vectors {vectors.shape} do not fit scales {scales.shape} and a vector {one.shape}")
    if width > MOST_COORDINATES:
        raise ValueError(f"vectors of more than {MOST_COORDINATES} coordinates")
    largest = float(np.abs(one).max(initial=0.0))
    if largest == 0.0 or count == 0:
        return np.zeros(count, np.float32)
    unit = largest / _LARGEST
    whole = np.rint(one / unit).astype(np.int16)
    sums = np.empty(count, np.int32)
    if compiled if compiled is not None else count >= _BLOCK:
        from kernels.dot_loops import add_up

        def work(first: int, last: int) -> None:
            add_up(vectors[first:last], whole, sums[first:last])

        in_threads(work, count, -(-count // _BLOCK))
    else:
        wide = whole.astype(np.int32)
        for first in range(0, count, _BLOCK):
            np.matmul(vectors[first : first + _BLOCK].astype(np.int32), wide, out=sums[first : first + _BLOCK])
    products = scales * np.float32(unit)
    products *= sums
    return products
