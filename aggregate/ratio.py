"""The interval of a ratio of sums: bits per byte over texts, a mean of numbers over samples."""

from __future__ import annotations

import numpy as np
from scipy import special

from aggregate.intervals import check_level, cluster_variance


def ratio_interval(
    sums: np.ndarray, counts: np.ndarray, clusters: np.ndarray, level: float = 0.95
) -> tuple[float, float, float]:
    """A ratio of sums with its interval, linearised over clusters, by Student's distribution.

    sums, counts: (n,) for each sample, what is summed (bits) and what for (bytes; 1 for a mean).
    clusters: (n,) labels of any sortable type: samples of one label are not independent.
    Returns ratio, low, high; low and high are NaN where there is one cluster only, which tells nothing of others.

    Raises ValueError for no samples, counts that are not above 0, a level not in (0, 1).
    """
    check_level(level)
    if not sums.size or not (counts > 0).all():
        raise ValueError("there must be samples, and their counts above 0")
    labels, cluster = np.unique(clusters, return_inverse=True)
    ratio = float(sums.sum() / counts.sum())
    if labels.size < 2:
        return ratio, float("nan"), float("nan")
    variance = cluster_variance(
        np.bincount(cluster, weights=sums),
        np.bincount(cluster, weights=counts),
        np.zeros(labels.size, np.int64),
        1,
    )
    half = float(special.stdtrit(labels.size - 1, (1 + level) / 2) * np.sqrt(variance[0]))
    return ratio, ratio - half, ratio + half
