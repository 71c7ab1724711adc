"""The shape of an aggregation method: what plugs into the entry-point group `evalhub.methods`."""

from __future__ import annotations

import math
from typing import Literal, Protocol, get_args

from aggregate.intervals import check_level
from aggregate.measurements import Measurements
from aggregate.ranking import Ranking

Intervals = Literal["sandwich", "bootstrap"]


class Method(Protocol):
    """A class that is made without arguments and called on measurements."""

    name: str
    """As the user types it, e.g. `bradley-terry`."""

    assumes: str
    """What must hold for the ranking to be right, in a sentence that stands on the leaderboard."""

    unit: str
    """What a score is, in words."""

    pairwise: bool
    """Whether models are compared in pairs, so that a sample which k models saw counts k(k-1)/2 times; only
    then does `aggregate.weights.by_model` mean anything."""

    def __call__(
        self,
        measurements: Measurements,
        *,
        level: float = 0.95,
        intervals: Intervals = "sandwich",
        replicates: int = 1000,
        seed: int = 0,
    ) -> Ranking:
        """Rank the models.

        level: of score intervals and rank ranges, in (0, 1). intervals: from the variance of the clusters'
        influence on the scores, or from the bootstrap of clusters; they agree, and the first is faster.
        replicates: bootstrap draws, at least 2/(1 - level). seed: the same seed and input give the same ranking.
        Raises ValueError for options out of range, MeasurementsError for input the method cannot rank.
        """
        ...


def check_options(level: float, intervals: str, replicates: int) -> None:
    """Raise ValueError for what no method takes."""
    check_level(level)
    if intervals not in get_args(Intervals):
        raise ValueError(f"intervals {intervals!r} are unknown: use 'sandwich' or 'bootstrap'")
    if intervals == "bootstrap" and replicates * (1 - level) < 2 - 1e-9:
        least = math.ceil(2 / (1 - level) - 1e-9)
        raise ValueError(
            f"{replicates} bootstrap replicates have no ends at level {level}: give {least} or more, 1000 is usual"
        )
