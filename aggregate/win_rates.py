"""Who beats whom how often: the matrix that a heat map shows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from aggregate.measurements import Measurements
from aggregate.paired import Compared


@dataclass(frozen=True, eq=False, kw_only=True)
class WinRates:
    """Of each two of M models, in the order of the measurements' `models`."""

    rate: np.ndarray
    """(M, M): share of shared samples and votes on which i does better than j, a tie being half; NaN where there
    are none."""

    shared: np.ndarray
    """(M, M) int64: how many there are."""

    wins: np.ndarray
    """(M, M): on how many of them i beats j."""

    ties: np.ndarray
    """(M, M) symmetric: on how many they tie."""


def win_rates(results: Compared) -> WinRates:
    """Every shared sample counts once, whatever its weight; of two chances, the chance that only one passes is
    the win."""
    if isinstance(results, Measurements):
        results = replace(results, weight=np.ones(len(results.samples)))
    wins, ties = results.pairs().counts()
    half_wins = wins + ties / 2
    shared = half_wins + half_wins.T
    np.fill_diagonal(shared, 0)
    rate = np.divide(half_wins, shared, where=shared > 0, out=np.full_like(shared, np.nan))
    return WinRates(rate=rate, shared=np.rint(shared).astype(np.int64), wins=wins, ties=ties)
