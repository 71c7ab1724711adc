"""How far each unit of resampling moves the scores of a fit, and the covariance that follows."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from aggregate.marginal import Fit, Marginal

_DENSE = 0.1
"""Share of derivatives that are not 0 from which a product of full matrices is faster."""


def influence_covariance(marginal: Marginal, fit: Fit, slope: np.ndarray, scale: float) -> np.ndarray:
    """(M, M) the sum over units of resampling of u u', where u = slope' d + scale * v is what a unit moves the
    scores by: d (N,) are its derivatives of the log-likelihood by all parameters, v (M,) the sums over its samples
    of the values that models are expected to get, less their average over all samples.

    slope: (N, M). scale: 0 where scores are no expected values.

    No u is written out: d has a number for each model that the unit's samples were measured on, and v is a
    mixture of what is expected at the nodes of difficulty. So all u are the rows of Z K with a thin Z, and the sum
    is K' (Z'Z) K: some C r^2 + M^3 products for C units with r numbers each, where C M^2 would be too many.
    """
    models = marginal.models
    away = [values - fit.expected for values in marginal.node_values(fit)] if scale else []
    nodes = sum(len(values) for values in away)
    mixed = 0 < nodes < models
    values = np.concatenate(away) if mixed else np.eye(models) if nodes else np.empty((0, models))
    ways = np.concatenate([slope, scale * values])
    squares = np.zeros((len(ways), len(ways)))
    for size, parts in marginal.scores(fit):
        ability, own, shares = sparse.csr_matrix((size, models)), [], []
        effects = np.zeros((size, marginal.effects.block.size))
        for scores in parts:
            of_unit = adding_up(scores.unit, size)
            ability += of_unit @ scores.ability
            own.append(of_unit @ scores.own)
            if scores.sample.size:
                by_mean = adding_up(scores.unit, size, scores.mean)
                effects += (by_mean @ marginal.effects.design[scores.sample]).toarray()
            shares.append(of_unit @ scores.share)
        if not nodes:
            shares = []
        elif not mixed:
            shares = [sum(share @ its for share, its in zip(shares, away, strict=True))]
        rest = np.hstack([*own, effects, *shares])
        squares[:models, :models] += _square(ability)
        squares[:models, models:] += ability.T @ rest
        squares[models:, models:] += rest.T @ rest
    squares[models:, :models] = squares[:models, models:].T
    found: np.ndarray = ways.T @ (squares @ ways)
    return found


def adding_up(group: np.ndarray, groups: int, weight: np.ndarray | None = None) -> sparse.csr_matrix:
    """(groups, n) what adds up n rows by their group, times their weights where given."""
    weight = np.ones(group.size) if weight is None else weight
    return sparse.csr_matrix((weight, (group, np.arange(group.size))), (groups, group.size))


def _square(rows: sparse.csr_matrix) -> np.ndarray:
    """rows' rows."""
    if rows.nnz > _DENSE * np.prod(rows.shape):
        full = rows.toarray()
        found: np.ndarray = full.T @ full
    else:
        found = (rows.T @ rows).toarray()
    return found
