"""Win counts of values that are all 0 or 1, with the bits of 64 samples in a word.

With P the samples that a model passed and F those that it failed, W_ij = sum popcount(P_i & F_j), and the
shared samples are sum popcount((P_i | F_i) & (P_j | F_j)).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from kernels.order import Grouped
from kernels.threads import in_threads
from kernels.tiles import aligned, in_range, row_edges


def count_bits(
    model: np.ndarray, sample: np.ndarray, value: np.ndarray, models: int, samples: int
) -> tuple[np.ndarray, np.ndarray] | None:
    """What `win_counts` promises for rows sorted by sample and weights of 1; None if a value is not 0 or 1."""
    from kernels import bit_loops

    words = 8 * min(8, max(1, 2**12 // models))  # their bits stay in a core's cache
    edges = row_edges(sample, range(samples), 64 * words)

    def fill(tile: int, bits: np.ndarray) -> bool:
        rows = slice(edges[tile], edges[tile + 1])
        if not are_bits(value[rows]):
            return False
        in_range(model[rows], models)
        bit_loops.fill(model[rows], sample[rows], value[rows], 64 * words * tile, bits)
        return True

    return _count(fill, words, len(edges) - 1, models, len(model))


def count_grouped_bits(rows: Grouped, models: int) -> tuple[np.ndarray, np.ndarray] | None:
    """The same for rows that are only grouped by sample."""
    from kernels import bit_loops

    def fill(group: int, bits: np.ndarray) -> bool:
        at = slice(rows.edges[group], rows.edges[group + 1])
        if not are_bits(rows.value[at]):
            return False
        bit_loops.fill_keys(rows.key[at], rows.value[at], rows.shift, bits)
        return True

    return _count(fill, 2**rows.shift // 64, len(rows.edges) - 1, models, len(rows.key))


def are_bits(value: np.ndarray) -> bool:
    """Whether all are 0 or 1."""
    step = 2**16
    return all(
        ((part == 0) | (part == 1)).all() for part in (value[a : a + step] for a in range(0, len(value), step))
    )


def _count(
    fill: Callable[[int, np.ndarray], bool], words: int, tiles: int, models: int, rows: int
) -> tuple[np.ndarray, np.ndarray] | None:
    """Tiles of `words` words, each filled as (words, M, failed or passed) by `fill`, which may refuse."""
    from kernels import bit_loops

    def count(first: int, last: int) -> np.ndarray | None:
        bits = np.zeros((words, models, 2), np.uint64)
        # Rows of a power of two bytes would all fall into the same lines of the cache.
        planes = aligned((2, models, words + 8), np.uint64)
        counts = np.zeros((2, models, models), np.int64)
        for tile in range(first, last):
            if not fill(tile, bits):
                return None
            bit_loops.count(bits, planes, counts)
            bits[:] = 0
        return counts

    parts = in_threads(count, tiles, max(1, rows // max(2**18, models**2)))
    found = [part for part in parts if part is not None]
    if len(found) < len(parts):
        return None
    wins, shared = np.array(found).sum(axis=0).astype(np.float64)
    return wins, shared + shared.T - wins - wins.T
