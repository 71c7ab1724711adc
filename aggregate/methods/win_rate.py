"""Win rate: the share of comparisons won, averaged over the opponents."""

from __future__ import annotations

import numpy as np

from aggregate.measurements import Measurements
from aggregate.shares import ShareMethod, Shares


class WinRate(ShareMethod):
    """Score: share won against each model met on a sample, a tie being half a win; the mean over these models."""

    name = "win-rate"
    assumes = (
        "every model met the same opponents on the same samples, or whom it met on what has nothing to do with "
        "the model; a win over a weak model counts as much as one over a strong one"
    )
    unit = "mean share of samples won against another model, a tie being half a win"
    pairwise = True

    def shares(self, half_wins: np.ndarray, met: np.ndarray) -> Shares:
        seen = met > 0
        per_pair = np.divide(1, met, where=seen, out=np.zeros_like(met))
        opponents = np.maximum(seen.sum(axis=-1, keepdims=True), 1)
        expected = half_wins * per_pair
        score = np.where(seen.any(axis=-1), expected.sum(axis=-1) / opponents[..., 0], 0.5)
        # Pairs that met n times have shown too little of how they vary: half a win and half a loss stand beside
        # what was seen, and deviations count (n+1)/n.
        return Shares(score, per_pair * (1 + per_pair) / opponents, (half_wins + 0.5) / (met + 1))

    def caution(self, shared: Measurements, met: np.ndarray) -> list[str]:
        opponents = (met > 0).sum(axis=1)
        if not shared.sample_count or opponents.min() == len(shared.models) - 1:
            return []
        return [
            f"win rates against different opponents are not comparable: models met {opponents.min()} to "
            f"{opponents.max()} of {len(shared.models) - 1} others; see bradley-terry"
        ]
