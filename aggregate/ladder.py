"""The curve of score over size that a ladder of models draws, and the size at which it reaches a score.

Mean rates that never fall with size (isotonic regression over the rungs), joined by lines in logit(rate) and
ln(size). Many resamples of the same ladder are turned round at once.
"""

from __future__ import annotations

import numpy as np
from scipy import special


def rising(rates: np.ndarray) -> np.ndarray:
    """(B, L) the nearest rates that never fall from left to right, of each row (B, L): least squares, by the
    formula of the largest of the smallest means (Robertson, Wright & Dykstra 1988, section 1.4)."""
    number = rates.shape[1]
    total = np.concatenate([np.zeros((len(rates), 1)), np.cumsum(rates, axis=1)], axis=1)
    mean = np.full((number, number, len(rates)), np.inf)
    for first in range(number):
        for last in range(first, number):
            mean[first, last] = (total[:, last + 1] - total[:, first]) / (last + 1 - first)
    found = np.empty_like(rates)
    for place in range(number):
        found[:, place] = mean[: place + 1, place:].min(axis=1).max(axis=0)
    return found


def reached(ladder: np.ndarray, x: np.ndarray, score: np.ndarray, samples: int) -> np.ndarray:
    """(B,) where on x the ladder first reaches a score; -inf where it is above it everywhere, inf where nowhere.

    ladder: (B, L) mean rates. x: (L,) ascending, the logarithms of sizes. score: (B,) mean rates. samples: behind
    a mean; rates nearer to 0 or 1 than half a pass of them count as so near.
    """
    edge = 0.5 / (samples + 1)
    y, s = rising(ladder), np.asarray(score)[:, None]
    below = (y < s - 1e-12).sum(axis=1)
    up = np.clip(below, 1, len(x) - 1)
    rows = np.arange(len(y))
    three = y[rows, up - 1], y[rows, up], s[:, 0]
    left, right, at = (special.logit(np.clip(one, edge, 1 - edge)) for one in three)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(right > left, (at - left) / (right - left), 1.0)
    # A score that the smallest model has already is first reached there.
    share = np.where(below == 0, 0.0, np.clip(share, 0, 1))
    found = x[up - 1] + share * (x[up] - x[up - 1])
    found = np.where(below == len(x), np.inf, found)
    return np.where(s[:, 0] < y[:, 0] - 1e-12, -np.inf, found)


def span(x: np.ndarray, draws: np.ndarray, level: float) -> tuple[float | None, float | None]:
    """The interval of a place on x (L,), ascending, from draws (B,) of it, which may be infinite; None where the
    ladder knows no bound. One that lies beyond an end as a whole is bounded by that end."""
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2], method="closest_observation")
    return (
        None if low == -np.inf else float(min(low, x[-1])),
        None if high == np.inf else float(max(high, x[0])),
    )
