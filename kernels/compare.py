"""Win counts of tables that are not all 0 and 1: by order, by products, or pair by pair where rows are few."""

from __future__ import annotations

import numpy as np

from kernels.products import product
from kernels.threads import in_threads
from kernels.tiles import aligned, in_range, row_edges, tiles


def count_ordered(
    model: np.ndarray,
    sample: np.ndarray,
    value: np.ndarray,
    models: int,
    samples: int,
    weights: np.ndarray | None,
) -> tuple[np.ndarray, np.ndarray]:
    """What `win_counts` promises for rows sorted by sample, not chances, and (S,) weights.

    Tiles of models x samples, NaN where unseen, which neither wins nor ties. In float32 where no value of
    the tile is rounded by it.
    """
    from kernels import compare_loops

    width = 16 * min(2**9, max(32, 2**13 // models))
    edges = row_edges(sample, range(samples), width)

    def count(first: int, last: int) -> np.ndarray:
        # Rows of a power of two bytes would all fall into the same lines of the cache.
        scratch = {dtype: aligned((models, width + 16), dtype) for dtype in (np.float32, np.float64)}
        for tile in scratch.values():
            tile[:] = np.nan
        counts = np.zeros((2, models, models), np.int64 if weights is None else np.float64)
        for t in range(first, last):
            rows, start = slice(edges[t], edges[t + 1]), t * width
            in_range(model[rows], models)
            tile = scratch[np.float32 if _fits_float32(value[rows]) else np.float64]
            compare_loops.fill(model[rows], sample[rows], value[rows], start, tile)
            if weights is None:
                compare_loops.count(tile, counts)
            else:
                weight = aligned(tile.shape[1:], np.float64)
                weight[: min(width, samples - start)] = weights[start : start + width]
                compare_loops.count_weighted(tile, weight, counts)
            tile[:] = np.nan
        return counts

    parts = in_threads(count, len(edges) - 1, _threads(len(model), models))
    wins, ties = np.array(parts).sum(axis=0).astype(np.float64)
    return wins, ties + ties.T


def count_chances(
    model: np.ndarray,
    sample: np.ndarray,
    value: np.ndarray,
    models: int,
    samples: int,
    weights: np.ndarray | None,
) -> tuple[np.ndarray, np.ndarray]:
    """What `win_counts` promises for rows sorted by sample, chances, and (S,) weights: products of tiles."""
    width = 8 * min(2**10, max(8, 2**13 // models))
    edges = row_edges(sample, range(samples), width)

    def count(first: int, last: int) -> np.ndarray:
        counts = np.zeros((2, models, models))
        rows, some = slice(edges[first], edges[last]), range(first * width, min(last * width, samples))
        for start, seen, tile in tiles(model[rows], sample[rows], value[rows], models, some, width, compiled=True):
            weight = 1 if weights is None else weights[start : start + width, None]
            counts[0] += product(weight * tile, seen - tile)
            counts[1] += product(weight * seen, seen)
        return counts

    parts = in_threads(count, len(edges) - 1, _threads(len(model), models))
    wins, shared = np.array(parts).sum(axis=0)
    ties = shared - wins - wins.T
    np.fill_diagonal(wins, 0)
    np.fill_diagonal(ties, 0)
    return wins, ties


def count_pairs(
    model: np.ndarray,
    sample: np.ndarray,
    value: np.ndarray,
    models: int,
    samples: int,
    weights: np.ndarray | None,
    *,
    chances: bool,
) -> tuple[np.ndarray, np.ndarray]:
    """What `win_counts` promises for rows sorted by sample and (S,) weights: pair by pair of rows."""
    from kernels import compare_loops

    edges = row_edges(sample, range(samples), max(64, 2**18 * samples // max(1, len(model))))
    loop = compare_loops.count_chance_pairs if chances else compare_loops.count_pairs

    def count(first: int, last: int) -> np.ndarray:
        counts = np.zeros((models, models, 3))
        for t in range(first, last):
            rows = slice(edges[t], edges[t + 1])
            in_range(model[rows], models)
            loop(model[rows], sample[rows], value[rows], weights, counts)
        return counts

    parts = in_threads(count, len(edges) - 1, _threads(len(model), models))
    first, middle, second = np.moveaxis(np.array(parts).sum(axis=0), -1, 0)
    wins, middle = first + second.T, middle + middle.T
    return wins, middle - wins - wins.T if chances else middle


def _fits_float32(value: np.ndarray) -> bool:
    return value.dtype == np.float32 or value.dtype.itemsize < 3 or bool((value.astype(np.float32) == value).all())


def _threads(rows: int, models: int) -> int:
    """Each has counts of its own, which must not cost more than the rows."""
    return max(1, rows // max(2**18, models**2))
