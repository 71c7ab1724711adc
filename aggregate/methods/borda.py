"""Borda: each model's mean place among those measured on the same sample."""

from __future__ import annotations

import numpy as np

from aggregate.measurements import Measurements
from aggregate.shares import ShareMethod, Shares
from aggregate.weights import by_model


class Borda(ShareMethod):
    """Score: share of a sample's other models that a model beat, a tie being half; the mean over samples.

    That is the rank on a sample, brought to [0, 1] (Borda 1781). Where all models saw all samples it equals the
    win rate; elsewhere here each sample counts the same, there each opponent.
    """

    name = "borda"
    assumes = (
        "every sample was seen by the same models, or by models picked without regard to their strength: a good "
        "place among weak models counts as much as among strong ones"
    )
    unit = "mean place on a sample, from 0 (below all others) to 1 (above all)"
    pairwise = False

    def weighed(self, measurements: Measurements) -> Measurements:
        return by_model(measurements)

    def shares(self, half_wins: np.ndarray, met: np.ndarray) -> Shares:
        total = met.sum(axis=-1, keepdims=True)
        per_sample = np.divide(1, total, where=total > 0, out=np.zeros_like(total))
        score = np.where(total > 0, half_wins.sum(axis=-1, keepdims=True) * per_sample, 0.5)
        return Shares(score[..., 0], per_sample + np.zeros_like(met), score + np.zeros_like(met))

    def caution(self, shared: Measurements, met: np.ndarray) -> list[str]:
        many = np.append(shared.observers, np.full(min(len(shared.votes.samples), 1), 2))
        if not many.size or many.min() == len(met):
            return []
        return [
            f"places among different models are not comparable: samples were seen by {many.min()} to {many.max()} "
            f"of {len(met)} models; see bradley-terry"
        ]
