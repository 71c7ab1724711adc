"""The compiled loops of `kernels.interning`; import it only where they run, since numba takes a while."""

# mypy: disable-error-code="no-untyped-def"

import numba
import numpy as np

_jit = numba.njit(cache=True, nogil=True)


@_jit
def intern(first, second, row, keys, place, size, codes, fresh):
    """Codes of the rows from `row` on, until the table (`keys`, `place`) is half full or the rows end.

    fresh: gets the row of each new key. Returns the row reached and the number of keys.
    """
    mask = np.uint64(place.size - 1)
    known = size
    while row < first.size:
        a, b = first[row], second[row]
        at = a & mask
        while place[at] >= 0 and (keys[at, 0] != a or keys[at, 1] != b):
            at = (at + np.uint64(1)) & mask
        if place[at] < 0:
            if size == place.size // 2:
                break
            keys[at, 0], keys[at, 1], place[at] = a, b, size
            fresh[size - known] = row
            size += 1
        codes[row] = place[at]
        row += 1
    return row, size


@_jit
def move(keys, place, new_keys, new_place):
    """Put what one table holds into an empty larger one."""
    mask = np.uint64(new_place.size - 1)
    for old in range(place.size):
        if place[old] >= 0:
            at = keys[old, 0] & mask
            while new_place[at] >= 0:
                at = (at + np.uint64(1)) & mask
            new_keys[at] = keys[old]
            new_place[at] = place[old]
