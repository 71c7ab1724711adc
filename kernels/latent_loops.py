"""The compiled loops of `kernels.latent`; import it only where they run, since numba takes a while."""

# mypy: disable-error-code="no-untyped-def"

from typing import Any

import numba
import numpy as np

_jit: Any = numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"})


@_jit
def _shares(begin, end, model, level, often, log_chance, log_prior, node, mean, precision, share):
    """Fill `share` with the posterior of one sample's nodes; returns its log-likelihood."""
    nodes = node.size
    for q in range(nodes):
        gap = node[q] - mean
        share[q] = log_prior[q] - precision / 2 * gap * gap
    for e in range(begin, end):
        chance = log_chance[model[e], level[e]]
        w = often[e]
        for q in range(nodes):
            share[q] += w * chance[q]
    top = share[0]
    for q in range(1, nodes):
        top = max(top, share[q])
    total = 0.0
    for q in range(nodes):
        share[q] = np.exp(share[q] - top)
        total += share[q]
    for q in range(nodes):
        share[q] /= total
    return top + np.log(total)


@_jit
def expected(
    begin,
    end,
    start,
    model,
    level,
    often,
    log_chance,
    log_prior,
    node,
    mean,
    precision,
    weight,
    counts,
    totals,
    each,
    first,
    second,
):
    """Samples begin to end: adds to counts and totals, fills each (log-likelihood), first and second."""
    nodes = node.size
    share = np.zeros(nodes)
    for s in range(begin, end):
        each[s] = _shares(
            start[s], start[s + 1], model, level, often, log_chance, log_prior, node, mean[s], precision, share
        )
        one, two = 0.0, 0.0
        for q in range(nodes):
            one += share[q] * node[q]
            two += share[q] * node[q] * node[q]
            totals[q] += weight[s] * share[q]
        first[s], second[s] = one, two
        for e in range(start[s], start[s + 1]):
            count = counts[model[e], level[e]]
            w = often[e] * weight[s]
            for q in range(nodes):
                count[q] += w * share[q]


@_jit
def scores(begin, end, start, model, level, often, log_chance, log_prior, node, mean, precision, slope, found):
    """Samples begin to end: fills their rows of `found`."""
    nodes = node.size
    share = np.zeros(nodes)
    for s in range(begin, end):
        _shares(
            start[s], start[s + 1], model, level, often, log_chance, log_prior, node, mean[s], precision, share
        )
        for e in range(start[s], start[s + 1]):
            along = slope[model[e], level[e]]
            total = 0.0
            for q in range(nodes):
                total += share[q] * along[q]
            found[s, model[e]] += often[e] * total


@_jit
def shares(begin, end, start, model, level, often, log_chance, log_prior, node, mean, precision, found):
    """Samples begin to end: fills their rows of `found` with the posterior of the nodes."""
    for s in range(begin, end):
        _shares(
            start[s], start[s + 1], model, level, often, log_chance, log_prior, node, mean[s], precision, found[s]
        )
