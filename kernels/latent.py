"""Sums over a latent number per sample, on a grid of nodes: the E-step of a marginal likelihood.

A sample has a latent node q with a prior weight, and given the node its rows are independent: a row of model
i at level l adds `weight * log_chance[i, l, q]` to the log-likelihood. Everything that a fit needs (Bock &
Aitkin 1981, Psychometrika 46:443) is a sum of the nodes' posterior over rows or samples. Numba runs it, and torch
where there is a GPU and much to do; plain numpy stands beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from kernels.device import why_not
from kernels.latent_rows import Nodes, Posterior, Rows
from kernels.threads import in_threads

Part = TypeVar("Part")

_ENTRIES_A_THREAD = 20_000
"""Fewer are not worth a thread."""

_CURVATURE_CELLS = 2**27
"""Numbers of second derivatives that all threads hold together, each its own."""

_CARD_PRODUCTS = 500_000_000
"""Entries times nodes; fewer are not worth a GPU, with which torch is loaded."""


def posterior(rows: Rows, nodes: Nodes, weight: np.ndarray) -> Posterior:
    """The E-step over all samples. weight: (S,), of samples."""
    entries = int(rows.start[-1] - rows.start[0])
    if entries * nodes.node.size >= _CARD_PRODUCTS and why_not() is None:
        from kernels.latent_torch import posterior_on_card

        return posterior_on_card(rows, nodes, weight)
    from kernels import latent_loops

    samples = weight.size
    each, first, second = np.empty(samples), np.empty(samples), np.empty(samples)

    def part(begin: int, end: int) -> tuple[np.ndarray, np.ndarray]:
        counts, totals = np.zeros(nodes.log_chance.shape), np.zeros(nodes.node.size)
        latent_loops.expected(begin, end, *_plain(rows, nodes), weight, counts, totals, each, first, second)
        return counts, totals

    counts, totals = (np.sum(given, axis=0) for given in zip(*_in_parts(part, rows), strict=True))
    return Posterior(each, counts, totals, first, second)


def shares(rows: Rows, nodes: Nodes) -> np.ndarray:
    """(S, Q) the posterior of each sample's nodes."""
    from kernels import latent_loops

    found = np.empty((nodes.mean.size, nodes.node.size))
    _in_parts(lambda begin, end: latent_loops.shares(begin, end, *_plain(rows, nodes), found), rows)
    return found


def entry_scores(rows: Rows, nodes: Nodes, slope: np.ndarray) -> np.ndarray:
    """(E,) of each entry the posterior mean of slope[i, l, q], times how often it counts: the sum over the entries
    that a sample has of a model is the sample's score for it.

    slope: (M, L, Q), derivative of `log_chance` with regard to the model's own parameter.
    """
    from kernels import latent_loops

    found = np.empty(int(rows.start[-1] - rows.start[0]))

    def part(begin: int, end: int) -> None:
        latent_loops.scores(begin, end, *_plain(rows, nodes), slope, found)

    _in_parts(part, rows)
    return found


def score_curvature(
    rows: Rows, nodes: Nodes, weight: np.ndarray, slope: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """How the posterior of each sample's node moves with the models' own parameters, which the slopes belong to as
    in `entry_scores`. With r[s, i, q] the sum of slope[i, l, q] over the sample's rows of model i:

    Returns:
        (M, M) sum over samples of weight[s] times the posterior covariance of r[s, i] and r[s, j]: what the
        observed information lacks beside the complete one (Louis 1982, JRSS B 44:226).
        (M, Q) the derivatives of `Posterior.totals` by each model's parameter.
    """
    from kernels import latent_loops

    models, _, width = slope.shape

    def part(begin: int, end: int) -> tuple[np.ndarray, np.ndarray]:
        second, tilt = np.zeros((models, models)), np.zeros((models, width))
        latent_loops.curvature(begin, end, *_plain(rows, nodes), weight, slope, second, tilt)
        return second, tilt

    found = _in_parts(part, rows, most=max(1, _CURVATURE_CELLS // models**2))
    second, tilt = found[0]
    for others in found[1:]:  # in place: with thousands of models these are large
        second += others[0]
        tilt += others[1]
    return second, tilt


def posterior_reference(rows: Rows, nodes: Nodes, weight: np.ndarray) -> Posterior:
    """What `posterior` promises, sample by sample."""
    counts, totals = np.zeros_like(nodes.log_chance), np.zeros(nodes.node.size)
    each, first, second = np.zeros(weight.size), np.zeros(weight.size), np.zeros(weight.size)
    for s in range(weight.size):
        at = slice(rows.start[s], rows.start[s + 1])
        model, level, often = rows.model[at], rows.level[at], rows.weight[at]
        log_node = nodes.log_prior - nodes.precision / 2 * (nodes.node - nodes.mean[s]) ** 2
        log_node = log_node + often @ nodes.log_chance[model, level]
        each[s] = np.logaddexp.reduce(log_node)
        share = np.exp(log_node - each[s])
        np.add.at(counts, (model, level), weight[s] * often[:, None] * share)
        totals += weight[s] * share
        first[s], second[s] = share @ nodes.node, share @ nodes.node**2
    return Posterior(each, counts, totals, first, second)


def entry_scores_reference(rows: Rows, nodes: Nodes, slope: np.ndarray) -> np.ndarray:
    """What `entry_scores` promises, by the posterior of one sample after the other."""
    found = [np.empty(0)]
    for s in range(nodes.mean.size):
        alone = Rows(rows.start[s : s + 2], rows.model, rows.level, rows.weight)
        here = Nodes(nodes.node, nodes.log_chance, nodes.log_prior, nodes.mean[s : s + 1], nodes.precision)
        at = slice(rows.start[s], rows.start[s + 1])
        along = slope[rows.model[at], rows.level[at]]
        found.append(rows.weight[at] * (along @ posterior_reference(alone, here, np.ones(1)).totals))
    return np.concatenate(found)


def score_curvature_reference(
    rows: Rows, nodes: Nodes, weight: np.ndarray, slope: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """What `score_curvature` promises, sample by sample."""
    models, _, width = slope.shape
    second, tilt = np.zeros((models, models)), np.zeros((models, width))
    posteriors = shares(rows, nodes)
    for s in range(weight.size):
        at = slice(rows.start[s], rows.start[s + 1])
        score = np.zeros((models, width))
        np.add.at(score, rows.model[at], rows.weight[at, None] * slope[rows.model[at], rows.level[at]])
        off = score - (score @ posteriors[s])[:, None]
        second += weight[s] * (off * posteriors[s]) @ off.T
        tilt += weight[s] * off * posteriors[s]
    return second, tilt


def _plain(rows: Rows, nodes: Nodes) -> tuple[Any, ...]:
    """In the order in which the loops take them."""
    return (
        *(rows.start, rows.model, rows.level, rows.weight),
        *(nodes.log_chance, nodes.log_prior, nodes.node, nodes.mean, nodes.precision),
    )


def _in_parts(work: Callable[[int, int], Part], rows: Rows, most: int = 1 << 16) -> list[Part]:
    """`work` on runs of samples, in threads where there is enough to do but not more than `most`; results in
    order."""
    entries = int(rows.start[-1] - rows.start[0])
    return in_threads(work, rows.start.size - 1, min(most, entries // _ENTRIES_A_THREAD))
