"""Rankings of what a hub or files hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from aggregate.agreement import agreement
from aggregate.measurements import Measurements
from aggregate.method import Intervals
from aggregate.ranking import Ranking
from aggregate.weights import by_model, by_source
from evalhub import plugins
from evalhub.errors import EvalhubError
from evalhub.file_measurements import read_files
from evalhub.store.hub import Hub
from evalhub.store.results import measurement_frame, save_ranking
from evalhub.store.samples import sources

DEFAULT = "auto"

PUBLISHED = (DEFAULT, "mean", "bradley-terry")
"""What a board shows side by side: each fails where the others do not, so that a reader sees what depends on
the method."""

_NOTHING = "nothing is measured yet: run evalhub score MODEL first"


@dataclass(frozen=True, kw_only=True)
class HowToRank:
    """The method and what it is told."""

    method: str = DEFAULT
    level: float = 0.95
    intervals: Intervals = "sandwich"
    replicates: int = 1000
    seed: int = 0

    balance_sources: bool = False
    """Every source has the same weight."""

    balance_pairs: bool = False
    """A sample that k models saw weighs 1/(k-1); for methods that compare models in pairs."""

    def rank(self, measurements: Measurements) -> Ranking:
        """Rank the models.

        Raises:
            EvalhubError: there is no such method, or it does not compare models in pairs and is to balance them.
            MeasurementsError: it cannot rank these measurements.
        """
        method = plugins.make("method", self.method)
        if self.balance_sources:
            measurements = by_source(measurements)
        if self.balance_pairs:
            if not method.pairwise:
                raise EvalhubError(
                    f"{self.method} does not compare models in pairs, so that there are none to balance; "
                    f"bradley-terry does"
                )
            measurements = by_model(measurements)
        ranking: Ranking = method(
            measurements, level=self.level, intervals=self.intervals, replicates=self.replicates, seed=self.seed
        )
        return ranking


def hub_frame(hub: Hub, source: str = "") -> pl.DataFrame:
    """The measurements of a source's samples, or of the whole pool.

    Raises:
        EvalhubError: nothing is measured there, or there is no such source.
    """
    known = sources(hub)
    if source and source not in known:
        raise EvalhubError(f"the pool has no source '{source}'; it has {', '.join(known) or 'no samples yet'}")
    frame = measurement_frame(hub, source)
    if not frame["value"].count():
        raise EvalhubError(_NOTHING)
    return frame


def rank_hub(hub: Hub, method: str = DEFAULT, source: str = "") -> Ranking:
    """Rank every measured model over a source's samples, or over the whole pool, and keep the ranking.

    Raises:
        EvalhubError: nothing is measured there, or there is no such source or method.
    """
    frame = hub_frame(hub, source)
    ranking = HowToRank(method=method).rank(Measurements.from_frame(frame))
    save_ranking(hub, ranking, source, frame)
    return ranking


def rank_everything(hub: Hub) -> int:
    """Rank the pool and each measured source by the methods of a board. Returns the number of rankings.

    Where methods contradict each other, the default one's ranking says so.
    """
    made = 0
    for source in ("", *sources(hub)):
        frame = measurement_frame(hub, source)
        if frame["value"].count():
            measurements = Measurements.from_frame(frame)
            first, *others = (HowToRank(method=method).rank(measurements) for method in PUBLISHED)
            for ranking in (agreement([first, *others]).warned(), *others):
                save_ranking(hub, ranking, source, frame)
                made += 1
        elif not source:
            raise EvalhubError(_NOTHING)
    return made


def rank_files(paths: Sequence[Path], method: str = DEFAULT) -> Ranking:
    """Rank what Parquet, CSV or JSONL files hold in long form: see `evalhub.file_measurements.read_files`.

    Raises:
        EvalhubError: a file cannot be read.
        aggregate.measurements.MeasurementsError: their content cannot be ranked.
    """
    measurements, _ = read_files(paths)
    return HowToRank(method=method).rank(measurements)
