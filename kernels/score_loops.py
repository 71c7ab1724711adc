"""The compiled loops of `kernels.pair_scores`; import it only where they run, since numba takes a while.

Indices are made unsigned: numba then leaves out the test for an index that counts from the end.
"""

# mypy: disable-error-code="no-untyped-def"

import numba
import numpy as np

_jit = numba.njit(cache=True, nogil=True)
_u = np.uint64


@_jit
def compared(tile, win, lose, tie, scores):
    """Add to scores (M, samples) the gains of the tile's values (M, samples), NaN where unseen."""
    models, width = tile.shape
    for i in range(models):
        a, mine = tile[i], scores[i]
        for j in range(i):
            b, other = tile[j], scores[j]
            i_wins, i_loses, i_ties = win[i, j], lose[i, j], tie[i, j]
            j_wins, j_loses, j_ties = win[j, i], lose[j, i], tie[j, i]
            for s in range(width):
                won, lost, tied = a[s] > b[s], a[s] < b[s], a[s] == b[s]
                mine[s] += i_wins if won else (i_loses if lost else (i_ties if tied else 0.0))
                other[s] += j_loses if won else (j_wins if lost else (j_ties if tied else 0.0))


@_jit
def compared_extra(tile, win_extra, tie_extra, extra):
    """Add the further gains to extra (samples,)."""
    models, width = tile.shape
    for i in range(models):
        a = tile[i]
        for j in range(i):
            b = tile[j]
            wins, loses, ties = win_extra[i, j], win_extra[j, i], tie_extra[i, j]
            for s in range(width):
                won, lost, tied = a[s] > b[s], a[s] < b[s], a[s] == b[s]
                extra[s] += wins if won else (loses if lost else (ties if tied else 0.0))


@_jit
def by_rows(model, sample, value, unit, weights, chances, gains, extra, total):
    """Add to total (P, P) the products of the scores of whole units, each pair of entries on one side.

    gains: (3, M, M), what i gains when it loses to, ties with or beats j; extra: the same of the further
    entry, or None.
    """
    models = gains.shape[1]
    score, met, many = np.zeros(total.shape[0]), np.zeros(models, np.uint64), 0
    is_met = np.zeros(models, np.bool_)
    first = 0
    for r in range(sample.size):
        s = sample[r]
        if s != sample[first]:
            if unit[s] != unit[sample[first]]:
                many = _close(score, met, many, is_met, extra is not None, total)
            first = r
        i, p = _u(model[r]), np.float64(value[r])
        if not is_met[i]:
            is_met[i] = True
            met[many] = i
            many += 1
        weight = 1.0 if weights is None else weights[s]
        gain, further = 0.0, 0.0
        for other in range(first, r):
            j, q = _u(model[other]), np.float64(value[other])
            if chances:
                won, lost = p * (1 - q), q * (1 - p)
                tied = 1 - won - lost
                gain += won * gains[2, i, j] + lost * gains[0, i, j] + tied * gains[1, i, j]
                score[j] += weight * (won * gains[0, j, i] + lost * gains[2, j, i] + tied * gains[1, j, i])
                if extra is not None:
                    further += won * extra[2, i, j] + lost * extra[0, i, j] + tied * extra[1, i, j]
            else:
                outcome = 1 + np.int64(p > q) - np.int64(p < q)
                gain += gains[_u(outcome), i, j]
                score[j] += weight * gains[_u(2 - outcome), j, i]
                if extra is not None:
                    further += extra[_u(outcome), i, j]
        score[i] += weight * gain
        if extra is not None:
            score[models] += weight * further
    _close(score, met, many, is_met, extra is not None, total)


@_jit
def _close(score, met, many, is_met, further, total):
    """Add the products of a unit's score, and clear it; returns 0, the number of models met since."""
    last = score.size - 1
    for a in range(many):
        i = met[a]
        for b in range(a):
            total[i, met[b]] += score[i] * score[met[b]]
        total[i, i] += score[i] * score[i] / 2
        if further:
            total[last, i] += score[last] * score[i]
    if further:
        total[last, last] += score[last] * score[last] / 2
        score[last] = 0
    for a in range(many):
        score[met[a]] = 0
        is_met[met[a]] = False
    return 0
