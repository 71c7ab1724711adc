"""Densities and idealized runtimes of a hub's models on each source that it ranks, for a snapshot."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import polars as pl

from aggregate.measurements import Measurements
from evalhub.density import densities_of, measured_in_hub
from evalhub.efficiency import read_efficiency
from evalhub.errors import EvalhubError
from evalhub.ranking import NothingMeasured, select
from evalhub.runtime.in_hub import calibration_of, ideal, load_of
from evalhub.selection import Selection
from evalhub.store.hub import Hub

SCHEMA = {
    "source": pl.String,
    "model": pl.String,
    **dict.fromkeys(("density", "density_low", "density_high"), pl.Float64),
    **dict.fromkeys(("ideal_seconds", "roofline_seconds", "ideal_cost"), pl.Float64),
    **dict.fromkeys(("ideal_per_correct", "ideal_per_correct_low", "ideal_per_correct_high"), pl.Float64),
}
"""Null: unknown, or, of an end of an interval, no bound. Idealized values are
calibrated, where runs were measured."""

_LOG = logging.getLogger("evalhub")


def efficiency_rows(hub: Hub) -> pl.DataFrame:
    """Rows of `SCHEMA`, by the hub's `efficiency.toml`; none where it names neither a ladder nor an accelerator.
    Why there are no densities on a source is logged.

    Raises:
        EvalhubError: the settings or the measured runs cannot be read.
    """
    settings = read_efficiency(hub.path)
    load = load_of(settings) if settings.accelerator else None
    calibration = calibration_of(None, hub.path, settings) if load else None
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    ranked = hub.database.execute("SELECT DISTINCT source FROM ranking ORDER BY source").fetchall()
    for (source,) in ranked if settings.ladder or load else ():
        selection = Selection(source=source)
        with suppress(NothingMeasured):
            found = select(hub, selection).measurements
            if settings.ladder:
                for name, told in _densities(hub, found, settings.ladder, source):
                    rows.setdefault((source, name), {}).update(told)
            if load:
                for one in ideal(hub, found, selection.samples(hub), [load], calibration=calibration).estimates:
                    takes = one.calibrated or one.roofline
                    rows.setdefault((source, one.model), {}).update(
                        ideal_seconds=takes.seconds,
                        roofline_seconds=one.roofline.seconds,
                        ideal_cost=takes.cost,
                        ideal_per_correct=takes.per_correct,
                        ideal_per_correct_low=takes.per_correct_low,
                        ideal_per_correct_high=takes.per_correct_high,
                    )
    return pl.DataFrame(
        [{"source": source, "model": model, **told} for (source, model), told in rows.items()], schema=SCHEMA
    )


def _densities(
    hub: Hub, found: Measurements, ladder: Sequence[str], source: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    """What is told of each model; a rung has its own size's, which is 1."""
    try:
        told = densities_of(measured_in_hub(hub, found), ladder)
    except EvalhubError as error:
        _LOG.warning("no densities on %s: %s", source or "all samples", error)
        return
    for rung in told.ladder:
        yield rung.model, {"density": 1.0, "density_low": 1.0, "density_high": 1.0}
    for one in told.models:
        middle, low, high = one.over(one.parameters)
        yield one.model, {"density": middle, "density_low": low, "density_high": high}
