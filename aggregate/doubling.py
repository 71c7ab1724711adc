"""How fast a quantity grows over time: ln(value) as a line in the date, and the time in which the value doubles.

Assumes: models are independent draws about one exponential trend, and scatter about it alike and normally. Which
models there are is not asked: a pool that holds early models only as small ones shows another trend.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from scipy import stats

FEWEST = 6
"""Models from which on a trend is told."""

_YEAR = 365.25


@dataclass(frozen=True, kw_only=True)
class Doubling:
    """A trend over models."""

    models: int

    per_year: float
    """The factor by which the value grows in a year."""

    low: float
    high: float

    days: float | None
    """In which the value doubles; None where it does not grow."""

    days_low: float | None
    days_high: float | None
    """None where the interval of `per_year` holds trends that do not grow: no time is too long."""


def doubling(released: Sequence[date], values: Sequence[float], level: float) -> Doubling | None:
    """The trend of positive values over dates, by least squares with Student's t; None for fewer than `FEWEST`
    models, or for a single day."""
    day = np.array([one.toordinal() for one in released], float)
    if len(day) < FEWEST or np.ptp(day) == 0:
        return None
    fit = stats.linregress(day / _YEAR, np.log(np.asarray(values, float)))
    away = float(stats.t.ppf((1 + level) / 2, len(day) - 2) * fit.stderr)
    slope, low, high = float(fit.slope), float(fit.slope) - away, float(fit.slope) + away

    def days(rate: float) -> float | None:
        return float(np.log(2) / rate * _YEAR) if rate > 0 else None

    return Doubling(
        models=len(day),
        per_year=float(np.exp(slope)),
        low=float(np.exp(low)),
        high=float(np.exp(high)),
        days=days(slope),
        days_low=days(high),
        days_high=days(low),
    )
