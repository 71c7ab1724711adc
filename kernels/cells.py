"""Rows brought into the order of their samples and, within a sample, of their models."""

from __future__ import annotations

import numpy as np

from kernels.order import Grouped, grouped
from kernels.threads import in_threads

# Rows that plain numpy sorts before numba, which takes .3 s to load, is asked.
_PATIENCE = 2**20

# Rows that one thread works on at least.
_ROWS = 2**18


def in_order(model: np.ndarray, sample: np.ndarray) -> bool:
    """Whether rows are sorted by sample, then model. A cell may occur again."""
    step = 2**20
    for a in range(0, len(sample) - 1, step):
        s, m = sample[a : a + step + 1], model[a : a + step + 1]
        if not ((s[1:] > s[:-1]) | ((s[1:] == s[:-1]) & (m[1:] >= m[:-1]))).all():
            return False
    return True


def sort_rows(rows: dict[str, np.ndarray], models: int, samples: int, *, patience: int = _PATIENCE) -> None:
    """Replace the columns, (R,) each, by sorted ones: by sample, then model; equal cells stay in their order.

    rows: `model` and `sample` are indices below `models` and `samples`; the others go along. Columns are taken
    out of it as soon as they are not needed, so that at most one more copy of all is held. patience: rows up to
    which plain numpy sorts. Raises IndexError for indices out of range.
    """
    model, sample = rows["model"], rows["sample"]
    if in_order(model, sample):
        return
    if len(model) <= patience:
        order = np.lexsort((model, sample))
        for name in list(rows):
            rows[name] = rows[name][order]
        return
    others = [name for name in rows if name not in ("model", "sample")]
    alone = others[0] if len(others) == 1 else None
    given = (
        rows.pop(alone) if alone else np.arange(len(model), dtype=np.uint32 if len(model) < 2**32 else np.int64)
    )
    types = model.dtype, sample.dtype
    groups = grouped(model, sample, given, models, samples)
    del given, model, sample, rows["model"], rows["sample"]
    rows["model"], rows["sample"], given = _sorted_groups(groups, models, *types)
    if alone:
        rows[alone] = given
    else:
        for name in others:
            rows[name] = rows[name][given]


def _sorted_groups(
    rows: Grouped, models: int, model: np.dtype, sample: np.dtype
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(model, sample, value) of rows that are grouped by sample, sorted within each group."""
    from kernels import cell_loops

    by_model, by_sample = np.empty(len(rows.key), model), np.empty(len(rows.key), sample)
    value = np.empty_like(rows.value)
    largest = int(np.diff(rows.edges).max())

    def sort(first: int, last: int) -> None:
        starts = np.zeros(max(2**rows.shift, models) + 1, np.int64)
        room = np.empty(largest, rows.key.dtype), np.empty(largest, value.dtype)
        for g in range(first, last):
            at = slice(rows.edges[g], rows.edges[g + 1])
            given = rows.key[at], rows.value[at], rows.shift, g << rows.shift, starts, models
            cell_loops.sort(*given, *room, by_model[at], by_sample[at], value[at])

    groups = len(rows.edges) - 1
    in_threads(sort, groups, max(1, len(rows.key) // _ROWS))
    return by_model, by_sample, value
