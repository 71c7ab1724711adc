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


FRAME = pl.DataFrame({"model": "a", "sample": ["1", "2", "3"], "value": [0, 1, 1], "cluster": ["k", "l", "k"]})
VOTES = pl.DataFrame(
    {
        "model_a": ["a", "b", "a"],
        "model_b": ["b", "c", "b"],
        "outcome": ["a", "b", "tie"],
        "sample": ["4", "4", "1"],
        "cluster": ["m", "m", "k"],
    }
)


def test_units_are_clusters_and_samples_where_all_share_one() -> None:
    units = resampling_units(Measurements.from_frame(FRAME))
    assert units.of_sample.tolist() == [0, 0, 1] and units.number == 2  # samples come by cluster
    assert units.per_model.tolist() == [2]
    units = resampling_units(Measurements.from_frame(FRAME.with_columns(cluster=pl.lit("k"))))
    assert units.of_sample.tolist() == [0, 1, 2] and units.number == 3 and units.per_model.tolist() == [3]


def test_votes_are_drawn_with_the_samples_of_their_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    m = Measurements.from_frame(FRAME, VOTES)
    for cells in (2**20, 1):
        monkeypatch.setattr(aggregate.bootstrap, "_BATCH_CELLS", cells)
        units = resampling_units(m)
        assert units.of_sample.tolist() == [0, 0, 1] and units.of_vote.tolist() == [2, 2, 0]
        assert units.number == 3 and units.per_model.tolist() == [3, 2, 1]
    one = pl.lit("k")
    units = resampling_units(
        Measurements.from_frame(FRAME.with_columns(cluster=one), VOTES.with_columns(cluster=one))
    )
    assert units.of_vote.tolist() == [4, 4, 3] and units.number == 5 and units.per_model.tolist() == [5, 2, 1]
