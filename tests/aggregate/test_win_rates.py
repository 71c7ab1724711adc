"""The matrix of who beats whom."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from aggregate.measurements import Measurements
from aggregate.win_rates import win_rates
from tests.aggregate.tables import table


def test_a_tie_is_half_a_win_on_shared_samples_only() -> None:
    found = win_rates(table({"a": [1, 1, 0, 1, None], "b": [0, 1, 1, 0, 1], "c": [None] * 4 + [1]}))
    assert found.shared.tolist() == [[0, 4, 0], [4, 0, 1], [0, 1, 0]]
    assert found.rate[0, 1] == 0.625 and found.rate[1, 0] == 0.375 and found.rate[1, 2] == 0.5
    assert np.isnan(found.rate[0, 2]) and np.isnan(found.rate.diagonal()).all()


def test_weights_change_nothing() -> None:
    m = table({"a": [1, 1, 0], "b": [0, 0, 1]})
    assert (win_rates(replace(m, weight=np.array([9.0, 1, 1]))).shared == win_rates(m).shared).all()


def test_votes_and_values_count_together_and_down_is_better() -> None:
    values = pl.DataFrame({"model": ["a", "b"], "sample": ["1", "1"], "value": [2.5, 7.0]})
    votes = pl.DataFrame({"model_a": ["a"], "model_b": ["b"], "outcome": ["b"]})
    found = win_rates(Measurements.from_frame(values, votes, direction="down"))
    assert found.shared[0, 1] == 2 and found.rate[0, 1] == 0.5
