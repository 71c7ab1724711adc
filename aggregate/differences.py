"""How much higher one model's values are than another's on the samples that both were measured on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from aggregate.intervals import check_level, cluster_variance, korn_graubard

_ROUNDING = 1e-12
"""Of the largest value: errors below are those of arithmetic, not of samples."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Differences:
    """Of each of G groups of samples; all arrays are (G,)."""

    difference: np.ndarray
    """Mean of a - b; of pass rates in [-1, 1]."""

    low: np.ndarray
    high: np.ndarray
    """Ends of each group's own interval: they do not hold for all groups at once. NaN where there is none."""

    samples: np.ndarray

    clusters: np.ndarray
    """What decides the width."""


def differences(
    a: np.ndarray, b: np.ndarray, cluster: np.ndarray, group: np.ndarray, level: float = 0.95
) -> Differences:
    """Mean differences of paired pass rates, by group.

    a, b: (n,) the two models' rates in [0, 1] of the same samples; missing ones must be left out.
    cluster: (n,) index of each sample's cluster. Clusters are independent, samples of one are not.
    group: (n,) index 0..G-1 of the sample's group; each has a sample. A sample of several groups stands in
    several rows, and no group holds it twice.

    (a - b + 1)/2 lies in [0, 1], so that the interval is that of `korn_graubard`, stretched to [-1, 1]: it pairs
    the samples, and never collapses where all differences seen are equal.

    Raises ValueError for values outside [0, 1] or NaN, shapes that differ, or a group without samples.
    """
    if not a.shape == b.shape == cluster.shape == group.shape or a.ndim != 1:
        raise ValueError("rates, clusters and groups must be lists of one length")
    if not all(((rates >= 0) & (rates <= 1)).all() for rates in (a, b)):
        raise ValueError("rates must lie in [0, 1]; leave missing ones out")
    samples = np.bincount(group)
    if not samples.all():
        raise ValueError("a group without samples has no difference")
    cells, cell = np.unique(np.stack([group, cluster]), axis=1, return_inverse=True)
    sums, counts = np.bincount(cell, weights=(a - b + 1) / 2), np.bincount(cell)
    mean = np.bincount(cells[0], weights=sums) / samples
    variance = cluster_variance(sums, counts, cells[0], samples.size)
    clusters = np.bincount(cells[0])
    low, high = korn_graubard(mean, variance, samples, clusters, level)
    return Differences(
        difference=2 * mean - 1, low=2 * low - 1, high=2 * high - 1, samples=samples, clusters=clusters
    )


def differences_of_numbers(
    a: np.ndarray, b: np.ndarray, cluster: np.ndarray, group: np.ndarray, level: float = 0.95
) -> Differences:
    """The same of values of any size, with Student's interval for a mean over clusters.

    It assumes that the clusters' sums are about normal: no interval holds for values that may be of any size. One
    cluster, or clusters that all differ by the same, say nothing of the spread and have no interval.

    Raises ValueError for values that are not finite, shapes that differ, or a group without samples.
    """
    check_level(level)
    if not a.shape == b.shape == cluster.shape == group.shape or a.ndim != 1:
        raise ValueError("values, clusters and groups must be lists of one length")
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise ValueError("values must be numbers; leave missing ones out")
    samples = np.bincount(group)
    if not samples.all():
        raise ValueError("a group without samples has no difference")
    cells, cell = np.unique(np.stack([group, cluster]), axis=1, return_inverse=True)
    sums, counts = np.bincount(cell, weights=a.astype(np.float64) - b), np.bincount(cell)
    difference = np.bincount(cells[0], weights=sums) / samples
    error = np.sqrt(cluster_variance(sums, counts, cells[0], samples.size))
    clusters = np.bincount(cells[0])
    largest = np.zeros(samples.size)
    np.maximum.at(largest, group, np.maximum(np.abs(a), np.abs(b)))
    told = error > _ROUNDING * largest
    width = np.where(told, error * special.stdtrit(np.maximum(clusters - 1, 1), (1 + level) / 2), np.nan)
    return Differences(
        difference=difference,
        low=difference - width,
        high=difference + width,
        samples=samples,
        clusters=clusters,
    )
