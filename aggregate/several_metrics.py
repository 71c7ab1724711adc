"""Whether models were measured by unlike parts of the metrics that their samples have."""

from __future__ import annotations

import numpy as np
import polars as pl

from aggregate.measurements import Measurements

_UNLIKE = 0.1
"""Of the metrics of a model's samples, by how much more it lacks than the model that lacks least."""


def metrics_lacking(m: Measurements) -> np.ndarray:
    """(M,) of the metrics by which a model's samples were measured, the share that it has no value of.

    Only samples with several metrics count; NaN for a model that was measured on none.
    """
    models = len(m.models)
    ids = (
        shown.removesuffix(f" [{m.metrics[metric].name}]")
        for shown, metric in zip(m.samples, m.metric_of.tolist(), strict=True)
    )
    name = pl.Series(ids).rank("dense").to_numpy().astype(np.int64) - 1
    metrics = np.bincount(name)
    rows = metrics[name[m.sample]] > 1
    model = m.model[rows]
    pairs = np.unique(model.astype(np.int64) * metrics.size + name[m.sample[rows]])
    could = np.bincount(pairs // metrics.size, metrics[pairs % metrics.size], models)
    has = np.bincount(model, minlength=models)
    return np.where(could > 0, 1 - has / np.where(could > 0, could, 1), np.nan)


def lacking_metrics(m: Measurements) -> list[str]:
    """Models that lack clearly more of their samples' metrics than another does."""
    if len(m.metrics) < 2:
        return []
    lacking = metrics_lacking(m)
    more = lacking > np.nanmin(lacking, initial=1) + _UNLIKE
    return [m.models[i] for i in np.flatnonzero(more).tolist()]
