"""Scores of pairwise likelihoods, and the sum of their outer products over clusters.

The score of a pairwise likelihood is a sum over the pairs of models that share a sample. Pairs of one
sample are not independent, so its variance is estimated from the scores of whole clusters: sum u u', u the
sum of the scores in a cluster (the middle of the sandwich; Liang & Zeger 1986, Biometrika 73:13).

With `chances`, a value is the chance that an attempt passes, as in `kernels.wins`: i beats j with chance
p_i (1 - p_j), both do the same with chance p_i p_j + (1 - p_i)(1 - p_j), and a pair counts with the
expectation of its score. Without it, the higher value wins and equal values tie.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from kernels.bits import are_bits
from kernels.order import comparisons, is_sorted
from kernels.threads import in_threads
from kernels.tiles import in_range, row_edges, tiles

# Numbers in one tile: it stays small beside the input, and its products stay in the cache.
_TILE_CELLS = 2**20

# Two models and a sample, seen or not, from which on float32 and numba are used: where they save seconds.
_LARGE_CHANCES, _LARGE = 5 * 10**9, 2 * 10**8

# Nanoseconds that the large routes take for two models and a sample, and for two rows of a sample.
_PRODUCTS, _COMPARED, _TWO_ROWS = 0.15, 0.3, 3.0

# Samples that one call of the compiled loop compares: their values and scores stay in a core's cache.
_SPAN = 256


class _Gains(NamedTuple):
    """What a comparison adds to the score, diagonals 0: (M, M) each, the last two None without the extra."""

    win: np.ndarray
    lose: np.ndarray
    tie: np.ndarray
    win_extra: np.ndarray | None
    tie_extra: np.ndarray | None


def score_covariance(
    model: np.ndarray,
    sample: np.ndarray,
    value: np.ndarray,
    unit: np.ndarray,
    models: int,
    samples: int,
    *,
    chances: bool,
    win: np.ndarray,
    lose: np.ndarray,
    tie: np.ndarray,
    win_extra: np.ndarray | None = None,
    tie_extra: np.ndarray | None = None,
    weights: np.ndarray | None = None,
) -> np.ndarray:
    """Sum over units of u u', u the sum of the unit's scores: (P, P) float64.

    model, sample: (R,) indices below `models` and `samples`, sorted by sample; a cell occurs at most once.
    value: (R,) finite; in [0, 1] with `chances`. unit: (S,) the cluster of each sample, never falling.
    win, lose, tie: (M, M); [i, j] is what the i-th entry of a score gains when i beats, is beaten by, or
    ties with j. win_extra, tie_extra: (M, M), both or none; [i, j] is what one further entry, the last,
    gains when i beats j, or once when i and j tie (symmetric). Diagonals are not looked at. weights: (S,)
    of the samples' scores, 1 each by default. P is M, or M + 1 with the further entry.

    Never holds more than a tile of samples densely. Large input is multiplied in float32: an entry (i, j)
    is then off by less than 1e-5 of sqrt(diagonal i x diagonal j). Raises ValueError for units or weights
    of another length than S, samples or units that fall, or one extra without the other.
    """
    gains = _gains(win, lose, tie, win_extra, tie_extra)
    unit, weights = _checked(sample, unit, weights, samples)
    chances = chances or are_bits(value)  # of 0 and 1, both say the same
    cells = samples * models**2 / 2
    dense = cells * (_PRODUCTS if chances else _COMPARED)
    if _is_large(models, samples, chances) and comparisons(sample) * _TWO_ROWS < dense:
        return _by_rows(model, sample, value, unit, models, samples, chances, gains, weights)

    size = models + (win_extra is not None)
    total, open_unit, previous = np.zeros((size, size)), np.zeros(size), None
    for start, scores in _sample_scores(model, sample, value, models, samples, chances, gains, weights):
        of = unit[start : start + len(scores)]
        first = np.flatnonzero(np.diff(of, prepend=of[0] - 1))
        sums = scores if first.size == of.size else np.add.reduceat(scores, first, axis=0, dtype=np.float64)
        if of[0] == previous:
            sums[0] += open_unit
        else:
            total += np.outer(open_unit, open_unit)
        total += sums[:-1].T @ sums[:-1]
        open_unit, previous = sums[-1].astype(np.float64), of[-1]
    return total + np.outer(open_unit, open_unit)


def unit_scores(
    model: np.ndarray,
    sample: np.ndarray,
    value: np.ndarray,
    unit: np.ndarray,
    models: int,
    samples: int,
    *,
    chances: bool,
    win: np.ndarray,
    lose: np.ndarray,
    tie: np.ndarray,
    win_extra: np.ndarray | None = None,
    tie_extra: np.ndarray | None = None,
    weights: np.ndarray | None = None,
) -> np.ndarray:
    """The units' scores themselves, (units, P) float64: a row for each value in `unit`, in its order.

    Arguments and errors are those of `score_covariance`, which does not hold what this returns.
    """
    gains = _gains(win, lose, tie, win_extra, tie_extra)
    unit, weights = _checked(sample, unit, weights, samples)
    _, of = np.unique(unit, return_inverse=True)
    total = np.zeros((of[-1] + 1 if samples else 0, models + (win_extra is not None)))
    for start, scores in _sample_scores(model, sample, value, models, samples, chances, gains, weights):
        np.add.at(total, of[start : start + len(scores)], scores)
    return total


def _gains(
    win: np.ndarray,
    lose: np.ndarray,
    tie: np.ndarray,
    win_extra: np.ndarray | None,
    tie_extra: np.ndarray | None,
) -> _Gains:
    if (win_extra is None) != (tie_extra is None):
        raise ValueError("give both win_extra and tie_extra, or none of them")
    others = ~np.eye(len(win), dtype=bool)
    if win_extra is None or tie_extra is None:
        return _Gains(win * others, lose * others, tie * others, None, None)
    return _Gains(win * others, lose * others, tie * others, win_extra * others, tie_extra * others)


def _checked(
    sample: np.ndarray, unit: np.ndarray, weights: np.ndarray | None, samples: int
) -> tuple[np.ndarray, np.ndarray | None]:
    if not is_sorted(sample):
        raise ValueError("rows are not sorted by sample")
    if len(unit) != samples:
        raise ValueError(f"units are for {len(unit)} samples, not {samples}")
    if not is_sorted(unit):
        raise ValueError("units fall: number the samples so that those of a unit are neighbours")
    if weights is not None and len(weights) != samples:
        raise ValueError(f"weights are for {len(weights)} samples, not {samples}")
    return unit, None if weights is None else np.asarray(weights, np.float64)


def _is_large(models: int, samples: int, chances: bool) -> bool:
    return samples * models**2 >= (_LARGE_CHANCES if chances else _LARGE)


def _by_rows(
    model: np.ndarray,
    sample: np.ndarray,
    value: np.ndarray,
    unit: np.ndarray,
    models: int,
    samples: int,
    chances: bool,
    gains: _Gains,
    weights: np.ndarray | None,
) -> np.ndarray:
    """`score_covariance` where samples have few rows: pair by pair of rows, threads by whole units."""
    from kernels import score_loops

    row_edges(sample, samples, samples)  # in range
    in_range(model, models)
    win, lose, tie, win_extra, tie_extra = gains
    outcomes, extra = np.stack([lose, tie, win]), None
    if win_extra is not None and tie_extra is not None:
        extra = np.stack([win_extra.T, tie_extra, win_extra])
    size = models + (extra is not None)
    first_samples = np.append(np.flatnonzero(np.diff(unit, prepend=unit[0] - 1)), samples)

    def multiply(first: int, last: int) -> np.ndarray:
        at = slice(*np.searchsorted(sample, first_samples[[first, last]].astype(sample.dtype)))
        total = np.zeros((size, size))
        score_loops.by_rows(model[at], sample[at], value[at], unit, weights, chances, outcomes, extra, total)
        return total

    most = max(1, len(model) // max(2**16, size**2))
    total = np.array(in_threads(multiply, len(first_samples) - 1, most)).sum(axis=0)
    return total + total.T


def _sample_scores(
    model: np.ndarray,
    sample: np.ndarray,
    value: np.ndarray,
    models: int,
    samples: int,
    chances: bool,
    gains: _Gains,
    weights: np.ndarray | None,
) -> Iterator[tuple[int, np.ndarray]]:
    """(first sample, scores (width, P)) of a tile of samples at a time."""
    large = _is_large(models, samples, chances)
    width = max(16, _TILE_CELLS // (models if chances or large else models**2))
    dtype = np.float32 if chances and large else np.float64
    score = _of_chances if chances else _of_order_compiled if large else _of_order
    gains = _Gains._make(None if gain is None else gain.astype(dtype) for gain in gains)
    for start, seen, tile in tiles(model, sample, value, models, samples, width, dtype):
        scores = score(seen, tile, gains)
        if weights is not None:
            scores *= weights[start : start + width, None]
        yield start, scores


def _of_chances(seen: np.ndarray, passed: np.ndarray, gains: _Gains) -> np.ndarray:
    """Scores of a tile: everyone's ties with all that were seen, and what wins and defeats add to that."""
    win, lose, tie, win_extra, tie_extra = gains
    failed = seen - passed
    scores = seen @ tie.T
    scores *= seen
    for mine, others, more in ((passed, failed, win - tie), (failed, passed, lose - tie)):
        added = others @ more.T
        added *= mine
        scores += added
    if win_extra is None or tie_extra is None:
        return scores
    extra = np.einsum("si,si->s", seen, seen @ tie_extra) / 2  # every tie is met from both sides
    extra += np.einsum("si,si->s", passed, failed @ (win_extra - tie_extra).T)
    return np.column_stack([scores, extra])


