"""The units that intervals rest on, and the bootstrap that draws them again with all models' results on them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from aggregate.measurements import Measurements

# Numbers held at once by one batch of weights or of what a caller makes from them.
_BATCH_CELLS = 2**23


class Units(NamedTuple):
    """What is drawn as a whole."""

    of_sample: np.ndarray
    """(S,) index of each sample's unit, never falling."""

    of_vote: np.ndarray
    """(V,) index of each vote's unit."""

    number: int

    per_model: np.ndarray
    """(M,) units in which each model has a value or a vote."""


def resampling_units(measurements: Measurements) -> Units:
    """The clusters. If all samples are in one cluster, its samples are the units: the intervals then speak
    about this cluster only, which `caveats.few_units` says."""
    of_sample, of_vote = measurements.cluster_of, measurements.votes.cluster
    number = len(measurements.clusters)
    if number < 2:
        of_sample = np.arange(len(measurements.samples))
        of_vote = len(measurements.samples) + measurements.votes.sample
        number = measurements.sample_count
    return Units(of_sample, of_vote, number, _per_model(measurements, of_sample, of_vote, number))


def _per_model(m: Measurements, of_sample: np.ndarray, of_vote: np.ndarray, number: int) -> np.ndarray:
    models = len(m.models)
    if number == len(m.samples) and not of_vote.size:
        return m.samples_per_model
    total = np.zeros(models, np.int64)
    votes = np.argsort(of_vote, kind="stable")
    width = max(1, _BATCH_CELLS // models)
    starts = np.arange(0, number + width, width)
    rows = np.searchsorted(m.sample, np.searchsorted(of_sample, starts))
    voted = np.searchsorted(of_vote[votes], starts)
    for k, start in enumerate(starts[:-1]):
        seen = np.zeros((min(width, number - start), models), bool)
        part, vote = slice(rows[k], rows[k + 1]), votes[voted[k] : voted[k + 1]]
        seen[of_sample[m.sample[part]] - start, m.model[part]] = True
        for side in (m.votes.first, m.votes.second):
            seen[of_vote[vote] - start, side[vote]] = True
        total += seen.sum(axis=0)
    return total


def cluster_weights(units: int, replicates: int, seed: int, cells: int = 1) -> Iterator[np.ndarray]:
    """Batches (b, units) of float64 weights, how often each unit is drawn; `replicates` rows in all.

    cells: numbers that the caller makes per replicate beyond the weights, to bound the size of a batch;
    the rows do not depend on it.
    """
    rng = np.random.default_rng(seed)
    batch = max(1, _BATCH_CELLS // max(units, cells))
    for start in range(0, replicates, batch):
        size = min(batch, replicates - start)
        drawn = rng.integers(max(units, 1), size=(size, units))
        drawn += np.arange(size)[:, None] * units
        yield np.bincount(drawn.ravel(), minlength=size * units).reshape(size, units).astype(np.float64)


def weighed_means(
    value: np.ndarray, cluster: np.ndarray, draws: int, rng: np.random.Generator, *, tossed: float = 1.0
) -> Iterator[np.ndarray]:
    """Batches (b, M) of means of M models' values (M, S) over clusters (S,) with random weights; `draws` in all.

    The clusters are weighed as a posterior over those that might have been drawn (Bayesian bootstrap; Rubin 1981,
    Ann. Statist. 9:130), with one more cluster of `tossed` samples, whose values are coin tosses between the
    least and the greatest value, so that a handful of samples on which all agree is not certainty.
    """
    of = np.unique(cluster, return_inverse=True)[1]
    number = int(of.max()) + 1
    sums = np.stack([np.bincount(of, row, number) for row in value], axis=1)
    counts = np.bincount(of, minlength=number)
    ends = np.array([value.min(), value.max()])
    batch = max(1, _BATCH_CELLS // max(number, len(value)))
    for start in range(0, draws, batch):
        size = min(batch, draws - start)
        weight = rng.standard_gamma(1.0, (size, number))
        extra = tossed * rng.standard_gamma(1.0, (size, 1))
        toss = ends[rng.integers(2, size=(size, len(value)))]
        yield (weight @ sums + extra * toss) / (weight @ counts[:, None] + extra)
