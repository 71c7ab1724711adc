"""Idealized runtimes and costs of a hub's models, for the prompts and outputs that they had."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aggregate.intervals import mean_interval
from aggregate.measurements import Measurements
from evalhub.efficiency import RUNS, Efficiency
from evalhub.errors import EvalhubError
from evalhub.runtime.accelerators import accelerator
from evalhub.runtime.calibration import FEWEST, Calibration, calibrate
from evalhub.runtime.estimate import Estimate, Load, PassRate, estimate
from evalhub.runtime.roofline import Architecture
from evalhub.runtime.runs import read_runs
from evalhub.store.chosen import model_ids
from evalhub.store.costs import attempt_tokens
from evalhub.store.hub import Hub
from evalhub.store.model_columns import known_models
from evalhub.store.shapes import Shape, shapes
from evalhub.store.wanted import Wanted
from evalhub.wording import is_baseline
from ingest.records import Model

TOKENS = "how many tokens its attempts had"
"""What may not be known of a model whose results were imported."""


@dataclass(frozen=True, kw_only=True)
class Ideal:
    """What of a hub's models can be said."""

    estimates: tuple[Estimate, ...]

    unknown: dict[str, str]
    """Models with what is not known of them."""


def load_of(settings: Efficiency) -> Load:
    """How models are run, by a hub's settings, which name an accelerator.

    Raises:
        EvalhubError: there is no such accelerator.
    """
    return Load(
        accelerator=accelerator(settings.accelerator, settings.accelerators),
        count=settings.count,
        dtype=settings.dtype,
        batch=settings.batch,
        price=settings.price,
    )


def calibration_of(path: Path | None, hub: Path, settings: Efficiency) -> Calibration | None:
    """Ceilings by the runs in a file, by default the hub's; None where it has none.

    Raises:
        EvalhubError: the file cannot be read, or has too few.
    """
    if path is None and not (hub / RUNS).exists():
        return None
    path = path or hub / RUNS
    runs = read_runs(path, settings.accelerators)
    if len(runs) < FEWEST:
        raise EvalhubError(f"{path} has {len(runs)} measured runs: {FEWEST} or more tell how much is reached")
    return calibrate(runs)


def ideal(
    hub: Hub,
    measurements: Measurements,
    wanted: Wanted,
    loads: Sequence[Load],
    *,
    calibration: Calibration | None = None,
    prompt: int | None = None,
    output: int | None = None,
    level: float = 0.9,
) -> Ideal:
    """Estimates of measured models on the wanted samples, by the mean tokens of their attempts there, or by these
    of prompt and output."""
    facts, shaped, ids = known_models(hub), shapes(hub), model_ids(hub)
    tokens = attempt_tokens(hub, wanted)
    rated = len(measurements.metrics) == 1 and measurements.metrics[0].kind == "binary"
    found, unknown = [], {}
    for place, name in enumerate(measurements.models):
        model_id = ids.get(name, name)
        if is_baseline(model_id):
            continue
        of, lacking = _architecture(facts.get(model_id), shaped.get(model_id))
        before, after = (
            given or (None if mean is None else max(1, round(mean)))
            for given, mean in zip((prompt, output), tokens.get(model_id, (None, None)), strict=True)
        )
        if of is None:
            unknown[name] = lacking
        elif before is None or after is None:
            unknown[name] = TOKENS
        else:
            rate = _rate(measurements, place, level) if rated else None
            found += [
                estimate(name, of, load, before, after, calibration=calibration, rate=rate) for load in loads
            ]
    return Ideal(estimates=tuple(found), unknown=unknown)


def _architecture(known: Model | None, shape: Shape | None) -> tuple[Architecture | None, str]:
    """What a model is made of; or None, and what is not known of it."""
    if known is None or not known.parameters:
        return None, "its number of weights"
    if shape is None or not (shape.layers and shape.query_width and shape.kv_width):
        return None, "its architecture"
    return Architecture(
        parameters=known.parameters,
        active=min(known.parameters, shape.active_parameters or known.parameters),
        layers=shape.layers,
        query_width=shape.query_width,
        kv_width=shape.kv_width,
    ), ""


def _rate(of: Measurements, place: int, level: float) -> PassRate | None:
    rows = np.flatnonzero(of.model == place)
    if not rows.size:  # there are only votes on it
        return None
    found = mean_interval(of.value[rows].astype(float), of.cluster_of[of.sample[rows]], level)
    return PassRate(rate=found.mean, low=found.low, high=found.high)
