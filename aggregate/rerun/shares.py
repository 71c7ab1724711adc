"""Every model on a share of a new release: which samples each is to answer."""

from __future__ import annotations

import numpy as np


def assign(
    models: int, samples: int, each: int, *, seed: int = 0, group_of: np.ndarray | None = None
) -> np.ndarray:
    """(models, each) indices of samples that each model is to answer, by chance and none twice.

    group_of: (samples,) indices from 0, such as the paper of each sample: a model gets its share of every group,
    to about a sample. All samples are answered equally often, to one, so that each tells of some models.
    Raises ValueError unless 1 <= each <= samples.
    """
    if not 1 <= each <= samples:
        raise ValueError(f"{each} of {samples} samples cannot be drawn")
    rng = np.random.default_rng(seed)
    group_of = np.zeros(samples, np.int64) if group_of is None else np.asarray(group_of)
    found = np.empty((models, each), np.int64)
    left = np.empty(0, np.int64)
    for i in range(models):
        taken = left[:each]
        left = left[each:]
        if taken.size < each:
            turn = _shuffled(group_of, rng)
            # What the model has from the turn before comes last in the next one.
            repeated = np.isin(turn, taken)
            turn = np.concatenate([turn[~repeated], turn[repeated]])
            need = each - taken.size
            taken, left = np.concatenate([taken, turn[:need]]), turn[need:]
        found[i] = taken
    return found


def _shuffled(group_of: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(N,) all samples by chance, those of each group spread evenly."""
    order = np.lexsort((rng.random(group_of.size), group_of))
    size = np.bincount(group_of)
    place = np.arange(group_of.size) - (np.cumsum(size) - size)[group_of[order]]
    even = (place + rng.random(size.size)[group_of[order]]) / size[group_of[order]]
    shuffled: np.ndarray = order[np.argsort(even, kind="stable")]
    return shuffled
