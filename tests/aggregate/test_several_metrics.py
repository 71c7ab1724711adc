"""A strict metric that only some models were measured by looks like a weak model: readers are told."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from aggregate.measurements import Measurements
from aggregate.methods.bradley_terry import BradleyTerry
from aggregate.several_metrics import lacking_metrics, metrics_lacking


def judged(judges: dict[str, str], samples: int = 20) -> Measurements:
    """judges: by model, a letter for each."""
    rows = [
        {"model": model, "sample": f"s{s}", "metric": f"judge {judge}", "value": (s * 7 + len(model)) % 10 / 3}
        for model, letters in judges.items()
        for judge in letters
        for s in range(samples)
    ]
    return Measurements.from_frame(pl.DataFrame(rows))


def test_models_that_lack_a_metric_of_their_samples_are_named() -> None:
    m = judged({"both": "xy", "too": "xy", "x alone": "x"})
    np.testing.assert_allclose(metrics_lacking(m), [0, 0, 0.5])
    (warning,) = (line for line in BradleyTerry()(m).warnings if "several metrics" in line)
    assert "judge x, judge y" in warning and "(x alone)" in warning and "--metric NAME" in warning


@pytest.mark.parametrize(
    "judges", [{"a": "x", "b": "x"}, {"a": "xy", "b": "xy"}, {"a": "xyz", "b": "xyz", "c": "xyz"}]
)
def test_nothing_is_said_where_all_have_the_same(judges: dict[str, str]) -> None:
    assert lacking_metrics(judged(judges)) == []


def test_samples_of_one_metric_each_say_nothing() -> None:
    """A pool whose sources have a metric each: nobody lacks one, whatever sources a model has seen."""
    here = pl.DataFrame({"model": ["a", "b"], "sample": ["s", "s"], "metric": ["x", "x"], "value": [0.1, 2.0]})
    there = pl.DataFrame({"model": ["a"], "sample": ["t"], "metric": ["y"], "value": [3.0]})
    m = Measurements.from_frame(pl.concat([here, there]))
    assert np.isnan(metrics_lacking(m)).all() and lacking_metrics(m) == []
