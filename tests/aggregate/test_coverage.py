"""Intervals and rank ranges against simulated truth.

Items of random difficulty, similar within a cluster; a Rasch model; cells missing at random. The truth is
that of the population of samples: means and shares by quadrature, and for models of comparisons, which are
only approximations here, the strengths that their fits tend to as samples grow.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import aggregate.methods.elo
from aggregate.estimates import difference_intervals
from aggregate.measurements import Measurements
from aggregate.method import Intervals, Method
from aggregate.methods.borda import Borda
from aggregate.methods.bradley_terry import BradleyTerry, BradleyTerryNoTies
from aggregate.methods.davidson import Davidson
from aggregate.methods.elo import Elo
from aggregate.methods.mean import Mean
from aggregate.methods.rao_kupper import RaoKupper
from aggregate.methods.win_rate import WinRate
from aggregate.paired import PairedMethod
from kernels.bradley_terry import fit_bradley_terry, fit_pairs

ABILITIES = {
    "close": np.linspace(-0.1, 0.1, 8),
    "spread": np.linspace(-1, 1, 8),
    "far": np.linspace(-5, 5, 8),
}
SD = 1.2


def logistic(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def true_scores(method: Method, ability: np.ndarray) -> np.ndarray:
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    chance, share = logistic(ability[:, None] - SD * nodes), weights / weights.sum()
    others = 1 - np.eye(ability.size)
    wins = chance * share @ (1 - chance).T * others
    ties = (1 - wins - wins.T) * others
    if isinstance(method, Mean):
        return chance @ share
    if isinstance(method, WinRate | Borda):
        return (wins + ties / 2).sum(axis=1) / (ability.size - 1)
    if isinstance(method, Elo):
        return 1000 + 400 / np.log(10) * fit_bradley_terry(wins + ties / 2)
    assert isinstance(method, PairedMethod)
    return fit_pairs(method.model, wins, ties if method.ties else None).theta


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


def check(
    methods: list[Method],
    ability: np.ndarray,
    clusters: int,
    size: int,
    missing: float,
    attempts: int = 1,
    scale: int = 1,
    *,
    intervals: Intervals = "sandwich",
    runs: int = 80,
) -> None:
    """Assert that score intervals hold as often as they promise, and rank ranges for all models at once."""
    rng = np.random.default_rng([clusters, size, attempts])
    inside: dict[str, list[float]] = {m.name: [] for m in methods}
    all_ranks: dict[str, list[bool]] = {m.name: [] for m in methods}
    true = {method.name: true_scores(method, ability) * scale for method in methods}
    for seed in range(runs):
        frame = simulate(rng, ability, clusters, size, missing, attempts).with_columns(pl.col("value") * scale)
        measurements = Measurements.from_frame(frame, kind="numeric" if scale > 1 else "binary")
        for method in methods:
            rows = method(measurements, intervals=intervals, replicates=300, seed=seed).models
            truth = true[method.name][[int(row.model) for row in rows]]
            inside[method.name].append(
                float(np.mean([row.low <= t <= row.high for row, t in zip(rows, truth, strict=True)]))
            )
            rank = 1 + (truth > truth[:, None]).sum(axis=1)
            all_ranks[method.name].append(
                all(row.rank_low <= r <= row.rank_high for row, r in zip(rows, rank, strict=True))
            )
    print({name: (round(float(np.mean(inside[name])), 3), float(np.mean(all_ranks[name]))) for name in inside})
    for name in inside:
        # 80 runs of 8 correlated models: two standard errors are about .025.
        assert np.mean(inside[name]) >= 0.93, name
        assert np.mean(all_ranks[name]) >= 0.93, name


@pytest.mark.slow
@pytest.mark.parametrize(
    ("abilities", "intervals", "clusters", "size", "missing", "attempts", "scale"),
    [
        ("spread", "sandwich", 30, 1, 0.0, 1, 1),
        ("spread", "sandwich", 30, 1, 0.5, 1, 1),
        ("spread", "sandwich", 200, 1, 0.9, 1, 1),
        ("spread", "sandwich", 40, 5, 0.5, 1, 1),
        ("spread", "sandwich", 100, 1, 0.0, 5, 1),
        ("spread", "sandwich", 40, 5, 0.5, 1, 100),
        ("far", "sandwich", 30, 1, 0.5, 1, 1),
        ("far", "sandwich", 40, 5, 0.9, 1, 1),
        ("spread", "bootstrap", 30, 1, 0.5, 1, 1),
        ("spread", "bootstrap", 40, 5, 0.9, 1, 1),
    ],
)
def test_intervals_and_rank_ranges_hold(
    abilities: str, intervals: Intervals, clusters: int, size: int, missing: float, attempts: int, scale: int
) -> None:
    methods: list[Method] = [Mean()] if scale > 1 else [Mean(), BradleyTerry(), WinRate(), Borda()]
    check(methods, ABILITIES[abilities], clusters, size, missing, attempts, scale, intervals=intervals)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("abilities", "clusters", "size", "missing"),
    [("close", 30, 1, 0.0), ("spread", 200, 1, 0.5), ("close", 40, 5, 0.5), ("spread", 200, 5, 0.8)],
)
def test_those_that_count_ties_apart_hold_too(abilities: str, clusters: int, size: int, missing: float) -> None:
    check([BradleyTerryNoTies(), Davidson(), RaoKupper()], ABILITIES[abilities], clusters, size, missing)


@pytest.mark.slow
def test_elo_holds_where_models_met_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the fewest orders that are averaged over, whose noise the intervals have to hold."""
    monkeypatch.setattr(aggregate.methods.elo, "_ORDERS", (20, 20))
    check([Elo()], ABILITIES["spread"], 100, 2, 0.0, intervals="bootstrap", runs=30)


