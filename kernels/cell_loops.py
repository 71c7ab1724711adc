"""The compiled loop of `kernels.cells`; import it only where it runs, since numba takes a while.

Indices are made unsigned: numba then leaves out the test for an index that counts from the end.
"""

# mypy: disable-error-code="no-untyped-def"

import numba
import numpy as np

_u = np.uint64


@numba.njit(cache=True, nogil=True)
def sort(key, given, shift, first_sample, starts, models, mid_key, mid_given, model, sample, value):
    """Sort the rows of one group (`kernels.order.Grouped`) by model, then by sample, both stable.

    starts (max(2**shift, models) + 1,), mid_key and mid_given (at least as many as rows) are scratch.
    """
    low = (_u(1) << _u(shift)) - _u(1)
    starts[:] = 0
    for r in range(key.size):
        starts[(_u(key[r]) >> _u(shift)) + _u(1)] += 1
    for m in range(models):
        starts[m + 1] += starts[m]
    for r in range(key.size):
        m = _u(key[r]) >> _u(shift)
        to = _u(starts[m])
        starts[m] += 1
        mid_key[to] = key[r]
        mid_given[to] = given[r]
    starts[:] = 0
    for r in range(key.size):
        starts[(_u(key[r]) & low) + _u(1)] += 1
    for s in range(low + _u(1)):
        starts[s + 1] += starts[s]
    for r in range(key.size):
        k = _u(mid_key[r])
        s = k & low
        to = _u(starts[s])
        starts[s] += 1
        model[to] = k >> _u(shift)
        sample[to] = first_sample + s
        value[to] = mid_given[r]
