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
from kernels.products import plain_product, product
from kernels.score_tiles import Gains, tile_scores
from kernels.threads import in_threads
from kernels.tiles import in_range, tiles

# Numbers in one tile: it stays small beside the input, and its products stay in the cache.
_TILE_CELLS = 2**18

# Seconds that plain numpy may take before numba, which takes .3 s to load, is asked.
_PATIENCE = 0.3

# Nanoseconds that the large routes take for two models and a sample, and for two rows of a sample.
_PRODUCTS, _COMPARED, _TWO_ROWS = 0.22, 0.3, 3.0


class _Table(NamedTuple):
    """The arguments of `score_covariance`, checked, or those of some of its samples."""

    model: np.ndarray
    sample: np.ndarray
    value: np.ndarray
    unit: np.ndarray  # of all samples, as the weights
    weights: np.ndarray | None
    models: int
    samples: range
    chances: bool
    gains: Gains

    @property
    def size(self) -> int:
        """P, the length of a score."""
        return self.models + (self.gains.win_extra is not None)


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

    Never holds more than a tile of samples densely. Raises ValueError for units or weights of another
    length than S, samples or units that fall, or one extra without the other; IndexError for indices
    out of range.
    """
    gains = _gains(win, lose, tie, win_extra, tie_extra)
    table = _table(model, sample, value, unit, weights, models, samples, chances, gains)
    table = table._replace(chances=chances or are_bits(value))  # of 0 and 1, both say the same
    if _seconds(table) <= _PATIENCE or not len(model):
        return _by_tiles(table, compiled=False)
    cells = samples * models**2 / 2
    few_rows = comparisons(sample) * _TWO_ROWS < cells * (_PRODUCTS if table.chances else _COMPARED)

    pieces = _pieces(table)

    def multiply(first: int, last: int) -> np.ndarray:
        (sample_from, row_from), (sample_to, row_to) = pieces[first], pieces[last]
        rows = slice(row_from, row_to)
        part = table._replace(
            model=model[rows], sample=sample[rows], value=value[rows], samples=range(sample_from, sample_to)
        )
        return _by_rows(part) if few_rows else _by_tiles(part, compiled=True)

    most = max(1, len(model) // max(2**16, models**2))
    return np.array(in_threads(multiply, len(pieces) - 1, most)).sum(axis=0)


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
    table = _table(model, sample, value, unit, weights, models, samples, chances, gains)
    _, of = np.unique(unit, return_inverse=True)
    total = np.zeros((of[-1] + 1 if samples else 0, table.size))
    for start, scores in _sample_scores(table, compiled=False):
        np.add.at(total, of[start : start + len(scores)], scores)
    return total


def _gains(
    win: np.ndarray,
    lose: np.ndarray,
    tie: np.ndarray,
    win_extra: np.ndarray | None,
    tie_extra: np.ndarray | None,
) -> Gains:
    if (win_extra is None) != (tie_extra is None):
        raise ValueError("give both win_extra and tie_extra, or none of them")
    others = ~np.eye(len(win), dtype=bool)
    if win_extra is None or tie_extra is None:
        return Gains(win * others, lose * others, tie * others, None, None)
    return Gains(win * others, lose * others, tie * others, win_extra * others, tie_extra * others)


def _table(
    model: np.ndarray,
    sample: np.ndarray,
    value: np.ndarray,
    unit: np.ndarray,
    weights: np.ndarray | None,
    models: int,
    samples: int,
    chances: bool,
    gains: Gains,
) -> _Table:
    if not is_sorted(sample):
        raise ValueError("rows are not sorted by sample")
    in_range(sample[[0, -1]] if len(sample) else sample, samples)
    if len(unit) != samples:
        raise ValueError(f"units are for {len(unit)} samples, not {samples}")
    if not is_sorted(unit):
        raise ValueError("units fall: number the samples so that those of a unit are neighbours")
    if weights is not None and len(weights) != samples:
        raise ValueError(f"weights are for {len(weights)} samples, not {samples}")
    weights = None if weights is None else np.asarray(weights, np.float64)
    return _Table(model, sample, value, unit, weights, models, range(samples), chances, gains)


def _seconds(table: _Table) -> float:
    """About how long `_by_tiles` takes with plain numpy."""
    each_row, each_cell = (20e-9, 0.15e-9) if table.chances else (40e-9, 6e-9)
    return each_row * len(table.model) + each_cell * len(table.samples) * table.models**2


def _pieces(table: _Table) -> list[tuple[int, int]]:
    """(first sample, first row) of runs of whole units with about as many rows each, and the end."""
    rows = np.linspace(0, len(table.sample), 64, endpoint=False).astype(np.int64)
    firsts = np.flatnonzero(np.diff(table.unit, prepend=table.unit[0] - 1))
    firsts = np.unique(firsts[np.searchsorted(firsts, table.sample[rows], "right") - 1])
    edges = np.searchsorted(table.sample, firsts.astype(table.sample.dtype))
    return [*zip(firsts.tolist(), edges.tolist(), strict=True), (len(table.samples), len(table.sample))]


def _by_tiles(table: _Table, *, compiled: bool) -> np.ndarray:
    """The sum of products of the units' scores; a unit may lie across tiles."""
    multiply = product if compiled else plain_product
    total, open_unit, previous = np.zeros((table.size, table.size)), np.zeros(table.size), None
    for start, scores in _sample_scores(table, compiled=compiled):
        of = table.unit[start : start + len(scores)]
        first = np.flatnonzero(np.diff(of, prepend=of[0] - 1))
        sums = scores if first.size == of.size else np.add.reduceat(scores, first, axis=0)
        if of[0] == previous:
            sums[0] += open_unit
        else:
            total += np.outer(open_unit, open_unit)
        total += multiply(sums[:-1], sums[:-1])
        open_unit, previous = sums[-1].copy(), of[-1]
    return total + np.outer(open_unit, open_unit)


def _sample_scores(table: _Table, *, compiled: bool) -> Iterator[tuple[int, np.ndarray]]:
    """(first sample, scores (width, P)) of a tile of samples at a time."""
    if compiled:
        width = 8 * min(2**10, max(8, 2**13 // table.models))
    else:
        width = max(16, _TILE_CELLS // (table.models if table.chances else table.models**2))
    rows = table.model, table.sample, table.value, table.models, table.samples
    for start, seen, tile in tiles(*rows, width, compiled=compiled):
        scores = tile_scores(seen, tile, table.gains, chances=table.chances, compiled=compiled)
        if table.weights is not None:
            scores *= table.weights[start : start + width, None]
        yield start, scores


def _by_rows(table: _Table) -> np.ndarray:
    """The same where samples have few rows: pair by pair of rows."""
    from kernels import score_loops

    in_range(table.model, table.models)
    win, lose, tie, win_extra, tie_extra = table.gains
    outcomes, extra = np.stack([lose, tie, win]), None
    if win_extra is not None and tie_extra is not None:
        extra = np.stack([win_extra.T, tie_extra, win_extra])
    total = np.zeros((table.size, table.size))
    score_loops.by_rows(*table[:5], table.chances, outcomes, extra, total)
    return total + total.T


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
