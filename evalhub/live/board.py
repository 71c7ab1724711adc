"""Releases side by side for the leaderboard: everyone's scores on one scale, and whether a month is harder."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date
from itertools import pairwise

import polars as pl

from aggregate.measurements import Measurements, MeasurementsError
from aggregate.rerun.anchor import anchor
from aggregate.rerun.scores import check_chances
from evalhub.errors import EvalhubError
from evalhub.live.months import Month
from evalhub.live.release import Release
from evalhub.store.hub import Hub
from evalhub.store.releases import releases
from evalhub.store.results import measurement_frame
from evalhub.store.wanted import Wanted
from evalhub.wording import BASELINE

LEVEL = 0.95
"""Of all intervals; alarms are false in the rest of the cases."""

SCORES = {
    "release": pl.String,
    "place": pl.Int64,
    "model": pl.String,
    **dict.fromkeys(("score", "low", "high", "anchored", "anchored_low", "anchored_high"), pl.Float64),
    "samples": pl.Int64,
}

CHANGES = {
    **dict.fromkeys(("old", "new"), pl.String),
    **dict.fromkeys(("change", "low", "high", "p_value", "false_alarms"), pl.Float64),
    "alarm": pl.Boolean,
    "models": pl.Int64,
}


@dataclass(frozen=True)
class SideBySide:
    """Releases on which something can be compared, in order of time."""

    scores: pl.DataFrame
    """`SCORES`; place: of the release, from 0. See `aggregate.rerun.anchor.AnchoredScore`."""

    changes: pl.DataFrame
    """`CHANGES`, a row for each two neighbours, in order. Where no model was run on both, models is 0 and the rest
    null. See `aggregate.rerun.drift.Drift`."""


def side_by_side(hub: Hub) -> SideBySide:
    """What models score on the releases of a hub.

    A release on which no model has values in [0, 1] of one metric is left out.
    """
    names, measured = [], []
    for one in sorted(releases(hub), key=lambda one: (_begins(one), one.name)):
        frame = measurement_frame(hub, Wanted.of_source(one.source))
        frame = frame.filter(~pl.col("model_id").str.starts_with(BASELINE))
        if not frame["value"].count():
            continue
        with suppress(MeasurementsError):
            found = Measurements.from_frame(frame)
            check_chances(found)
            names.append(one.name)
            measured.append(found)
    made = anchor(measured, level=LEVEL)
    scores = [{**asdict(row), "release": names[row.release], "place": row.release} for row in made.scores]
    changes = [
        {"old": old, "new": new, **(asdict(found) if found else {"models": 0})}
        for (old, new), found in zip(pairwise(names), made.changes, strict=True)
    ]
    return SideBySide(pl.DataFrame(scores, schema=SCORES), pl.DataFrame(changes, schema=CHANGES))


def _begins(release: Release) -> date:
    """Its month's first day; where it is not called by a month, that on which it was frozen."""
    with suppress(EvalhubError):
        return Month.read(release.name).first
    return release.frozen_at.date()
