"""Items of measurements: a sample under one metric, from the rows that speak of it."""

from __future__ import annotations

import numpy as np

from aggregate.columns import refuse, renumber
from aggregate.measurements import Metric

# Rows that are compared at once.
_STEP = 2**20


def items_of(
    sample: np.ndarray, metric: np.ndarray | None, samples: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(R,) each row's item, and (S,) the sample and the metric of each item. May use the room of `sample`."""
    if metric is None:
        here = np.zeros(samples, bool)
        here[sample] = True
        if not here.all():
            renumber(sample, (np.cumsum(here) - 1).astype(np.int32))
        kept = np.flatnonzero(here).astype(np.int32)
        return sample, kept, np.zeros(kept.size, np.int32)
    metrics = int(metric.max()) + 1
    cells, item = np.unique(sample.astype(np.int64) * metrics + metric, return_inverse=True)
    return item.astype(np.int32), (cells // metrics).astype(np.int32), (cells % metrics).astype(np.int32)


def order_of(cluster: np.ndarray, sample: np.ndarray, metric: np.ndarray) -> np.ndarray | None:
    """The order of items by cluster, sample and metric; None where they stand so."""
    if (cluster[1:] > cluster[:-1]).all():
        return None
    return np.lexsort((metric, sample, cluster))


def shown_as(
    ids: tuple[str, ...], sample: np.ndarray, metrics: tuple[Metric, ...], metric: np.ndarray
) -> tuple[str, ...]:
    """What items are called: the sample and, where there are several metrics, which one."""
    if len(metrics) > 1:
        both = zip(sample.tolist(), metric.tolist(), strict=True)
        return tuple(f"{ids[s]} [{metrics[m].name}]" for s, m in both)
    if sample.size == len(ids) and (sample[1:] > sample[:-1]).all():
        return ids
    return tuple(ids[s] for s in sample.tolist())


def label_of_items(
    label: str, codes: np.ndarray, item: np.ndarray, ids: tuple[str, ...], sample: np.ndarray
) -> np.ndarray:
    """(S,) code of each item's label, -1 for none. All rows of an item must agree."""
    found = np.full(sample.size, -1, np.int32)
    found[item] = codes
    for start in range(0, item.size, _STEP):
        part = slice(start, start + _STEP)
        torn = np.flatnonzero(found[item[part]] != codes[part])
        if torn.size:
            refuse(f"sample {ids[sample[item[part][torn[0]]]]!r} is in two {label}s: give every sample one")
    return found


def refuse_repeated(item: np.ndarray, model: np.ndarray, shown: tuple[str, ...], models: tuple[str, ...]) -> None:
    again, last = 0, -1
    for start in range(0, item.size - 1, _STEP):
        s, m = item[start : start + _STEP + 1], model[start : start + _STEP + 1]
        found = np.flatnonzero((s[1:] == s[:-1]) & (m[1:] == m[:-1]))
        if found.size:
            again, last = again + found.size, start + int(found[-1])
    if again:
        refuse(
            f"{again} repeated measurements, e.g. model {models[model[last]]!r} on sample {shown[item[last]]!r}: "
            f"keep one row a cell (one metric, one condition) or average them"
        )
