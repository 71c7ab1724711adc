"""The test of biased coverage: right level whatever the values' model, and power where coverage leans."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from aggregate.coverage import coverage_test
from aggregate.measurements import Measurements


def pool(rng: np.random.Generator, models: int, samples: int) -> np.ndarray:
    """(models, samples) 0/1 of a world that is no Rasch model: two skills, guessing, unlike sharpness."""
    skill, need = rng.normal(size=(models, 2)), rng.normal(size=(samples, 2))
    sharp = np.exp(0.8 * rng.normal(size=samples))
    u = sharp * (skill @ need.T - rng.normal(size=samples))
    return (rng.random(u.shape) < 0.2 + 0.8 / (1 + np.exp(-u))).astype(float)


def measured(value: np.ndarray, keep: np.ndarray, size: int = 1) -> Measurements:
    model, sample = np.nonzero(keep)
    return Measurements.from_frame(
        pl.DataFrame({"model": model, "sample": sample, "cluster": sample // size, "value": value[model, sample]})
    )


def leaning(value: np.ndarray, rng: np.random.Generator, seen: float) -> np.ndarray:
    ease = value.mean(axis=0)
    ease = (ease - ease.mean()) / ease.std()
    wish = np.exp(rng.normal(size=(len(value), 1)) * ease)
    return rng.random(value.shape) < seen * wish / wish.mean(axis=1, keepdims=True)


@pytest.mark.parametrize(("seen", "size"), [(0.05, 1), (0.3, 1), (0.9, 1), (0.3, 5)])
def test_it_rejects_unbiased_coverage_as_rarely_as_it_says(seen: float, size: int) -> None:
    rng = np.random.default_rng([int(100 * seen), size])
    p_values = []
    for _ in range(150):
        value = pool(rng, 8, 600)
        p_values.append(coverage_test(measured(value, rng.random(value.shape) < seen, size)).p_value)
    found = np.array(p_values, float)
    assert np.mean(found < 0.05) <= 0.1 and np.mean(found < 0.01) <= 0.035 and 0.4 < np.median(found) < 0.65


def test_it_sees_leaning_coverage_and_says_who_leans_where() -> None:
    rng = np.random.default_rng(4)
    value = pool(rng, 8, 2000)
    keep = rng.random(value.shape) < 0.3
    keep[2] &= (value.mean(axis=0) > 0.5) | (rng.random(2000) < 0.3)
    test = coverage_test(measured(value, keep))
    assert test.p_value is not None and test.p_value < 1e-4
    assert np.nanargmax(np.abs(test.statistic)) == 2 and 0.05 < test.lean[2] < 0.4
    p_values = [coverage_test(measured(value, leaning(value, rng, 0.1))).p_value for _ in range(10)]
    assert max(p for p in p_values if p is not None) < 0.01


def test_full_coverage_cannot_lean() -> None:
    rng = np.random.default_rng(5)
    value = pool(rng, 5, 200)
    test = coverage_test(measured(value, np.ones_like(value, bool)))
    assert test.p_value == 1 and np.nanmax(np.abs(test.lean)) < 1e-6


def test_too_little_to_tell_and_nothing_shared() -> None:
    value = np.array([[1.0, 0, 1, 1], [0, 0, 1, 0]])
    assert coverage_test(measured(value, np.ones_like(value, bool))).p_value is None
    apart = np.array([[True, True, False, False], [False, False, True, True]])
    test = coverage_test(measured(value, apart))
    assert test.p_value is None and np.isnan(test.lean).all()
    assert coverage_test(measured(value[:1], np.ones((1, 4), bool))).p_value is None


def test_several_metrics_count_in_standard_deviations() -> None:
    rng = np.random.default_rng(6)
    value = pool(rng, 4, 400)
    keep = np.ones_like(value, bool)
    keep[0, value[1:].mean(axis=0) < 0.5] = False
    model, sample = np.nonzero(keep)
    frame = pl.DataFrame({"model": model, "sample": sample, "value": value[model, sample], "metric": "pass"})
    longer = frame.with_columns(value=1000 + 50 * pl.col("value"), metric=pl.lit("points"))
    test = coverage_test(Measurements.from_frame(pl.concat([frame, longer])))
    assert test.p_value is not None and test.p_value < 1e-6 and 0.2 < test.lean[0] < 1.5
