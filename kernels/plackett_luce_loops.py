"""The compiled loops of `kernels.plackett_luce`; import it only where they run, since numba takes a while."""

# mypy: disable-error-code="no-untyped-def"

import numba
import numpy as np

_jit = numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"})

NODES = 512
"""Most nodes of one integral: 30 to 60 are usual, 180 the most that were seen."""

_STEP = 0.5
"""First step of the trapezoidal rule in log time, in standard deviations of the integrand ..."""

_NARROW = 2.0
"""... times sqrt(z / (z + this)), z the time at its maximum: the earlier, the less it is like a normal."""

_ODDS = 1e-6
"""How far the sums over even and over odd nodes may stand apart, relative to both, before the step is halved.
Each of them is the rule of twice the step, and the error of the rule about squares when the step is halved."""

_SMALL = -27.0
"""Log of the integrand over its maximum from which on it is left out."""


@_jit
def sort(begin, end, start, model, value, order, tied):
    """Samples begin to end: models by falling value into order, and whether each ties with the one before."""
    for s in range(begin, end):
        a, b = start[s], start[s + 1]
        by_value = np.argsort(-value[a:b], kind="mergesort")
        for k in range(b - a):
            order[a + k] = model[a + by_value[k]]
            tied[a + k] = k > 0 and value[a + by_value[k]] == value[a + by_value[k - 1]]


@_jit
def add(begin, end, start, model, tied, theta, weight, gradient, pairs):
    """Samples begin to end: adds to gradient (M,) and, if it has any size, to pairs (M, M), a part of the second
    derivatives that becomes all of them once its other half is added; returns the log-likelihood."""
    scratch, score = _scratch(begin, end, start)
    value = 0.0
    for s in range(begin, end):
        if weight[s] == 0:
            continue
        a, b = start[s], start[s + 1]
        value += weight[s] * _sample(model[a:b], tied[a:b], theta, weight[s], scratch, score, pairs)
        for p in range(a, b):
            gradient[model[p]] += weight[s] * score[p - a]
    return value


@_jit
def scores(begin, end, start, model, tied, theta, weight, row, found):
    """Samples begin to end: adds their weighted scores to found, at the row of each."""
    scratch, score = _scratch(begin, end, start)
    none = np.empty((0, 0))
    for s in range(begin, end):
        a, b = start[s], start[s + 1]
        _sample(model[a:b], tied[a:b], theta, weight[s], scratch, score, none)
        for p in range(a, b):
            found[row[s], model[p]] += weight[s] * score[p - a]


@_jit
def _scratch(begin, end, start):
    most = 0
    for s in range(begin, end):
        most = max(most, start[s + 1] - start[s])
    scratch = (
        np.empty(most),
        np.empty(most + 1),
        np.empty(most),
        np.empty(most),
        np.empty(most),
        np.empty((NODES, most)),
        np.empty(NODES),
        np.empty(NODES),
    )
    return scratch, np.empty(most)


@_jit
def _sample(model, tied, theta, weight, scratch, score, pairs):
    """The log-likelihood of one order; fills score, and adds to pairs what belongs there, weighted."""
    n = model.size
    w, below, rate, mean, across, pull, share, time = scratch
    top = -np.inf
    for p in range(n):
        top = max(top, theta[model[p]])
    below[n] = 0.0
    for p in range(n - 1, -1, -1):
        w[p] = np.exp(theta[model[p]] - top)
        below[p] = below[p + 1] + w[p]
    # What all models further below gain: score / w, and second derivative / (w w').
    value, late, late_late = 0.0, 0.0, 0.0
    a = 0
    while a < n:
        b = a + 1
        while b < n and tied[b]:
            b += 1
        rest = below[b]
        _as_below(a, b, model, w, late, late_late, weight, score, across, pairs)
        if b < n and b == a + 1:
            both = w[a] + rest
            value += np.log(w[a] / both)
            score[a] += rest / both
            across[a] += w[a] / both**2
            if pairs.size:
                pairs[model[a], model[a]] -= weight * w[a] * rest / both**2
            late -= 1 / both
            late_late += 1 / both**2
        elif b < n:
            for p in range(a, b):
                rate[p] = w[p] / rest
            log_chance, nodes = _integrate(rate[a:b], pull, share, time)
            value += log_chance
            pulled, spread = 0.0, 0.0
            for p in range(a, b):
                mean[p] = 0.0
                for k in range(nodes):
                    mean[p] += share[k] * pull[k, p - a]
                score[p] += mean[p]
                pulled += mean[p]
            if pairs.size:
                given = (model[a:b], rate[a:b], mean[a:b], pull, share[:nodes], time)
                spread = _tie(*given, pulled, rest, weight, across[a:b], pairs)
            late -= pulled / rest
            late_late += (spread - 1) / rest**2
        if pairs.size:
            for p in range(a, b):
                row = pairs[model[p]]
                for q in range(b, n):
                    row[model[q]] += weight * across[p] * w[q]
        a = b
    return value


