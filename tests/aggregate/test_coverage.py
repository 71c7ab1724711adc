"""Intervals and rank ranges against simulated truth, for both methods.

Items of random difficulty, similar within a cluster; a Rasch model; cells missing at random. The truth is
that of the population of samples: the mean by quadrature, and for Bradley-Terry, which is only an
approximation here, the strengths that its fit tends to as samples grow.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from aggregate.measurements import Measurements
from aggregate.method import Method
from aggregate.methods.bradley_terry import BradleyTerry
from aggregate.methods.mean import Mean
from kernels.bradley_terry import fit_bradley_terry

ABILITIES = {
    "close": np.linspace(-0.1, 0.1, 8),
    "spread": np.linspace(-1, 1, 8),
    "far": np.linspace(-5, 5, 8),
}
SD = 1.2


def logistic(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def truths(ability: np.ndarray) -> dict[str, np.ndarray]:
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    mean = logistic(ability[:, None] - SD * nodes) @ weights / weights.sum()
    half_wins = 0.5 + (mean[:, None] - mean) / 2
    np.fill_diagonal(half_wins, 0)
    return {"mean": mean, "bradley-terry": fit_bradley_terry(half_wins)}


def simulate(
    rng: np.random.Generator, ability: np.ndarray, clusters: int, size: int, missing: float, attempts: int
) -> pl.DataFrame:
    shared, own = rng.normal(size=(clusters, 1)), rng.normal(size=(clusters, size))
    difficulty = SD * (np.sqrt(0.6) * shared + np.sqrt(0.4) * own).ravel()
    value = rng.binomial(attempts, logistic(ability[:, None] - difficulty)) / attempts
    model, sample = np.nonzero(rng.random(value.shape) >= missing)
    return pl.DataFrame(
        {"model": model, "sample": sample, "cluster": sample // size, "value": value[model, sample]}
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("clusters", "size", "missing", "attempts", "scale"),
    [
        (30, 1, 0.0, 1, 1),
        (30, 1, 0.5, 1, 1),
        (200, 1, 0.9, 1, 1),
        (40, 5, 0.5, 1, 1),
        (40, 5, 0.9, 1, 1),
        (100, 1, 0.0, 5, 1),
        (40, 5, 0.5, 1, 100),
    ],
)
@pytest.mark.parametrize("abilities", ABILITIES)
def test_intervals_and_rank_ranges_hold(
    abilities: str, clusters: int, size: int, missing: float, attempts: int, scale: int
) -> None:
    ability = ABILITIES[abilities]
    true = truths(ability)
    methods: list[Method] = [Mean()] if scale > 1 else [Mean(), BradleyTerry()]
    rng = np.random.default_rng([clusters, size, attempts])
    runs = 250
    inside: dict[str, list[float]] = {m.name: [] for m in methods}
    all_ranks: dict[str, list[bool]] = {m.name: [] for m in methods}
    for seed in range(runs):
        frame = simulate(rng, ability, clusters, size, missing, attempts).with_columns(pl.col("value") * scale)
        measurements = Measurements.from_frame(frame, kind="numeric" if scale > 1 else "binary")
        for method in methods:
            rows = method(measurements, replicates=300, seed=seed).models
            truth = true[method.name][[int(row.model) for row in rows]] * (scale if scale > 1 else 1)
            inside[method.name].append(
                float(np.mean([row.low <= t <= row.high for row, t in zip(rows, truth, strict=True)]))
            )
            rank = 1 + (truth > truth[:, None]).sum(axis=1)
            all_ranks[method.name].append(
                all(row.rank_low <= r <= row.rank_high for row, r in zip(rows, rank, strict=True))
            )
    for name in inside:
        # 250 runs of 8 correlated models: two standard errors are about .015.
        assert np.mean(inside[name]) >= 0.93, name
        assert np.mean(all_ranks[name]) >= 0.93, name
