"""Input at its ends: every method gives a ranking that makes sense, or says in a line why there is none."""

from __future__ import annotations

import math
from importlib.metadata import entry_points

import numpy as np
import polars as pl
import pytest

from aggregate.measurements import Measurements, MeasurementsError

METHODS = {entry.name: entry.load()() for entry in entry_points(group="evalhub.methods")}


def values(rows: np.ndarray) -> pl.DataFrame:
    """Models down, samples across."""
    models, samples = rows.shape
    return pl.DataFrame(
        {
            "model": [f"m{model}" for model in range(models) for _ in range(samples)],
            "sample": [f"s{sample}" for _ in range(models) for sample in range(samples)],
            "value": rows.ravel(),
        }
    )


def rates(passes: list[list[int]], attempts: int) -> pl.DataFrame:
    counts = np.array(passes)
    return values(counts / attempts).with_columns(
        passes=pl.Series(counts.ravel()), attempts=pl.lit(attempts, pl.Int64)
    )


def votes(a: str, b: str, outcome: str, times: int) -> pl.DataFrame:
    return pl.DataFrame({"model_a": [a] * times, "model_b": [b] * times, "outcome": [outcome] * times})


CASES = {
    "one model": values(np.array([[0.0, 1.0, 1.0]])),
    "one sample": values(np.array([[1.0], [0.0], [1.0]])),
    "one of each": values(np.array([[1.0]])),
    "one wins all": values(np.array([[1.0] * 9, [0.0] * 9])),
    "all pass": values(np.ones((3, 5))),
    "all fail": values(np.zeros((3, 5))),
    "a model without a value": values(np.array([[1.0, 0.0], [np.nan, np.nan]])),
    "no two on one sample": values(np.array([[1.0, np.nan], [np.nan, 0.0]])),
    "huge values": values(np.array([[1e29, -1e29], [1e29, 1e-300]])),
    "values that hardly differ": values(np.array([[1.0, 1.0 + 2**-52], [1.0, 1.0]])),
    "a billion attempts, all alike": rates([[10**9 // 2] * 3, [10**9 // 2] * 3], 10**9),
    "a billion attempts, one apart": rates([[0, 1], [1, 0]], 10**9),
    "only ties": votes("a", "b", "tie", 500),
    "only wins": votes("a", "b", "a", 500),
    "a circle": pl.concat([votes("a", "b", "a", 3), votes("b", "c", "a", 3), votes("c", "a", "a", 3)]),
}
NOTHING = {
    "no rows": values(np.ones((1, 1))).head(0),
    "no value": values(np.full((2, 3), np.nan)),
    "an infinite value": values(np.array([[np.inf, 1.0], [0.0, 1.0]])),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS.keys())
def test_a_ranking_that_makes_sense_or_a_line(method: object, case: str) -> None:
    measurements = Measurements.from_frame(CASES[case])
    try:
        ranking = method(measurements)  # type: ignore[operator]
    except MeasurementsError as error:
        assert str(error) and "\n" not in str(error)
        return
    assert sorted(row.model for row in ranking.models) == sorted(measurements.models)
    for row in ranking.models:
        assert math.isfinite(row.score) and row.low <= row.score <= row.high, row
        assert 1 <= row.rank_low <= row.rank <= row.rank_high <= len(ranking.models), row
    assert [row.score for row in ranking.models] == sorted((row.score for row in ranking.models), reverse=True)


@pytest.mark.parametrize("case", NOTHING)
def test_nothing_to_rank_is_said(case: str) -> None:
    with pytest.raises(MeasurementsError) as caught:
        Measurements.from_frame(NOTHING[case])
    assert "\n" not in str(caught.value)
