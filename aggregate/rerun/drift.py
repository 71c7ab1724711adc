"""Is a new release harder or easier than the one before? A test with a known rate of false alarms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from aggregate.bootstrap import resampling_units
from aggregate.intervals import check_level
from aggregate.measurements import Measurements


@dataclass(frozen=True)
class Drift:
    """What the models that were run on both releases say."""

    change: float
    """Mean over these models of the score on the new release less that on the old one."""

    low: float
    high: float
    """Interval of that change for releases drawn without end."""

    p_value: float
    """Chance of a change as large where both releases are drawn from the same samples."""

    alarm: bool
    """Whether that chance is below `false_alarms`."""

    false_alarms: float
    """How often an alarm is false: the share of releases, drawn from the same samples, that raise one."""

    models: int


def drift(old: Measurements, new: Measurements, *, level: float = 0.95) -> Drift:
    """Test that samples of the new release are as hard as those of the old one, for the models that saw both.

    False alarms: 1 - level. Clusters are the units, samples where a release is a single cluster; those of one
    name in both releases are one, and so are samples. Each model's mean is linearised over the units, and their
    spread in each release compared by Welch's t with Satterthwaite's degrees of freedom. Assumes that clusters
    are drawn on their own; samples of one paper without a cluster to say so make false alarms.
    Raises ValueError where no model saw both, or for a level not in (0, 1).
    """
    check_level(level)
    alpha = round(1 - level, 12)
    both = sorted({*old.models} & {*new.models})
    if not both:
        raise ValueError("no model was run on both releases")
    (mean_old, part_old), (mean_new, part_new) = (_parts(release, both) for release in (old, new))
    change = mean_new - mean_old
    units = part_old.keys() | part_new.keys()
    shared = sum(part_old[unit] * part_new[unit] for unit in part_old.keys() & part_new.keys())
    squares, freedom = [], []
    for part in (part_old, part_new):
        number = len(part)
        squares.append(sum(each**2 for each in part.values()) * number / max(number - 1, 1))
        freedom.append(max(number - 1, 1))
    variance = max(sum(squares) - 2 * shared, 0.0)
    if not variance:
        # Units that all say the same cannot show how they vary.
        return Drift(change, -1.0, 1.0, 1.0, False, alpha, len(both))
    spread = sum(square**2 / df for square, df in zip(squares, freedom, strict=True))
    df = min(sum(squares) ** 2 / spread, max(len(units) - 2, 1))
    error = variance**0.5
    p_value = float(2 * special.stdtr(df, -abs(change) / error))
    half = float(special.stdtrit(df, (1 + level) / 2)) * error
    low, high = max(change - half, -1.0), min(change + half, 1.0)
    return Drift(change, low, high, p_value, p_value < alpha, alpha, len(both))


def _parts(m: Measurements, models: list[str]) -> tuple[float, dict[str, float]]:
    """The mean over models of their scores, and by how much each unit moves it."""
    wanted = np.isin(np.array(m.models), models)
    rows = wanted[m.model]
    model, sample, value = m.model[rows], m.sample[rows], m.value[rows].astype(np.float64)
    size = len(m.models)
    count = np.bincount(model, minlength=size)
    mean = np.bincount(model, value, size) / np.maximum(count, 1)
    units = resampling_units(m)
    names = m.clusters if units.number == len(m.clusters) else m.samples
    unit = units.of_sample[sample]
    moves = np.bincount(unit, (value - mean[model]) / count[model] / len(models))
    seen = np.unique(unit)
    return float(mean[wanted].mean()), {names[u]: float(moves[u]) for u in seen}
