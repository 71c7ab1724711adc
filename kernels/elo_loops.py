"""The compiled loop of `kernels.elo`; import it only where it runs, since numba takes a while."""

# mypy: disable-error-code="no-untyped-def"

import numba
import numpy as np


@numba.njit(cache=True, nogil=True)
def run(rating, first, second, outcome, step, order):
    """Move rating (M,) by each comparison."""
    for n in order:
        i, j = first[n], second[n]
        move = step[n] * (outcome[n] - 1 / (1 + np.exp(rating[j] - rating[i])))
        rating[i] += move
        rating[j] -= move
