"""The axis of a chart of intervals: wide enough for most rows, so that one that knows next to nothing does not
squeeze the others into dots."""

from __future__ import annotations

import numpy as np
import polars as pl

_FEW = 3
"""Rows below which all are drawn whole: there is no most of them."""

_WIDE = 5
"""An interval of more than so many times the median width does not set the axis."""

_ROOM = 0.5
"""What goes beyond the others by less than this share of their width is drawn whole."""

_WORTH = 4
"""Nothing is cut unless the whole is so many times as wide as what most rows need."""


def axis_ends(rows: pl.DataFrame) -> tuple[float, float]:
    """Where the axis of rows with score, low and high begins and ends; 0 and 1 where they have no number.

    Numbers may be infinite, NaN or null. Where all lie in [0, 1], as those of pass rates, nothing is cut.
    """
    table = rows.select(pl.col("score", "low", "high").cast(pl.Float64).fill_null(np.nan)).to_numpy()
    finite = table[np.isfinite(table)]
    if not finite.size:
        return 0.0, 1.0
    least, most = float(finite.min()), float(finite.max())
    bounded = table[np.isfinite(table).all(axis=1)]
    if len(bounded) < _FEW or 0 <= least <= most <= 1:
        return least, most
    usual = _usual(bounded)
    low, high = usual.min(), usual.max()
    if most - least <= _WORTH * (high - low):
        return least, most
    room = _ROOM * (high - low)
    near = finite[(finite >= low - room) & (finite <= high + room)]
    return float(near.min()), float(near.max())


def _usual(bounded: np.ndarray) -> np.ndarray:
    """Those of the rows whose intervals are not much wider than the median one."""
    width = bounded[:, 2] - bounded[:, 1]
    known = np.sort(width[width > 0])
    if not known.size:
        return bounded
    found: np.ndarray = bounded[width <= _WIDE * known[(known.size - 1) // 2]]
    return found
