"""The compiled loops of `kernels.bits`; import it only where they run, since numba takes a while.

Indices are made unsigned: numba then leaves out the test for an index that counts from the end.
"""

# mypy: disable-error-code="no-untyped-def"

import numba
import numpy as np
from numba import types
from numba.extending import intrinsic

_jit = numba.njit(cache=True, nogil=True)
_u = np.uint64


@intrinsic
def _popcount(_typing, _word):
    """Bits set in a word: one instruction, for eight words at once where the processor can."""

    def emit(_context, builder, _signature, arguments):
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), emit


@_jit
def fill(model, sample, value, first_sample, bits):
    """Set each row's bit in bits (words, M, failed or passed)."""
    models, flat = _u(bits.shape[1]), bits.reshape(-1)
    for r in range(sample.size):
        s = _u(np.int64(sample[r]) - first_sample)
        flat[((s >> _u(6)) * models + _u(model[r])) * _u(2) + _u(value[r] == 1)] |= _u(1) << (s & _u(63))


@_jit
def fill_keys(key, value, shift, bits):
    """The same from keys of a model and a sample within the tile."""
    models, flat = _u(bits.shape[1]), bits.reshape(-1)
    low = (_u(1) << _u(shift)) - _u(1)
    for r in range(key.size):
        k = _u(key[r])
        s = k & low
        to = ((s >> _u(6)) * models + (k >> _u(shift))) * _u(2) + _u(value[r] == 1)
        flat[to] |= _u(1) << (s & _u(63))


@_jit
def count(bits, planes, counts):
    """Add wins (M, M) and shared samples (lower triangle) to counts (2, M, M); `planes` is scratch."""
    words, models, _ = bits.shape
    for w in range(words):
        for m in range(models):
            planes[0, m, w] = bits[w, m, 0]
            planes[1, m, w] = bits[w, m, 1]
    for i in range(models):
        fails, passes = planes[0, i], planes[1, i]
        for j in range(i):
            won, lost, shared = _u(0), _u(0), _u(0)
            for w in range(words):
                f, p = planes[0, j, w], planes[1, j, w]
                won += _popcount(passes[w] & f)
                lost += _popcount(p & fails[w])
                shared += _popcount((passes[w] | fails[w]) & (p | f))
            counts[0, i, j] += won
            counts[0, j, i] += lost
            counts[1, i, j] += shared
