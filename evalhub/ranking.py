"""Rankings of what a hub or a file holds."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from aggregate.measurements import Measurements
from aggregate.ranking import Ranking
from evalhub import plugins
from evalhub.errors import EvalhubError
from evalhub.result_files import frames
from evalhub.store.hub import Hub
from evalhub.store.results import measurement_frame, save_ranking
from evalhub.store.samples import sources

DEFAULT = "auto"

PUBLISHED = (DEFAULT, "mean", "bradley-terry")
"""What a board shows side by side: each fails where the others do not, so that a reader sees what depends on
the method."""

_NOTHING = "nothing is measured yet: run evalhub score MODEL first"


def rank_hub(hub: Hub, method: str = DEFAULT, source: str = "") -> Ranking:
    """Rank every measured model over a source's samples, or over the whole pool, and keep the ranking.

    Raises:
        EvalhubError: nothing is measured there, or there is no such source or method.
    """
    known = sources(hub)
    if source and source not in known:
        raise EvalhubError(f"the pool has no source '{source}'; it has {', '.join(known) or 'no samples yet'}")
    frame = measurement_frame(hub, source)
    if not frame["value"].count():
        raise EvalhubError(_NOTHING)
    return _rank_and_keep(hub, frame, method, source)


def rank_everything(hub: Hub) -> int:
    """Rank the pool and each measured source by the methods of a board. Returns the number of rankings."""
    made = 0
    for source in ("", *sources(hub)):
        frame = measurement_frame(hub, source)
        if frame["value"].count():
            for method in PUBLISHED:
                _rank_and_keep(hub, frame, method, source)
                made += 1
        elif not source:
            raise EvalhubError(_NOTHING)
    return made


def _rank_and_keep(hub: Hub, frame: pl.DataFrame, method: str, source: str) -> Ranking:
    ranking: Ranking = plugins.make("method", method)(Measurements.from_frame(frame))
    save_ranking(hub, ranking, source, frame)
    return ranking


def rank_file(path: Path, method: str = DEFAULT) -> Ranking:
    """Rank a Parquet, CSV or JSONL file in long form: model, sample, value; optional cluster, passes, attempts.

    Raises:
        EvalhubError: the file cannot be read.
        aggregate.measurements.MeasurementsError: its content cannot be ranked.
    """
    ranking: Ranking = plugins.make("method", method)(Measurements.from_frames(frames(path)))
    return ranking
