"""How often each model beats and ties each other one, over the samples that both were measured on.

With `chances`, a value is the chance that an attempt passes (0, 1 or a rate between), and one attempt of
each model is compared: i wins where it passes and j fails. So W_ij = sum w p_i (1 - p_j) and
T_ij = sum w [p_i p_j + (1 - p_i)(1 - p_j)], which are unbiased when the rates are and the attempts of the
two models are independent. Without it, the higher value wins and equal values tie.
"""

from __future__ import annotations

import warnings

import numpy as np

from kernels.bits import count_bits, count_grouped_bits
from kernels.compare import count_chances, count_ordered, count_pairs
from kernels.device import why_not
from kernels.order import comparisons, grouped, is_sorted, sample_sorted, ungrouped
from kernels.tiles import tiles

# Numbers in one tile: it stays small beside the input, and its products stay in the cache.
_TILE_CELLS = 2**18

# Seconds that plain numpy may take before numba, which takes .3 s to load, is asked.
_PATIENCE = 0.3

# Seconds that the CPU may take at least before a GPU is asked: torch and the card take some to start.
_CARD_PATIENCE = 4.0

# Nanoseconds that the routes take for two models and a sample, seen or not; and for two rows of a sample.
_BITS, _ORDERED, _WEIGHTED, _PRODUCTS = 0.0025, 0.065, 0.14, 0.12
_TWO_ROWS = 2.2


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
    sorted by sample already are not sorted again. value: (R,) finite, of integers, bool, float32 or float64;
    in [0, 1] with `chances`. weights: None for 1 each, (S,) of the samples, or (B, S) for B weighted counts
    in one pass.

    Returns (M, M) arrays, or (B, M, M) for (B, S) weights: [i, j] is how often i beats (ties) j. Ties are
    symmetric, and wins + wins' + ties is the weight of the shared samples. Never holds more than a tile of
    samples densely. Raises ValueError for weights of another length, IndexError for indices out of range.
    """
    weighted = None if weights is None else np.atleast_2d(np.asarray(weights, np.float64))
    if weighted is not None and weighted.shape[1] != samples:
        raise ValueError(f"weights are for {weighted.shape[1]} samples, not {samples}")
    batch = 1 if weighted is None else len(weighted)
    counted = _on_card(model, sample, value, models, samples, chances, weighted)
    if counted is not None:
        wins, ties = counted
    elif batch == 1 and _seconds(len(model), models, samples, chances) > _PATIENCE:
        one = None if weighted is None or (weighted == 1).all() else weighted[0]
        wins, ties = _compiled(model, sample, value, models, samples, chances, one)
    else:
        wins, ties = _tiled(*sample_sorted(model, sample, value), models, samples, chances, weighted)
    shape = (models, models) if weights is None or np.ndim(weights) == 1 else (batch, models, models)
    return wins.reshape(shape), ties.reshape(shape)


def _on_card(
    model: np.ndarray,
    sample: np.ndarray,
    value: np.ndarray,
    models: int,
    samples: int,
    chances: bool,
    weighted: np.ndarray | None,
) -> tuple[np.ndarray, np.ndarray] | None:
    """(B, M, M) counts by a GPU, where there is one and enough to do; None where the CPU has to."""
    batch = 1 if weighted is None else len(weighted)
    least = 1e-9 * batch * (_TWO_ROWS * len(model) + _BITS * samples * models**2 / 2)
    if least < _CARD_PATIENCE or why_not() is not None:
        return None
    import torch

    from kernels import card_wins

    if not card_wins.countable(weighted):
        return None
    try:
        return card_wins.count_on_card(model, sample, value, models, samples, weighted, chances=chances)
    except torch.OutOfMemoryError as full:
        warnings.warn(f"wins are counted on the CPU: {str(full).splitlines()[0]}", stacklevel=3)
        return None


def _seconds(rows: int, models: int, samples: int, chances: bool) -> float:
    """About how long `_tiled` takes for one weighting."""
    each_row, each_cell = (20e-9, 0.1e-9) if chances else (40e-9, 2e-9)
    return each_row * rows + each_cell * samples * models**2


def _compiled(
    model: np.ndarray,
    sample: np.ndarray,
    value: np.ndarray,
    models: int,
    samples: int,
    chances: bool,
    weights: np.ndarray | None,
) -> tuple[np.ndarray, np.ndarray]:
    """The fastest route for what the rows are like: for weights of 1 the bits of values that are 0 or 1; the
    rows' pairs where samples have few rows; else tiles."""
    cells = samples * models**2 / 2
    if not is_sorted(sample):
        groups = grouped(model, sample, value, models, samples)
        even = len(model) ** 2 / samples / 2  # comparisons, if all samples had as many rows
        if weights is None and cells * _BITS < even * _TWO_ROWS:
            counted = count_grouped_bits(groups, models)
            if counted is not None:
                return counted
        model, sample, value = ungrouped(groups, model.dtype, sample.dtype)
        del groups

    paired = comparisons(sample) * _TWO_ROWS
    if weights is None and cells * _BITS < paired:
        counted = count_bits(model, sample, value, models, samples)
        if counted is not None:
            return counted
    if paired < cells * (_PRODUCTS if chances else _ORDERED if weights is None else _WEIGHTED):
        return count_pairs(model, sample, value, models, samples, weights, chances=chances)
    by_tiles = count_chances if chances else count_ordered
    return by_tiles(model, sample, value, models, samples, weights)


def _tiled(
    model: np.ndarray,
    sample: np.ndarray,
    value: np.ndarray,
    models: int,
    samples: int,
    chances: bool,
    weighted: np.ndarray | None,
) -> tuple[np.ndarray, np.ndarray]:
    """(B, M, M) wins and ties of rows sorted by sample, weights (B, S), with numpy."""
    batch = 1 if weighted is None else len(weighted)
    # Few weightings of chances are plain matrix products; for many it pays to write out every sample's
    # pairs once and multiply the weights with them.
    direct = chances and batch < models
    width = max(16, _TILE_CELLS // (models if direct else models**2))
    wins = np.zeros((batch, models**2))
    either = np.zeros_like(wins)  # with chances the shared weight, else the ties
    for start, seen, tile in tiles(model, sample, value, models, range(samples), width):
        part = np.ones((1, len(seen))) if weighted is None else weighted[:, start : start + width]
        if direct and weighted is None:
            wins += (tile.T @ (seen - tile)).ravel()
            either += (seen.T @ seen).ravel()
            continue
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

    won, tied = wins.reshape(batch, models, models), either.reshape(batch, models, models)
    diagonal = np.arange(models)
    won[:, diagonal, diagonal] = 0
    if chances:
        tied = tied - won - np.swapaxes(won, 1, 2)
    tied[:, diagonal, diagonal] = 0
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
