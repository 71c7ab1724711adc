"""The largest of many studentised differences in each of many draws: what simultaneous statements rest on."""

from __future__ import annotations

import numpy as np

from kernels.threads import in_threads

# Numbers held at once by the plain version, and from which on the compiled one saves its import.
_BLOCK_CELLS = 2**18
_LARGE = 2**26


def largest_difference(
    columns: np.ndarray, first: np.ndarray, second: np.ndarray, scale: np.ndarray, shift: np.ndarray
) -> np.ndarray:
    """(B,) max over k of (columns[first[k]] - columns[second[k]]) * scale[k] + shift[k], in float32.

    columns: (M, B) draws of M estimates. first, second: (K,) indices below M; K is 1 or more.
    """
    columns = np.ascontiguousarray(columns, np.float32)
    scale, shift = scale.astype(np.float32), shift.astype(np.float32)
    if first.size * columns.shape[1] < _LARGE:
        return _plain(columns, first, second, scale, shift)
    from kernels import largest_loops

    def run(start: int, stop: int) -> np.ndarray:
        found = np.full(columns.shape[1], -np.inf, np.float32)
        part = slice(start, stop)
        largest_loops.largest(columns, first[part], second[part], scale[part], shift[part], found)
        return found

    return np.max(in_threads(run, first.size, most=8), axis=0)


def _plain(
    columns: np.ndarray, first: np.ndarray, second: np.ndarray, scale: np.ndarray, shift: np.ndarray
) -> np.ndarray:
    largest = np.full(columns.shape[1], -np.inf, np.float32)
    block = max(1, _BLOCK_CELLS // columns.shape[1])
    for start in range(0, first.size, block):
        part = slice(start, start + block)
        t = columns[first[part]]
        t -= columns[second[part]]
        t *= scale[part, None]
        t += shift[part, None]
        np.maximum(largest, t.max(axis=0), out=largest)
    return largest


def largest_difference_reference(
    columns: np.ndarray, first: np.ndarray, second: np.ndarray, scale: np.ndarray, shift: np.ndarray
) -> np.ndarray:
    """What `largest_difference` promises, in float64."""
    t = (columns[first] - columns[second]) * scale[:, None] + shift[:, None]
    largest: np.ndarray = t.max(axis=0)
    return largest
