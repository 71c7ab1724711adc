"""Were models measured on samples picked without regard to how hard they are? A test, and how much they lean."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from aggregate.bootstrap import resampling_units
from aggregate.measurements import Measurements

_SHRINK = 2.0
"""Results that the mean residual of a sample's other models is shrunk by. Any constant keeps the test's level."""

_SPARE = 10
"""Resampling units beyond the number of models below which the test is not made."""

_CHUNK_CELLS = 2**23


@dataclass(frozen=True, eq=False)
class CoverageTest:
    """What `coverage_test` found."""

    p_value: float | None
    """Chance of leans as large as these if coverage is unbiased; None where it cannot be told."""

    lean: np.ndarray
    """(M,) by how much the other models do better (above 0) or worse on the samples that a model was measured
    on than they do on average: in units of value, of standard deviations where there are several metrics. NaN
    for a model that shares no sample."""

    statistic: np.ndarray
    """(M,) standard normal under unbiased coverage, each model alone; NaN where it does not vary."""


def coverage_test(measurements: Measurements) -> CoverageTest:
    """Test that which samples a model was measured on has nothing to do with how other models do on them.

    With e the value less its model's mean (in the metric), r_si the sum of e over the models on sample s but i,
    over 2 plus their number, and o_si whether i was measured there: T_i = sum_s (o_si - mean o_i) r_si over the
    samples that others were measured on. If o_i is independent of the others' results and places, E T = 0
    whatever the values' model; T' V^- T, V from the clusters, is compared with Hotelling's T^2. It cannot see a
    choice by the model's own outcome that is unrelated to how others do, nor one that all models share.
    """
    m = measurements
    models, samples = len(m.models), len(m.samples)
    nothing = np.full(models, np.nan)
    if models < 2 or not m.value.size:
        return CoverageTest(None, nothing, nothing)
    weight = m.weight[m.sample]
    residual = _residuals(m, weight)
    number = m.observers
    total = np.bincount(m.sample, residual, samples)
    others = number[m.sample] - 1
    shared = others > 0
    # r of a sample for a model that is not on it, and for each row's own model.
    apart = total / (_SHRINK + number)
    within = np.where(shared, (total[m.sample] - residual) / (_SHRINK + others), 0)
    eligible = m.weight.sum() - np.bincount(m.model, weight * ~shared, models)
    share = np.bincount(m.model, weight * shared, models) / np.where(eligible > 0, eligible, 1)

    units = resampling_units(m)
    score, outer = np.zeros(models), np.zeros((models, models))
    width = max(1, _CHUNK_CELLS // models)
    for begin in range(0, units.number, width):
        first, last = np.searchsorted(units.of_sample, [begin, begin + width])
        rows = slice(*np.searchsorted(m.sample, [first, last]))
        each = -np.outer(m.weight[first:last] * apart[first:last], share)
        each[m.sample[rows] - first, m.model[rows]] = (
            weight[rows] * within[rows] * (shared[rows] - share[m.model[rows]]) * shared[rows]
        )
        unit = units.of_sample[first:last] - begin
        summed = np.zeros((min(width, units.number - begin), models))
        np.add.at(summed, unit, each)
        score += summed.sum(axis=0)
        outer += summed.T @ summed
    mean_of_others = np.where(shared, (total[m.sample] - residual) / np.maximum(others, 1), 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        lean = np.bincount(m.model, mean_of_others * weight, models) / np.bincount(
            m.model, weight * shared, models
        )
        statistic = score / np.sqrt(np.diag(outer))
    p_value = None
    if units.number >= models + _SPARE:
        p_value = _hotelling(score, outer - np.outer(score, score) / units.number, units.number)
    return CoverageTest(p_value, lean, statistic)


def _residuals(m: Measurements, weight: np.ndarray) -> np.ndarray:
    """(R,) value less the model's mean; in units of the metric's spread where there are several metrics.
    weight: (R,) of the rows' samples."""
    models, metrics = len(m.models), len(m.metrics)
    group = m.model if metrics == 1 else m.metric_of[m.sample] * models + m.model
    residual = m.upward - _average(group, m.upward, weight, models * metrics)[group]
    if metrics > 1:
        metric = m.metric_of[m.sample]
        spread = np.sqrt(_average(metric, residual**2, weight, metrics))
        residual = residual / np.where(spread > 0, spread, 1)[metric]
    return residual


def _average(group: np.ndarray, value: np.ndarray, weight: np.ndarray, groups: int) -> np.ndarray:
    """(groups,) weighted means; 0 of none."""
    total = np.bincount(group, weight, groups)
    found: np.ndarray = np.bincount(group, value * weight, groups) / np.where(total > 0, total, 1)
    return found


def _hotelling(score: np.ndarray, outer: np.ndarray, units: int) -> float:
    """P value of score' outer^- score, in the directions that vary at all."""
    size, direction = np.linalg.eigh(outer)
    told = size > 1e-9 * max(size.max(), 1e-300)
    rank = int(told.sum())
    if not rank or size.max() <= 0:
        return 1.0
    statistic = float(((direction[:, told].T @ score) ** 2 / size[told]).sum())
    return float(special.fdtrc(rank, units - rank, statistic * (units - rank) / (rank * (units - 1))))
