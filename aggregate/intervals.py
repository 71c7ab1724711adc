"""The interval of a mean of values in [0, 1] over few clusters. It never collapses to a point.

Sampling more samples or more attempts would both move the mean; where a value is a sample's pass rate,
the spread between clusters holds both, so that nothing has to be added for the attempts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special


@dataclass(frozen=True)
class Interval:
    """A mean and where the true mean may lie."""

    mean: float
    low: float
    high: float

    n: int
    """Values."""

    clusters: int
    """Clusters that the values come from: the number that decides the width."""


def mean_interval(values: np.ndarray, clusters: np.ndarray, level: float = 0.95) -> Interval:
    """Mean of values in [0, 1] with the interval of `korn_graubard`.

    values: (n,) numbers in [0, 1], e.g. 0/1 or each sample's pass rate. Missing ones must be left out.
    clusters: (n,) labels of any sortable type: values of one label are not independent. Give every value
    a label of its own where they are.

    Raises ValueError for no values, values outside [0, 1] or NaN, shapes that differ, a level not in (0, 1).
    """
    values = np.asarray(values, dtype=np.float64)
    labels, cluster = np.unique(np.asarray(clusters), return_inverse=True)
    if values.ndim != 1 or cluster.shape != values.shape:
        raise ValueError(f"values {values.shape} and clusters {cluster.shape} must be two lists of one length")
    if not values.size:
        raise ValueError("no values: the mean of nothing has no interval")
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError("values must lie in [0, 1]; leave missing ones out and rescale others")
    mean = float(values.mean())
    sums, counts = np.bincount(cluster, weights=values), np.bincount(cluster)
    variance = cluster_variance(sums, counts, np.zeros(labels.size, np.int64), 1)
    low, high = korn_graubard(np.array([mean]), variance, np.array([values.size]), np.array([labels.size]), level)
    return Interval(mean, float(low[0]), float(high[0]), values.size, labels.size)


def cluster_variance(sums: np.ndarray, counts: np.ndarray, of: np.ndarray, means: int) -> np.ndarray:
    """Variances of several means (ratios of sums to counts), linearised over clusters.

    sums, counts, of: (K,) for each cluster in which a mean has values, their sum, their number (above 0)
    and the index of the mean they belong to. means: how many there are.
    Returns (means,): C/(C-1) sum_c (sum_c - mean count_c)^2 / n^2 (Korn & Graubard 1998, with-replacement
    form); 0 where there is only one cluster.
    """
    n = np.bincount(of, weights=counts, minlength=means)
    clusters = np.bincount(of, minlength=means)
    mean = np.bincount(of, weights=sums, minlength=means) / n
    squares = np.bincount(of, weights=(sums - mean[of] * counts) ** 2, minlength=means)
    return squares / n**2 * clusters / np.maximum(clusters - 1, 1)


def korn_graubard(
    mean: np.ndarray, variance: np.ndarray, samples: np.ndarray, clusters: np.ndarray, level: float
) -> tuple[np.ndarray, np.ndarray]:
    """Ends (low, high) of the intervals of M means of values in [0, 1]; all arguments but level are (M,).

    An effective sample size mean(1-mean)/variance, corrected for the degrees of freedom, is put into the
    Clopper-Pearson interval (Korn & Graubard 1998, Survey Methodology 24:193-201). The ends then move out,
    where need be, to the exact bound for what C clusters cannot have shown: a share 1-(a/2)^(1/C) of the
    clusters may differ from all those seen, by as much as [0, 1] allows. At zero variance this is all there
    is, and it stops a lucky run of similar clusters from giving a needle.
    """
    check_level(level)
    tail = (1 - level) / 2
    unseen = -np.expm1(np.log(tail) / clusters)
    low, high = mean * (1 - unseen), mean + (1 - mean) * unseen

    spread = np.flatnonzero((variance > 0) & (clusters > 1) & (mean > 0) & (mean < 1))
    if spread.size:
        m, c, n = mean[spread], clusters[spread], samples[spread]
        effective = m * (1 - m) / variance[spread]
        effective *= (special.stdtrit(n - 1, 1 - tail) / special.stdtrit(c - 1, 1 - tail)) ** 2
        # Beyond this the Beta quantiles lose precision, and the bound above decides anyway.
        effective = np.minimum(effective, 1e9)
        low[spread] = np.minimum(low[spread], special.betaincinv(m * effective, (1 - m) * effective + 1, tail))
        high[spread] = np.maximum(
            high[spread], special.betaincinv(m * effective + 1, (1 - m) * effective, 1 - tail)
        )
    return low, high


def small_sample_factor(clusters: np.ndarray, level: float) -> np.ndarray:
    """How much wider than the bootstrap's spread an interval from so few clusters must be; any shape.

    sqrt(C/(C-1)) because the bootstrap divides by C, times Student's over the normal quantile. Below two
    clusters nothing can be said; there the factor of two is used, and the caller warns.
    """
    check_level(level)
    c = np.maximum(clusters, 2)
    tail = (1 - level) / 2
    return np.sqrt(c / (c - 1)) * special.stdtrit(c - 1, 1 - tail) / special.ndtri(1 - tail)


def check_level(level: float) -> None:
    """Raise ValueError unless 0 < level < 1."""
    if not 0 < level < 1:
        raise ValueError(f"level {level} is not between 0 and 1; 0.95 is usual")
