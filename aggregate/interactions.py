"""How unevenly models do over the tags: variance that no cluster shows where coverage of the tags is uneven."""

from __future__ import annotations

import numpy as np

from aggregate.influence import adding_up
from aggregate.marginal import Fit, Marginal

_EXPECTED = 0.3
"""Spread of a model's abilities over tags, as a share of the spread of difficulties, while nothing tells it ..."""

_WORTH = 3.0
"""... and how many degrees of freedom that is worth."""


def tag_covariance(marginal: Marginal, fit: Fit) -> np.ndarray:
    """(M, M) covariance of abilities because models were measured on the tags in other shares than the pool's.

    A model's ability on a tag is its ability plus u ~ N(0, nu^2). Around the fit the cells (i, t) of models and
    tags speak like z = ability_i - difficulty_t + u + e, e of variance 1/v, v the sum of the squares of the
    clusters' derivatives by ability; abilities come from weighted least squares of z on both, and the residuals
    are the derivatives over v. So nu^2 follows from their sum of squares (moments: DerSimonian & Laird 1986,
    Control. Clin. Trials 7:177), the prior's share added, and the error of ability_i + sum_t p_t u_it, p a tag's
    share of the pool (times v a sample), from what least squares make of u. Zero where all saw all tags alike.
    """
    m = marginal.measurements
    models, tags = marginal.models, len(m.tags)
    if tags < 2:
        return np.zeros((models, models))
    total, v = _by_tag(marginal, fit)
    share = _shares_of_pool(marginal, v)
    # Least squares: K = (X'VX + R)^-1, abilities first.
    normal = np.block([[np.diag(v.sum(axis=0)), -v.T], [-v, np.diag(v.sum(axis=1))]])
    fourth = np.block([[np.diag((v**2).sum(axis=0)), -((v**2).T)], [-(v**2), np.diag((v**2).sum(axis=1))]])
    ridge = np.full(models + tags, 1e-6 * max(v.sum() / models, 1e-300))
    ridge[models:] += 1 / fit.variances[0] if fit.variances.size else 0
    inverse = np.linalg.inv(normal + np.diag(ridge))
    fitted = inverse @ normal
    cells = int((v > 0).sum())
    freedom = cells - 2 * np.trace(fitted) + np.trace(fitted @ fitted)
    weight = v.sum() - 2 * np.trace(inverse @ fourth) + np.trace(fitted @ inverse @ fourth)
    squares = np.divide(total**2, v, where=v > 0, out=np.zeros_like(v)).sum()
    typical = v.sum() / max(cells, 1)
    guess = (_EXPECTED * np.exp(fit.own[0][0])) ** 2
    spread = max(squares - freedom, 0.0) + _WORTH * typical * guess
    if not typical:
        return np.zeros((models, models))  # no row tells anything beyond the abilities
    nu = spread / (max(weight, 0.0) + _WORTH * typical)
    # Few degrees of freedom tell it badly: the variance of Student's distribution.
    known = max(freedom, 0.0) + _WORTH
    nu *= known / (known - 2)
    # What least squares make of u, less what the pool holds of it.
    ability = inverse[:models]
    of_share = ability[:, :models] * (v.T @ share) - ability[:, models:] @ (v * share[:, None])
    found = ability @ fourth @ ability.T - of_share - of_share.T + (share @ share) * np.eye(models)
    kept: np.ndarray = nu * found
    return kept


def _by_tag(marginal: Marginal, fit: Fit) -> tuple[np.ndarray, np.ndarray]:
    """(T, M) sums of the clusters' derivatives by ability, and of their squares."""
    m, models = marginal.measurements, marginal.models
    total, squares = np.zeros((len(m.tags), models)), np.zeros((len(m.tags), models))
    for _, parts in marginal.scores(fit):
        for scores in parts:
            if scores.sample.size:
                tag = m.tag_of[scores.sample]
                of_tag = adding_up(tag, len(m.tags))
                total += (of_tag @ scores.ability).toarray()
                squares += (of_tag @ scores.ability.multiply(scores.ability)).toarray()
    return total, squares


def _shares_of_pool(marginal: Marginal, v: np.ndarray) -> np.ndarray:
    """(T,) what each tag counts in the pool's average: its samples, times what a result there tells."""
    m = marginal.measurements
    rows = np.zeros_like(v)
    np.add.at(rows, (m.tag_of[m.sample], m.model), 1)
    size = np.bincount(m.tag_of, m.weight, len(m.tags))
    counted = size * v.sum(axis=1) / np.maximum(rows.sum(axis=1), 1)
    found: np.ndarray = counted / max(counted.sum(), 1e-300)
    return found
