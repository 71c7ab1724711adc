"""Were models measured on the same part of the pool? Whether pairs of them share samples as by chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aggregate.bootstrap import resampling_units
from aggregate.measurements import Measurements

_MOST_SAMPLES = 50_000
"""About as many samples are looked at, picked by resampling unit; more tell nothing new."""

_CHUNK_CELLS = 2**23

_SURE = 4.0
"""Standard errors above chance ..."""

_MATTERS = 0.25
"""... and share of the overlap to be expected by which pairs must differ, for parts to be unlike."""


@dataclass(frozen=True)
class Overlap:
    """How the numbers of samples that pairs of models share differ from what chance would give."""

    spread: float
    """Standard deviation over pairs beyond chance, as a share of what chance gives; 0 if there is none."""

    excess: float
    """The same in standard errors under chance."""

    @property
    def unlike(self) -> bool:
        """Whether models were measured on unlike parts of the pool, surely and so that it matters."""
        return self.excess > _SURE and self.spread > _MATTERS


def overlap(measurements: Measurements) -> Overlap:
    """Compare the samples that pairs of models share with those that they would share by chance.

    By chance: each model measured on samples of a tag with a rate of its own, a sample by as many models as it
    may. With O shared and n_t, n'_t measured of the S_t samples of a tag, E = sum n_t n'_t / S_t, and
    V = sum S_t r (1 - r) r' (1 - r'), r the rates, times a factor for clusters measured as a whole. The sum of
    (O - E)^2 / V over pairs, less a common multiple of E for samples measured more than others, is compared with
    a chi-squared's mean and variance, that of a count added.
    """
    m = measurements
    models, samples = len(m.models), len(m.samples)
    if models < 3 or not m.value.size:
        return Overlap(0.0, 0.0)
    units = resampling_units(m)
    picked = np.random.default_rng(0).random(units.number) < _MOST_SAMPLES / samples
    if not picked.all():
        m = m.of_samples(picked[units.of_sample])
        units = resampling_units(m)
    tags, tag_of = _tags(m)
    measured = np.zeros((tags, models))
    np.add.at(measured, (tag_of[m.sample], m.model), 1)
    size = np.maximum(np.bincount(tag_of, minlength=tags), 1)[:, None]
    rate = measured / size
    product, square = np.zeros((models, models)), np.zeros((models, models))
    width = max(1, _CHUNK_CELLS // models)
    for begin in range(0, units.number, width):
        first, last = np.searchsorted(units.of_sample, [begin, begin + width])
        rows = slice(*np.searchsorted(m.sample, [first, last]))
        each = -rate[tag_of[first:last]]
        each[m.sample[rows] - first, m.model[rows]] += 1
        away = np.zeros((min(width, units.number - begin), models))
        np.add.at(away, units.of_sample[first:last] - begin, each)
        product += away.T @ away
        square += (away**2).T @ away**2
    pairs = np.triu_indices(models, 1)
    expected = (measured.T @ (measured / size))[pairs]
    variance = ((rate * (1 - rate)).T @ (size * rate * (1 - rate)))[pairs]
    told = variance > 1e-9 * samples
    if told.sum() < 2:
        return Overlap(0.0, 0.0)
    expected, variance, beyond = expected[told], variance[told], product[pairs][told]
    variance = variance * (square[pairs][told].sum() / variance.sum())
    beyond = beyond - expected * (beyond @ (expected / variance)) / (expected @ (expected / variance))
    chance = np.sqrt((2 + 1 / variance).sum())
    excess = ((beyond**2 / variance).sum() - (told.sum() - 1)) / chance
    spread = np.sqrt(max((beyond**2 - variance).sum(), 0) / (expected**2).sum())
    return Overlap(float(spread), float(excess))


def _tags(m: Measurements) -> tuple[int, np.ndarray]:
    """Number of tags and the tag of each sample, 0 where there are none."""
    if len(m.tags) < 2:
        return 1, np.zeros(len(m.samples), np.int64)
    return len(m.tags), m.tag_of