@pytest.mark.slow
@pytest.mark.parametrize(
    # Each two of these go together once.
    ("models", "ability", "clusters"),
    [
        (2, 0, 10),
        (2, 3, 30),
        (2, 5, 100),
        (3, 0, 30),
        (3, 3, 100),
        (3, 5, 10),
        (4, 0, 100),
        (4, 3, 10),
        (4, 5, 30),
    ],
)
def test_few_models_that_nearly_always_tie(models: int, ability: float, clusters: int) -> None:
    spread = np.linspace(-0.3, 0.3, models) + ability
    check([BradleyTerry(), WinRate(), Borda()], spread, clusters, 1, 0.0, runs=400 // models)


def gumbel(rng: np.random.Generator, ability: np.ndarray, seen: float) -> pl.DataFrame:
    value = ability + rng.gumbel(size=(600, ability.size))
    sample, model = np.nonzero(rng.random(value.shape) < seen)
    return pl.DataFrame({"model": model, "sample": sample, "value": value[sample, model]})


@pytest.mark.slow
@pytest.mark.parametrize("truth", ["rasch", "rasch, clusters of 5", "gumbel"])
@pytest.mark.parametrize("seen", [0.1, 0.7])
@pytest.mark.parametrize("method", [BradleyTerry(), BradleyTerryNoTies()])
def test_differences_of_pairs_are_covered_as_promised(truth: str, seen: float, method: PairedMethod) -> None:
    ability = np.linspace(-1.5, 1.5, 20)
    true = ability if truth == "gumbel" else true_scores(method, ability)
    rng = np.random.default_rng(11)
    covered = []
    for _ in range(150):
        if truth == "gumbel":
            frame = gumbel(rng, ability, seen)
        else:
            size = 5 if "5" in truth else 1
            frame = simulate(rng, ability, 600 // size, size, 1 - seen, 1)
        m = Measurements.from_frame(frame)
        low, high = difference_intervals(*method.estimate(m))
        of = np.array([int(name) for name in m.models])
        gap = true[of][:, None] - true[of]
        covered.append(((low <= gap) & (gap <= high))[np.triu_indices(of.size, 1)].mean())
    # The mean of 150 runs has a standard error of about .0035.
    assert 0.94 <= np.mean(covered) <= 0.965
