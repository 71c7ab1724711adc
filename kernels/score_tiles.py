"""What each sample of a dense tile adds to the score of a pairwise likelihood (see `kernels.pair_scores`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from kernels.products import plain_product, product

# Samples that one call of the compiled loop compares: their values and scores stay in a core's cache.
_SPAN = 256


class Gains(NamedTuple):
    """What a comparison adds to the score, diagonals 0: (M, M) each, the last two None without the extra."""

    win: np.ndarray
    lose: np.ndarray
    tie: np.ndarray
    win_extra: np.ndarray | None
    tie_extra: np.ndarray | None


def tile_scores(
    seen: np.ndarray, values: np.ndarray, gains: Gains, *, chances: bool, compiled: bool
) -> np.ndarray:
    """(samples, P) scores, of seen and values (samples, M), 0 where unseen."""
    if chances:
        return _of_chances(seen, values, gains, product if compiled else plain_product)
    value_or_nan = np.where(seen > 0, values, np.nan)  # nan neither wins nor ties
    return (_of_order_compiled if compiled else _of_order)(value_or_nan, gains)


def _of_chances(
    seen: np.ndarray,
    passed: np.ndarray,
    gains: Gains,
    product: Callable[[np.ndarray, np.ndarray], np.ndarray],
) -> np.ndarray:
    """A tie with everyone that was seen, and what a win over the failed or a defeat by the passed adds."""
    win, lose, tie, win_extra, tie_extra = gains
    failed = seen - passed
    scores = product(seen.T, tie.T)
    scores *= seen
    for mine, others, more in ((passed, failed, win - tie), (failed, passed, lose - tie)):
        added = _added(others, more, product)
        added *= mine
        scores += added
    if win_extra is None or tie_extra is None:
        return scores
    extra = np.einsum("si,si->s", seen, product(seen.T, tie_extra)) / 2  # every tie is met from both sides
    extra += np.einsum("si,si->s", passed, product(failed.T, (win_extra - tie_extra).T))
    return np.column_stack([scores, extra])


def _added(
    others: np.ndarray, more: np.ndarray, product: Callable[[np.ndarray, np.ndarray], np.ndarray]
) -> np.ndarray:
    """others more'; where ties are worth half a win, `more` is one number for all pairs, and no product needed."""
    one = more[0, -1]
    rounding = 8 * np.finfo(np.float64).eps * abs(one)
    if np.abs(more - one * ~np.eye(len(more), dtype=bool)).max() <= rounding:
        return one * (others.sum(axis=1, keepdims=True) - others)
    return product(others.T, more.T)


def _of_order(values: np.ndarray, gains: Gains) -> np.ndarray:
    win, lose, tie, win_extra, tie_extra = gains
    left, right = values[:, :, None], values[:, None, :]
    above, level = (left > right).astype(np.float64), (left == right).astype(np.float64)
    scores = (
        np.einsum("sij,ij->si", above, win)
        + np.einsum("sji,ij->si", above, lose)
        + np.einsum("sij,ij->si", level, tie)
    )
    if win_extra is None or tie_extra is None:
        return scores
    extra = np.einsum("sij,ij->s", above, win_extra) + np.einsum("sij,ij->s", level, tie_extra) / 2
    return np.column_stack([scores, extra])


def _of_order_compiled(values: np.ndarray, gains: Gains) -> np.ndarray:
    from kernels import score_loops

    win, lose, tie, win_extra, tie_extra = gains
    samples, models = values.shape
    scores = np.zeros((samples, models + (win_extra is not None)))
    for first in range(0, samples, _SPAN):
        tile = values[first : first + _SPAN].T.copy()
        found = np.zeros((scores.shape[1], tile.shape[1]))
        score_loops.compared(tile, win, lose, tie, found[:models])
        if win_extra is not None and tie_extra is not None:
            score_loops.compared_extra(tile, win_extra, tie_extra, found[-1])
        scores[first : first + _SPAN] = found.T
    return scores
