"""The compiled loops of `kernels.compare`; import it only where they run, since numba takes a while.

Indices are made unsigned: numba then leaves out the test for an index that counts from the end.
"""

# mypy: disable-error-code="no-untyped-def"

import numba
import numpy as np

_jit = numba.njit(cache=True, nogil=True)
_u = np.uint64
_int = np.int32  # sums of a tile: half as wide as numba's own choice, so twice as many at once


@_jit
def fill(model, sample, value, first_sample, tile):
    """Write rows into tile (M, samples)."""
    for r in range(sample.size):
        tile[_u(model[r]), _u(np.int64(sample[r]) - first_sample)] = value[r]


@_jit
def count(tile, counts):
    """Add wins and ties (lower triangle) to counts (2, M, M)."""
    models, width = tile.shape
    for i in range(models):
        a = tile[i]
        for j in range(i):
            b = tile[j]
            won, lost, tied = _int(0), _int(0), _int(0)
            for s in range(width):
                won = _int(won + _int(a[s] > b[s]))
                lost = _int(lost + _int(a[s] < b[s]))
                tied = _int(tied + _int(a[s] == b[s]))
            counts[0, i, j] += won
            counts[0, j, i] += lost
            counts[1, i, j] += tied


@numba.njit(cache=True, nogil=True, fastmath={"reassoc"})
def count_weighted(tile, weight, counts):
    """The same, each sample with its weight."""
    models, width = tile.shape
    for i in range(models):
        a = tile[i]
        for j in range(i):
            b = tile[j]
            won, lost, tied = 0.0, 0.0, 0.0
            for s in range(width):
                won += weight[s] if a[s] > b[s] else 0.0
                lost += weight[s] if a[s] < b[s] else 0.0
                tied += weight[s] if a[s] == b[s] else 0.0
            counts[0, i, j] += won
            counts[0, j, i] += lost
            counts[1, i, j] += tied


@_jit
def count_pairs(model, sample, value, weights, counts):
    """Add to counts (M, M, 3): how often the first of two rows wins, ties, loses."""
    first = 0
    for r in range(sample.size):
        if sample[r] != sample[first]:
            first = r
        weight = 1.0 if weights is None else weights[sample[r]]
        own = counts[model[r]]
        p = value[r]
        for other in range(first, r):
            q = value[other]
            own[_u(model[other]), _u(1 + np.int64(p < q) - np.int64(p > q))] += weight


@_jit
def count_chance_pairs(model, sample, value, weights, counts):
    """Add to counts (M, M, 3): wins of the first of two rows, shared weight, wins of the second."""
    first = 0
    for r in range(sample.size):
        if sample[r] != sample[first]:
            first = r
        weight = 1.0 if weights is None else weights[sample[r]]
        own = counts[model[r]]
        p = np.float64(value[r])
        for other in range(first, r):
            q = np.float64(value[other])
            to = own[_u(model[other])]
            to[0] += weight * p * (1 - q)
            to[1] += weight
            to[2] += weight * q * (1 - p)
