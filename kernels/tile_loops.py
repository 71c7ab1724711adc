"""The compiled loop of `kernels.tiles`; import it only where it runs, since numba takes a while.

Indices are made unsigned: numba then leaves out the test for an index that counts from the end.
"""

# mypy: disable-error-code="no-untyped-def"

import numba
import numpy as np

_u = np.uint64


@numba.njit(cache=True, nogil=True)
def fill(model, sample, value, first_sample, seen, tile):
    """Write rows into seen and tile (samples, M)."""
    for r in range(sample.size):
        s, m = _u(np.int64(sample[r]) - first_sample), _u(model[r])
        seen[s, m] = 1
        tile[s, m] = value[r]
