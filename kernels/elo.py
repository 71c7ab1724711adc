"""Elo ratings: one comparison after the other moves the two models in it (Elo 1978)."""

from __future__ import annotations

import numpy as np

# Comparisons from which on the compiled loop saves its import.
_LARGE = 20_000


def elo_ratings(
    models: int, first: np.ndarray, second: np.ndarray, outcome: np.ndarray, step: np.ndarray, order: np.ndarray
) -> np.ndarray:
    """(M,) ratings on the scale of log-odds, after comparisons in this order, all from 0.

    first, second: (N,) indices below `models`. outcome: (N,) of the first, from 0 (lost) to 1 (won).
    step: (N,) how far a surprise moves a rating. order: indices into these.
    """
    if order.size < _LARGE:
        return elo_ratings_reference(models, first, second, outcome, step, order)
    from kernels import elo_loops

    rating = np.zeros(models)
    elo_loops.run(rating, first, second, outcome, step, order)
    return rating


def elo_ratings_reference(
    models: int, first: np.ndarray, second: np.ndarray, outcome: np.ndarray, step: np.ndarray, order: np.ndarray
) -> np.ndarray:
    """What `elo_ratings` promises, step by step."""
    rating = np.zeros(models)
    for n in order:
        i, j = first[n], second[n]
        move = step[n] * (outcome[n] - 1 / (1 + np.exp(rating[j] - rating[i])))
        rating[i] += move
        rating[j] -= move
    return rating