def _of_order(seen: np.ndarray, values: np.ndarray, gains: _Gains) -> np.ndarray:
    """Scores of a tile of values of which only the order counts."""
    win, lose, tie, win_extra, tie_extra = gains
    value_or_nan = np.where(seen > 0, values, np.nan)  # nan neither wins nor ties
    left, right = value_or_nan[:, :, None], value_or_nan[:, None, :]
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


def _of_order_compiled(seen: np.ndarray, values: np.ndarray, gains: _Gains) -> np.ndarray:
    """The same in threads."""
    from kernels import score_loops

    win, lose, tie, win_extra, tie_extra = gains
    samples, models = seen.shape
    scores = np.zeros((samples, models + (win_extra is not None)))

    def fill(first: int, last: int) -> None:
        for span in range(first, last):
            at = slice(_SPAN * span, min(_SPAN * (span + 1), samples))
            tile = np.where(seen[at] > 0, values[at], np.nan).T.copy()
            found = np.zeros((scores.shape[1], tile.shape[1]))
            score_loops.compared(tile, win, lose, tie, found[:models])
            if win_extra is not None and tie_extra is not None:
                score_loops.compared_extra(tile, win_extra, tie_extra, found[-1])
            scores[at] = found.T

    spans = -(-samples // _SPAN)
    in_threads(fill, spans, spans)
    return scores


def unit_scores_reference(
    model: np.ndarray,
    sample: np.ndarray,
    value: np.ndarray,
    unit: np.ndarray,
    models: int,
    samples: int,
    *,
    chances: bool,
    win: np.ndarray,
    lose: np.ndarray,
    tie: np.ndarray,
    win_extra: np.ndarray | None = None,
    tie_extra: np.ndarray | None = None,
    weights: np.ndarray | None = None,
) -> np.ndarray:
    """What `unit_scores` promises, sample by sample and pair by pair."""
    weight = np.ones(samples) if weights is None else weights
    _, of = np.unique(unit, return_inverse=True)
    total = np.zeros((of[-1] + 1 if samples else 0, models + (win_extra is not None)))
    for s in range(samples):
        rows = np.flatnonzero(sample == s)
        for a in rows:
            for b in rows[model[rows] != model[a]]:
                i, j, p, q = model[a], model[b], value[a], value[b]
                won = weight[s] * (p * (1 - q) if chances else p > q)
                tied = weight[s] * (p * q + (1 - p) * (1 - q) if chances else p == q)
                total[of[s], i] += won * win[i, j] + tied * tie[i, j]
                total[of[s], j] += won * lose[j, i]
                if win_extra is not None and tie_extra is not None:
                    total[of[s], -1] += won * win_extra[i, j] + tied * tie_extra[i, j] / 2
    return total