@_jit
def _as_below(a, b, model, w, late, late_late, weight, score, across, pairs):
    """What the group from a to b gains as being below the groups before it; `across`: over w, with those below."""
    for p in range(a, b):
        score[p] = w[p] * late
        across[p] = w[p] * late_late
        if pairs.size:
            pairs[model[p], model[p]] += weight * w[p] * (late + across[p])
            for q in range(p + 1, b):
                pairs[model[p], model[q]] += weight * across[p] * w[q]


@_jit
def _tie(model, rate, mean, pull, share, time, pulled, rest, weight, across, pairs):
    """Second derivatives of the log-chance that a group comes first; returns the variance of the time."""
    n, spread = model.size, 0.0
    for k in range(share.size):
        late = time[k] - (1 + pulled)  # by parts, 1 + pulled is the mean time
        spread += share[k] * late**2
        for i in range(n):
            g = pull[k, i]
            pull[k, i] = g - mean[i]
            bend = g * (1 - rate[i] * time[k] - g) + pull[k, i] ** 2
            pairs[model[i], model[i]] += weight * share[k] * bend
            across[i] -= share[k] * late * pull[k, i] / rest
        for i in range(n):
            row = pairs[model[i]]
            along = weight * share[k] * pull[k, i]
            for j in range(i + 1, n):
                row[model[j]] += along * pull[k, j]
    return spread


@_jit
def _integrate(rate, pull, share, time):
    """The log of the integral over t of prod(1 - exp(-rate t)) exp(-t): the chance that all of these rates come
    before one of rate 1. Trapezoidal rule in log t, whose error falls exponentially with the step.

    Fills for each of K nodes its `time`, its `share` of the integral, and `pull` (K, n), the derivatives of the
    integrand's log by each log rate. Returns the log and K.
    """
    mode, sd = _mode(rate)
    step = _STEP * sd * np.sqrt(mode / (mode + _NARROW))
    while True:
        nodes, top, total, odds, slope_odds = 0, 0.0, 0.0, 0.0, 0.0
        for side in (1, -1):
            k = 0 if side == 1 else -1
            while nodes < NODES:
                t = mode * np.exp(k * step)
                log_chance, slope = _log_chance(rate, t, pull[nodes])
                height = np.log(t) - t + log_chance
                if k == 0:
                    top = height
                elif height - top < _SMALL:
                    break  # the log of the integrand is concave in log t, so that all further out is smaller
                share[nodes] = np.exp(height - top)
                time[nodes] = t
                total += share[nodes]
                odd = share[nodes] if k & 1 else -share[nodes]
                odds += odd
                slope_odds += odd * (slope + 1 - t)
                nodes += 1
                k += side
        # The integrand's derivative is a quarter of a wave ahead, so that not both sums vanish by chance.
        if np.hypot(odds, slope_odds * step / np.pi) <= _ODDS * total or nodes == NODES:
            break
        step /= 2
    for k in range(nodes):
        share[k] /= total
    return top + np.log(total * step), nodes


@_jit
def _mode(rate):
    """Where the integrand of `_integrate` is highest, and its standard deviation there in log time.

    The derivative of its log by log t is a convex function of t, from 1 on falling to 0 at the mode, so that
    Newton's steps from 1 never go past it.
    """
    t, bend = 1.0, 1.0
    for _ in range(100):
        slope, bend = 1 - t, t
        for i in range(rate.size):
            x = rate[i] * t
            y = _chance(x)
            g = x * (1 - y) / y
            slope += g
            bend += g * (x + g - 1)
        step = slope * t / bend
        t += step
        if step <= 1e-2 * t:
            break
    return t, 1 / np.sqrt(bend)


@_jit
def _log_chance(rate, t, pull):
    """Sum of log(1 - exp(-rate t)) and its derivative by log t; fills pull with those by each log rate."""
    log, product, slope = 0.0, 1.0, 0.0
    for i in range(rate.size):
        x = rate[i] * t
        y = _chance(x)
        pull[i] = x * (1 - y) / y
        slope += pull[i]
        product *= y
        if product < 1e-150:
            log += np.log(product)
            product = 1.0
    return log + np.log(product), slope


@_jit
def _chance(x):
    """1 - exp(-x) to full relative precision, faster than expm1."""
    if x < 1e-2:
        return x * (1 - x / 2 * (1 - x / 3 * (1 - x / 4 * (1 - x / 5))))
    return 1 - np.exp(-x)
