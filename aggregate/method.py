"""The shape of an aggregation method: what plugs into the entry-point group `evalhub.methods`."""

from __future__ import annotations

from typing import Protocol

from aggregate.measurements import Measurements
from aggregate.ranking import Ranking


class Method(Protocol):
    """A class that is made without arguments and called on measurements."""

    name: str
    """As the user types it, e.g. `bradley-terry`."""

    assumes: str
    """What must hold for the ranking to be right, in a sentence that stands on the leaderboard."""

    unit: str
    """What a score is, in words."""

    def __call__(
        self, measurements: Measurements, *, level: float = 0.95, replicates: int = 1000, seed: int = 0
    ) -> Ranking:
        """Rank the models.

        level: of score intervals and rank ranges, in (0, 1). replicates: bootstrap draws, 2 or more.
        seed: the same seed and input give the same ranking.
        Raises ValueError for options out of range, MeasurementsError for input the method cannot rank.
        """
        ...
