"""The cluster bootstrap: whole clusters are drawn again, with all models' results on them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from aggregate.measurements import Measurements

# Numbers held at once by one batch of weights or of what a caller makes from them.
_BATCH_CELLS = 2**23


def resampling_units(measurements: Measurements) -> tuple[np.ndarray, int]:
    """(S,) index of the unit that each sample is drawn with, and how many units there are.

    The units are the clusters. If all samples are in one cluster, its samples are: the intervals then
    speak about this cluster only, which `caveats.few_units` says.
    """
    if len(measurements.clusters) > 1:
        return measurements.cluster_of, len(measurements.clusters)
    return np.arange(len(measurements.samples)), len(measurements.samples)


def cluster_weights(units: int, replicates: int, seed: int, cells: int = 1) -> Iterator[np.ndarray]:
    """Batches (b, units) of float64 weights, how often each unit is drawn; `replicates` rows in all.

    cells: numbers that the caller makes per replicate beyond the weights, to bound the size of a batch;
    the rows do not depend on it. Raises ValueError for fewer than 2 replicates.
    """
    if replicates < 2:
        raise ValueError(f"{replicates} bootstrap replicates say nothing about spread; 1000 is usual")
    rng = np.random.default_rng(seed)
    batch = max(1, _BATCH_CELLS // max(units, cells))
    for start in range(0, replicates, batch):
        size = min(batch, replicates - start)
        drawn = rng.integers(max(units, 1), size=(size, units))
        drawn += np.arange(size)[:, None] * units
        yield np.bincount(drawn.ravel(), minlength=size * units).reshape(size, units).astype(np.float64)
