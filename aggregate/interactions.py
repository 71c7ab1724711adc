"""How unevenly models do over the tags: variance that no cluster shows when coverage of the tags is uneven."""

from __future__ import annotations

import numpy as np

from aggregate.marginal import Fit, Marginal


def tag_variance(marginal: Marginal, fit: Fit) -> np.ndarray:
    """(M,) variance of each ability because a model was measured on the tags in other shares than the pool's.

    A model's ability on a tag is taken as its ability plus u ~ N(0, nu^2). With g the derivative of the
    likelihood by ability on the tag's clusters and v the sum of their squares, g/v estimates u with variance
    1/v; nu^2 is the moment estimate of DerSimonian & Laird (1986, Control. Clin. Trials 7:177) within models. An
    ability weighs the tags by w = v/sum v where it should weigh them by their share p of the pool (times v a
    sample), so that nu^2 sum (w - p)^2 is added. Zero where every model saw every tag alike.
    """
    m = marginal.measurements
    models, tags = marginal.models, len(m.tags)
    if tags < 2:
        return np.zeros(models)
    total, squares = np.zeros((tags, models)), np.zeros((tags, models))
    for _, parts in marginal.scores(fit):
        for scores in parts:
            if scores.sample.size:
                tag, by_ability = m.tag_of[scores.sample], scores.parameters[:, :models]
                np.add.at(total, tag, by_ability)
                np.add.at(squares, tag, by_ability**2)
    seen = squares > 0
    whole = np.maximum(squares.sum(axis=0), 1e-300)
    excess = (
        np.where(seen, total**2 / np.where(seen, squares, 1), 0).sum() - np.maximum(seen.sum(axis=0) - 1, 0).sum()
    )
    weight = (whole - (squares**2).sum(axis=0) / whole).sum()
    if weight <= 0:
        return np.zeros(models)
    nu = max(0.0, excess / weight)
    rows = np.zeros((tags, models))
    np.add.at(rows, (m.tag_of[m.sample], m.model), 1)
    size = np.bincount(m.tag_of, m.weight, tags)
    pool = size * squares.sum(axis=1) / np.maximum(rows.sum(axis=1), 1)
    found: np.ndarray = nu * ((squares / whole - (pool / pool.sum())[:, None]) ** 2).sum(axis=0)
    return found
