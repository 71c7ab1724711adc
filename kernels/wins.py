"""How often each model beats and ties each other one, over the samples that both were measured on.

With `chances`, a value is the chance that an attempt passes (0, 1 or a rate between), and one attempt of
each model is compared: i wins where it passes and j fails. So W_ij = sum w p_i (1 - p_j) and
T_ij = sum w [p_i p_j + (1 - p_i)(1 - p_j)], which are unbiased when the rates are and the attempts of the
two models are independent. Without it, the higher value wins and equal values tie.
"""

from __future__ import annotations

import numpy as np

from kernels.tiles import tiles

# Numbers in one tile: it stays small beside the input, and its products stay in the cache.
_TILE_CELLS = 2**20


def win_counts(
    model: np.ndarray,
    sample: np.ndarray,
    value: np.ndarray,
    models: int,
    samples: int,
    *,
    chances: bool,
    weights: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Wins and ties between all pairs, as float64 with a diagonal of 0.

    model, sample: (R,) indices below `models` and `samples`; a cell occurs at most once. Rows that are
    sorted by sample already are not sorted again. value: (R,) finite; in [0, 1] with `chances`.
    weights: None for 1 each, (S,) of the samples, or (B, S) for B weighted counts in one pass.

    Returns (M, M) arrays, or (B, M, M) for (B, S) weights: [i, j] is how often i beats (ties) j. Ties are
    symmetric, and wins + wins' + ties is the weight of the shared samples. Never holds more than a tile of
    samples densely. Raises ValueError for weights of another length.
    """
    weighted = np.ones((1, samples)) if weights is None else np.atleast_2d(np.asarray(weights, np.float64))
    if weighted.shape[1] != samples:
        raise ValueError(f"weights are for {weighted.shape[1]} samples, not {samples}")
    if (np.diff(sample) < 0).any():
        order = np.argsort(sample, kind="stable")
        model, sample, value = model[order], sample[order], value[order]

    # Few weightings of chances are plain matrix products; for many it pays to write out every sample's
    # pairs once and multiply the weights with them.
    direct = chances and len(weighted) < models
    width = max(16, _TILE_CELLS // (models if direct else models**2))
    wins = np.zeros((len(weighted), models**2))
    either = np.zeros_like(wins)  # with chances the shared weight, else the ties
    for start, seen, tile in tiles(model, sample, value, models, samples, width):
        part = weighted[:, start : start + width]
        if direct:
            for b, weight in enumerate(part[:, :, None]):
                wins[b] += ((weight * tile).T @ (seen - tile)).ravel()
                either[b] += ((weight * seen).T @ seen).ravel()
            continue
        if chances:
            pairs = tile[:, :, None] * (seen - tile)[:, None, :], seen[:, :, None] * seen[:, None, :]
        else:
            value_or_nan = np.where(seen > 0, tile, np.nan)  # nan neither wins nor ties
            left, right = value_or_nan[:, :, None], value_or_nan[:, None, :]
            pairs = (left > right).astype(np.float64), (left == right).astype(np.float64)
        wins += part @ pairs[0].reshape(len(seen), -1)
        either += part @ pairs[1].reshape(len(seen), -1)

    shape = (models, models) if weights is None or weights.ndim == 1 else (len(weighted), models, models)
    won, tied = wins.reshape(shape), either.reshape(shape)
    diagonal = np.arange(models)
    won[..., diagonal, diagonal] = 0
    if chances:
        tied = tied - won - np.swapaxes(won, -1, -2)
    tied[..., diagonal, diagonal] = 0
    return won, tied


def win_counts_reference(
    model: np.ndarray,
    sample: np.ndarray,
    value: np.ndarray,
    models: int,
    samples: int,
    *,
    chances: bool,
    weights: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """What `win_counts` promises for (S,) weights, sample by sample and pair by pair."""
    weight = np.ones(samples) if weights is None else weights
    wins, ties = np.zeros((models, models)), np.zeros((models, models))
    for s in range(samples):
        rows = np.flatnonzero(sample == s)
        for a in rows:
            for b in rows[model[rows] != model[a]]:
                i, j, p, q = model[a], model[b], value[a], value[b]
                wins[i, j] += weight[s] * (p * (1 - q) if chances else p > q)
                ties[i, j] += weight[s] * (p * q + (1 - p) * (1 - q) if chances else p == q)
    return wins, ties
