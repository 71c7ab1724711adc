"""What is measured and voted of a selection, frame by frame: as text, a large hub does not fit into memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

from evalhub.store.hub import Hub
from evalhub.store.results import measurement_frames, vote_frame
from evalhub.store.wanted import Wanted


@dataclass
class SelectedFrames:
    """Frames for `Measurements.from_frames`, read as they are asked for, once."""

    hub: Hub
    wanted: Wanted

    metric: str
    """'' for the main one of each output. Votes are by no metric."""

    _told: list[pl.Series] = field(default_factory=list)
    """Samples with a value or an outcome, of each frame that went by."""

    def __iter__(self) -> Iterator[pl.DataFrame]:
        """Those of values, where any row has a value, then that of votes, where any has an outcome."""
        waiting: list[pl.DataFrame] = []
        valued = False
        for frame in measurement_frames(self.hub, self.wanted, self.metric):
            valued |= self._tell(frame, "value")
            waiting.append(frame)
            if valued:
                yield from waiting
                waiting.clear()
        if not self.metric:
            votes = vote_frame(self.hub, self.wanted)
            if self._tell(votes, "outcome"):
                yield votes

    def _tell(self, frame: pl.DataFrame, column: str) -> bool:
        told = frame.drop_nulls(column)["sample"].unique()
        self._told.append(told)
        return not told.is_empty()

    @property
    def told(self) -> int:
        """Samples with a value or an outcome in what was read."""
        return pl.concat(self._told).n_unique()
