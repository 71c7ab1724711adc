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
    """Samples begin to end: fills what their entries have in `found`, which begins with the first entry of all."""
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
            found[e - start[0]] = often[e] * total


@_jit
def shares(begin, end, start, model, level, often, log_chance, log_prior, node, mean, precision, found):
    """Samples begin to end: fills their rows of `found` with the posterior of the nodes."""
    for s in range(begin, end):
        _shares(
            start[s], start[s + 1], model, level, often, log_chance, log_prior, node, mean[s], precision, found[s]
        )


@_jit
def curvature(
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
    slope,
    second,
    tilt,
):
    """Samples begin to end: adds to `second` and `tilt`."""
    nodes = node.size
    share, root = np.zeros(nodes), np.zeros(nodes)
    most = 0
    for s in range(begin, end):
        most = max(most, start[s + 1] - start[s])
    who = np.zeros(most, np.int64)
    off = np.zeros((most, nodes))
    for s in range(begin, end):
        _shares(
            start[s], start[s + 1], model, level, often, log_chance, log_prior, node, mean[s], precision, share
        )
        for q in range(nodes):
            root[q] = np.sqrt(weight[s] * share[q])
        seen = 0
        for e in range(start[s], start[s + 1]):
            along, w = slope[model[e], level[e]], often[e]
            if seen == 0 or who[seen - 1] != model[e]:  # the entries of one result follow each other
                who[seen] = model[e]
                off[seen] = 0.0
                seen += 1
            for q in range(nodes):
                off[seen - 1, q] += w * along[q]
        for i in range(seen):
            average = 0.0
            for q in range(nodes):
                average += share[q] * off[i, q]
            for q in range(nodes):
                off[i, q] = root[q] * (off[i, q] - average)
                tilt[who[i], q] += root[q] * off[i, q]
            for j in range(i + 1):
                total = 0.0
                for q in range(nodes):
                    total += off[i, q] * off[j, q]
                second[who[i], who[j]] += total
                if i != j:
                    second[who[j], who[i]] += total
