"""The compiled loop of `kernels.dots`; import it only where it runs, since numba takes a while."""

# mypy: disable-error-code="no-untyped-def"

import numba
import numpy as np


@numba.njit(cache=True, nogil=True)
def add_up(vectors, one, sums):
    """sums (N,) int32 of vectors (N, D) int8 times one (D,) int16."""
    for n in range(vectors.shape[0]):
        row = vectors[n]
        total = np.int32(0)
        for d in range(one.size):
            total = np.int32(total + np.int32(np.int32(row[d]) * np.int32(one[d])))
        sums[n] = total
