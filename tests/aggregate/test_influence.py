"""The covariance of scores equals the sum over units of what each moves them by, written out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
import pytest

from aggregate import influence
from aggregate.effects import Effects
from aggregate.influence import influence_covariance
from aggregate.marginal import Fit, Marginal
from aggregate.measurements import Measurements
from tests.aggregate.test_marginal import simulated


def written_out(marginal: Marginal, fit: Fit, slope: np.ndarray, scale: float) -> np.ndarray:
    """Each unit by itself: what a change of its weight does to the gradient and to the expected values."""
    found = np.zeros((marginal.models, marginal.models))
    mean = marginal.effects.mean(fit.effects)
    for unit in range(marginal.units.number):
        d, v = np.zeros(marginal.size), np.zeros(marginal.models)
        edge = marginal.models
        for part, own in zip(marginal.parts, fit.own, strict=True):
            whole = part.weight
            part.weight = whole * (part.unit == unit)
            alone = part.gradient(fit.ability, own, mean[part.samples])
            here = part.weight.sum() if part.samples.size else 0.0
            part.weight = whole
            d[: marginal.models] += alone.ability
            d[edge : edge + own.size] += alone.own
            edge += own.size
            by_effects = marginal.effects.design[part.samples].T @ alone.mean
            d[marginal.size - marginal.effects.block.size :] += by_effects
            v += alone.expected - here * fit.expected
        moved = slope.T @ d + scale * v
        found += np.outer(moved, moved)
    return found


def problem(kinds: Sequence[str], models: int, votes: bool, seen: float = 1.0) -> Marginal:
    rng = np.random.default_rng(6)
    ability = rng.normal(size=models)
    frame = pl.concat(
        [
            simulated(kind, ability, 24, seen=seen, seed=k).with_columns(
                pl.col("sample") + 100 * k, metric=pl.lit(kind), kind=pl.lit(kind)
            )
            for k, kind in enumerate(kinds)
        ],
        how="diagonal_relaxed",
    ).with_columns(tag=pl.col("sample") % 3, cluster=pl.col("sample") % 100 // 2)
    first = rng.integers(0, models, 30)
    cast = pl.DataFrame(
        {
            "model_a": first,
            "model_b": (first + 1) % models,
            "outcome": rng.choice([0.0, 0.5, 1.0], 30),
            "tag": 0,
        }
    )
    m = Measurements.from_frame(frame, *([cast] if votes else []))
    return Marginal(m, effects=Effects.of_tags(m))


@pytest.mark.parametrize(
    ("kinds", "models", "votes", "seen"),
    [
        (["binary"], 4, False, 1.0),  # fewer models than nodes
        (["binary"], 120, False, 0.1),  # more, few of which a sample has seen
        (["binary", "numeric"], 5, True, 0.7),
    ],
)
@pytest.mark.parametrize("dense", [0.0, 1.0])
def test_it_is_the_sum_over_units(
    kinds: list[str], models: int, votes: bool, seen: float, dense: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(influence, "_DENSE", dense)
    marginal = problem(kinds, models, votes, seen)
    assert (sum(part.nodes for part in marginal.parts) < models) == (models == 120)
    fit = marginal.fit()
    slope = np.random.default_rng(7).normal(size=(marginal.size, marginal.models))
    for scale in (0.0, 0.3):
        found = influence_covariance(marginal, fit, slope, scale)
        wanted = written_out(marginal, fit, slope, scale)
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5 * np.abs(wanted).max())


def test_runs_of_units_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    marginal = problem(["binary"], 4, True)
    fit = marginal.fit()
    slope = np.random.default_rng(8).normal(size=(marginal.size, 4))
    whole = influence_covariance(marginal, fit, slope, 0.1)
    monkeypatch.setattr("aggregate.marginal._CHUNK_CELLS", 200)
    np.testing.assert_allclose(influence_covariance(marginal, fit, slope, 0.1), whole, rtol=1e-9)
