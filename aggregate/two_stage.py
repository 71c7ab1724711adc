"""The mean pass rate of given samples, as precise as a number of attempts allows.

A pilot of a few attempts of each sample, then the rest in proportion to sqrt(p(1-p)) (Neyman 1934): hopeless and
certain samples need few attempts, those in the middle many. Passes/attempts of both together would be biased,
since the number of attempts depends on the pilot's passes. Here the two stages' rates are weighed by numbers that
the sample's own outcomes have no part in, so that every sample's estimate is unbiased, and the mean with them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from aggregate.intervals import check_level, korn_graubard

LEAST = 2
"""Attempts of every sample in the second stage: one for an unbiased rate, two for an unbiased variance."""

_PILOTS = (2, 8)
_CONCENTRATIONS = (0.3, 20.0)
"""Bounds for how alike the samples' rates may be taken to be: the sum of their beta distribution's parameters."""

_CAUTION = 0.9
"""Share of the variance for which a second stage is planned: the interval has more in it than the variance."""


@dataclass(frozen=True, eq=False)
class SecondStage:
    """What follows a pilot of N samples."""

    attempts: np.ndarray
    """(N,) further attempts of each."""

    weight: np.ndarray
    """(N,) of the pilot in each sample's rate; no function of that sample's outcomes."""


@dataclass(frozen=True, eq=False)
class Combined:
    """What two stages say of N samples."""

    rates: np.ndarray
    """(N,) unbiased estimates; NaN where no attempt counted."""

    mean: float | None
    """Of the samples with an attempt that counted; None where there is none."""

    low: float
    high: float
    """Interval of that mean of true rates. The samples are taken as given: it is about attempts alone."""


def pilot_size(average: float) -> int:
    """Attempts of each sample in a pilot, of so many on average; 0 where they are too few for two stages."""
    if average < 2 * LEAST:
        return 0
    return int(np.clip(round(math.sqrt(average)), *_PILOTS))


def second_stage(
    passes: np.ndarray, counted: np.ndarray, *, pilot: int, total: int, width: float | None = None
) -> SecondStage:
    """Attempts that are to follow a pilot.

    passes, counted: (N,) of the pilot; counted ones are at most `pilot`, missing ones left out.
    total: attempts of both stages together, at least pilot + LEAST for each sample.
    width: of the mean's interval; then no more than it needs are planned, as far as `total` goes.

    Raises ValueError where the total does not suffice, or for a width that is none.
    """
    samples = passes.size
    rest = total - pilot * samples
    if rest < LEAST * samples:
        raise ValueError(f"{total} attempts do not suffice for two stages of {samples} samples")
    if width is not None and not 0 < width < 1:
        raise ValueError(f"a width of {width} is not between 0 and 1; 0.05 is usual")
    every = np.ones(samples, bool)
    spread = np.sqrt(_expected_variance(passes, counted))
    if width is None:
        return SecondStage(_shared(spread, rest), np.full(samples, pilot * samples / total))

    def needed(part: np.ndarray) -> float:
        own = np.sqrt(_expected_variance(passes[part], counted[part]))
        return _needed(own, pilot, samples, width, rest / samples)

    size = min(math.ceil(needed(every) * samples), rest)
    # Each half's weights come from what the other half needs, so that no sample has a part in its own.
    even = np.arange(samples) % 2 == 0
    other = np.where(even, needed(~even), needed(even))
    return SecondStage(_shared(spread, size), pilot / (pilot + other))


def combine(
    pilot: tuple[np.ndarray, np.ndarray],
    second: tuple[np.ndarray, np.ndarray],
    weight: np.ndarray,
    *,
    level: float = 0.95,
) -> Combined:
    """Rates and their mean from both stages.

    pilot, second: (passes, counted attempts), each (N,). Where a stage has no counted attempt, the other speaks
    alone: why it has none must have nothing to do with how the others ended.

    The variance is unbiased too, and goes into the interval of `aggregate.intervals.korn_graubard`, with as many
    independent units as the samples have attempts, counted by the sample that has fewest.
    """
    check_level(level)
    (x1, n1), (x2, n2) = ((np.asarray(part, np.float64) for part in stage) for stage in (pilot, second))
    weight = np.where(n2 == 0, 1.0, np.where(n1 == 0, 0.0, weight))
    rates = np.zeros(x1.shape)
    variance = np.zeros(x1.shape)
    usual = _expected_variance(x1 + x2, n1 + n2)
    for x, n, share in ((x1, n1, weight), (x2, n2, 1 - weight)):
        some = n > 0
        rate = np.divide(x, n, out=np.zeros(x.shape), where=some)
        once = np.where(n > 1, rate * (1 - rate) * n / np.maximum(n - 1, 1), usual)
        rates += share * rate
        variance += np.where(some, share**2 * once / np.maximum(n, 1), 0.0)
    known = n1 + n2 > 0
    rates[~known] = np.nan
    if not known.any():
        return Combined(rates, None, 0.0, 1.0)
    mean = float(np.clip(rates[known].mean(), 0, 1))
    units = int(known.sum() * (n1 + n2)[known].min())
    low, high = korn_graubard(
        np.array([mean]),
        np.array([variance[known].sum() / known.sum() ** 2]),
        np.array([units]),
        np.array([units]),
        level,
    )
    return Combined(rates, mean, float(low[0]), float(high[0]))


def _expected_variance(passes: np.ndarray, counted: np.ndarray) -> np.ndarray:
    """(N,) expected p(1-p), with a beta distribution of rates whose moments are those of all samples together."""
    x, n = np.asarray(passes, np.float64), np.asarray(counted, np.float64)
    mean = (x.sum() + 1) / (n.sum() + 2)
    several = n > 1
    concentration = _CONCENTRATIONS[1]
    if several.sum() > 1:
        rate = x[several] / n[several]
        noise = (rate * (1 - rate) / (n[several] - 1)).mean()
        between = rate.var(ddof=1) - noise
        if between > 0:
            concentration = mean * (1 - mean) / between - 1
    concentration = float(np.clip(concentration, *_CONCENTRATIONS))
    a, b = mean * concentration + x, (1 - mean) * concentration + n - x
    return a * b / ((a + b) * (a + b + 1))


def _shared(spread: np.ndarray, total: int) -> np.ndarray:
    """(N,) whole numbers in proportion to the spread, none below LEAST, that add up to the total."""
    exact = np.full(spread.size, float(LEAST))
    free = np.ones(spread.size, bool)
    while free.any():
        exact[free] = spread[free] * ((total - LEAST * (~free).sum()) / spread[free].sum())
        low = free & (exact < LEAST)
        if not low.any():
            break
        exact[low] = LEAST
        free &= ~low
    whole = np.floor(exact).astype(np.int64)
    left = total - int(whole.sum())
    whole[np.argsort(whole - exact, kind="stable")[:left]] += 1
    return whole


def _needed(spread: np.ndarray, pilot: int, samples: int, width: float, most: float) -> float:
    """Attempts of a sample in the second stage, on average, for an interval of the mean of that width."""
    wanted = (width / 2 / special.ndtri(0.975)) ** 2 * _CAUTION
    low, high = float(LEAST), most
    if not spread.size:
        return most
    for _ in range(40):
        middle = (low + high) / 2
        weight = pilot / (pilot + middle)
        size = np.maximum(spread * (middle / spread.mean()), LEAST)
        variance = spread**2 * (weight**2 / pilot + (1 - weight) ** 2 / size)
        if variance.mean() / samples > wanted:
            low = middle
        else:
            high = middle
    return high
