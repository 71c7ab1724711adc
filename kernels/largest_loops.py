"""The compiled loop of `kernels.largest`; import it only where it runs, since numba takes a while."""

# mypy: disable-error-code="no-untyped-def"

import numba


@numba.njit(cache=True, nogil=True)
def largest(columns, first, second, scale, shift, found):
    """Raise found (B,) to the largest difference of any pair."""
    for k in range(first.size):
        a, b, times, plus = columns[first[k]], columns[second[k]], scale[k], shift[k]
        for draw in range(found.size):
            t = (a[draw] - b[draw]) * times + plus
            found[draw] = t if t > found[draw] else found[draw]
