"""The compiled loops of `kernels.order`; import it only where they run, since numba takes a while.

Indices are made unsigned: numba then leaves out the test for an index that counts from the end.
"""

# mypy: disable-error-code="no-untyped-def"

import numba
import numpy as np

_jit = numba.njit(cache=True, nogil=True)
_u = np.uint64


@_jit
def count(sample, shift, counts):
    """Add to counts (G,) the rows of each group."""
    for r in range(sample.size):
        counts[_u(sample[r]) >> _u(shift)] += 1


@_jit
def throw(model, sample, value, shift, next_row, key, thrown):
    """Write keys and values at the next row of their group."""
    low = (_u(1) << _u(shift)) - _u(1)
    for r in range(sample.size):
        s = _u(sample[r])
        group = s >> _u(shift)
        to = _u(next_row[group])
        next_row[group] += 1
        key[to] = (_u(model[r]) << _u(shift)) | (s & low)
        thrown[to] = value[r]


@_jit
def sort(key, given, shift, first_sample, starts, model, sample, value):
    """Sort the rows of one group by sample, stable; `starts` (2**shift + 1,) is scratch."""
    low = (_u(1) << _u(shift)) - _u(1)
    starts[:] = 0
    for r in range(key.size):
        starts[(_u(key[r]) & low) + _u(1)] += 1
    row = 0
    for s in range(starts.size - 1):
        many = starts[s + 1]
        starts[s + 1] = row
        for _ in range(many):
            sample[row] = first_sample + s
            row += 1
    for r in range(key.size):
        k = _u(key[r])
        s = (k & low) + _u(1)
        to = _u(starts[s])
        starts[s] += 1
        model[to] = k >> _u(shift)
        value[to] = given[r]
