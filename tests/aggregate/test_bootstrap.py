"""The bootstrap weights: right sums, the same rows however they are batched."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import aggregate.bootstrap
from aggregate.bootstrap import cluster_weights, resampling_units
from aggregate.measurements import Measurements


def test_every_replicate_draws_as_many_units_as_there_are() -> None:
    weights = np.concatenate(list(cluster_weights(30, 2000, seed=1)))
    assert weights.shape == (2000, 30) and (weights.sum(axis=1) == 30).all()
    assert weights.mean() == 1 and weights.var() == pytest.approx(29 / 30, abs=0.03)


def test_rows_depend_on_the_seed_and_not_on_the_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = np.concatenate(list(cluster_weights(7, 50, seed=3)))
    monkeypatch.setattr(aggregate.bootstrap, "_BATCH_CELLS", 40)
    batches = list(cluster_weights(7, 50, seed=3, cells=13))
    assert len(batches) == 17 and (np.concatenate(batches) == whole).all()
    assert (np.concatenate(list(cluster_weights(7, 50, seed=4))) != whole).any()


def test_one_replicate_is_refused() -> None:
    with pytest.raises(ValueError, match="1 bootstrap replicates"):
        next(cluster_weights(5, 1, seed=0))


def test_units_are_clusters_and_samples_where_all_share_one() -> None:
    frame = pl.DataFrame({"model": "a", "sample": ["1", "2", "3"], "value": [0, 1, 1], "cluster": ["k", "l", "k"]})
    units, many = resampling_units(Measurements.from_frame(frame))
    assert units.tolist() == [0, 0, 1] and many == 2  # samples come by cluster
    units, many = resampling_units(Measurements.from_frame(frame.with_columns(cluster=pl.lit("k"))))
    assert units.tolist() == [0, 1, 2] and many == 3
