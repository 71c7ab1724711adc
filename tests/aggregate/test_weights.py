"""Weights of samples: one pair-count for all samples, one weight for all sources."""

from __future__ import annotations

import polars as pl
import pytest

from aggregate.measurements import Measurements, MeasurementsError
from aggregate.weights import by_model, by_source

FRAME = pl.DataFrame(
    {
        "model": ["a", "b", "c", "a", "b", "a"],
        "sample": ["1", "1", "1", "2", "2", "3"],
        "value": [1, 0, 1, 1, 0, 1],
        "source": ["x", "x", "x", "x", "x", "y"],
    }
)


def test_a_sample_of_k_models_weighs_1_over_k_minus_1() -> None:
    assert by_model(Measurements.from_frame(FRAME)).weight.tolist() == [0.5, 1, 1]


def test_sources_weigh_the_same_together_and_all_weights_sum_to_the_samples() -> None:
    assert by_source(Measurements.from_frame(FRAME)).weight.tolist() == [0.75, 0.75, 1.5]


def test_both_multiply_and_a_source_that_was_left_out_takes_no_weight() -> None:
    m = Measurements.from_frame(FRAME)
    assert by_source(by_model(m)).weight.tolist() == [0.375, 0.75, 1.5]
    assert by_source(m.of_samples(m.observers > 1)).weight.tolist() == [1, 1]


def test_samples_without_a_source_cannot_be_balanced() -> None:
    with pytest.raises(MeasurementsError, match="add a column 'source'"):
        by_source(Measurements.from_frame(FRAME.drop("source")))
