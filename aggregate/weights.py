"""How much each sample counts: options that every method understands through `Measurements.weight`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from aggregate.columns import refuse
from aggregate.measurements import Measurements


def by_model(measurements: Measurements) -> Measurements:
    """Weigh a sample that k models were measured on by 1/(k-1).

    Its k(k-1)/2 pairs then count k/2, so that a sample which many models saw does not drown the others. For
    methods that compare models in pairs. Samples that one model saw alone have no pairs and keep their weight.
    """
    return replace(measurements, weight=measurements.weight / np.maximum(measurements.observers - 1, 1))


def by_source(measurements: Measurements) -> Measurements:
    """Give every source the same total weight, shared evenly by its samples. The weights still sum to S.

    Raises MeasurementsError where the samples name no source.
    """
    if not measurements.sources:
        refuse("samples name no source to balance: add a column 'source'")
    size = np.bincount(measurements.source_of, minlength=len(measurements.sources))
    share = len(measurements.samples) / (np.count_nonzero(size) * np.maximum(size, 1))
    return replace(measurements, weight=measurements.weight * share[measurements.source_of])
