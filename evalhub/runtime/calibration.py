"""Ceilings fitted to measured runs: how much of an accelerator software really uses.

Three numbers for all models that were run with the same software: seconds to start a layer's kernels, and the
shares of bandwidth and of operations that are reached. Squares of the errors of ln(seconds) are least; what the
runs do not tell stays at the roofline. It holds for models like those that were measured, and says how far it is
off for one of them that it has not seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evalhub.runtime.roofline import ROOFLINE, Architecture, Ceilings, Serving, decode, prefill, seconds

FEWEST = 3
"""Runs that tell three numbers."""

_STARTS = ((1e-6, 1.0, 1.0), (3e-4, 1.3, 1.5), (1e-3, 2.0, 3.0))
"""Seconds a layer, and one over the shares."""

_LEAST = (1e-9, 1.0, 1.0)
_MOST = (1.0, 1e3, 1e3)

_WEAK = 0.01
"""Weight of the roofline, as a share of a run's."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """A measured batch of attempts."""

    model: str
    architecture: Architecture
    how: Serving
    prompt: int
    output: int
    seconds: float

    def by(self, ceilings: Ceilings = ROOFLINE) -> float:
        """Seconds that it would take."""
        return seconds(self.architecture, self.how, self.prompt, self.output, ceilings)


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Fitted ceilings, and how well they do. Plain JSON by `dataclasses.asdict`."""

    ceilings: Ceilings
    runs: int

    factor: float | None
    """Half of the runs lie within this factor of what the other models' runs say; None for a single model."""


def calibrate(runs: Sequence[Run]) -> Calibration:
    """Fit the ceilings.

    Raises:
        ValueError: fewer than three runs.
    """
    if len(runs) < FEWEST:
        raise ValueError(f"{len(runs)} measured runs tell nothing: three ceilings need {FEWEST} or more")
    off = np.abs(np.log(errors(runs)))
    known = off[np.isfinite(off)]
    return Calibration(
        ceilings=fit(runs), runs=len(runs), factor=float(np.exp(np.median(known))) if known.size else None
    )


def errors(runs: Sequence[Run]) -> np.ndarray:
    """(R,) what the runs of the other models say of each run's seconds, over what was measured; NaN where these
    are too few."""
    found = np.full(len(runs), np.nan)
    for model in dict.fromkeys(run.model for run in runs):
        others = [run for run in runs if run.model != model]
        if len(others) < FEWEST:
            continue
        ceilings = fit(others)
        for place, run in enumerate(runs):
            if run.model == model:
                found[place] = run.by(ceilings) / run.seconds
    return found


def fit(runs: Sequence[Run]) -> Ceilings:
    """The ceilings of the least squares."""
    from scipy import optimize

    parts = np.array([[_parts(run, first) for run in runs] for first in (True, False)])
    times, layers, weights, compute, kept = np.moveaxis(parts, -1, 0)
    measured = np.array([run.seconds for run in runs])
    typical = float(np.median(measured / (times * layers).sum(axis=0)))

    def away(theta: np.ndarray) -> np.ndarray:
        launch, memory, operations = np.exp(theta)
        work = np.maximum(weights * memory, compute * operations) + kept * memory
        made = (times * np.maximum(launch * layers, work)).sum(axis=0)
        weak = _WEAK * np.array([launch / typical, theta[1], theta[2]])
        return np.concatenate([np.log(made / measured), weak])

    bounds = (np.log(_LEAST), np.log(_MOST))
    found = min(
        (optimize.least_squares(away, np.log(start), bounds=bounds) for start in _STARTS),
        key=lambda one: float(one.cost),
    )
    launch, memory, operations = np.exp(found.x)
    return Ceilings(launch=float(launch), memory=float(1 / memory), compute=float(1 / operations))


def _parts(run: Run, first: bool) -> tuple[float, ...]:
    """Of the pass over the prompt, or of those after it."""
    of, how = run.architecture, run.how
    one = prefill(of, how, run.prompt) if first else decode(of, how, run.prompt, run.output)
    return one.times, one.layers, one.weights, one.compute, one.kept
