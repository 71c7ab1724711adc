"""Laws: how often intervals hold and verdicts are right on simulated families, and forecasts on real ones.

    python -m benchmarks.laws [--runs 1000] [--workers 2] [OBSSCALING.csv]

Simulated: six sizes x 100 samples x 100 attempts, intercepts normal over samples, slopes equal or normal. A family
bends by adding a square in ln N; of each such kind a fifth of the runs is made. With a file of ObsScaling's base
benchmarks: every family of four sizes or more, its largest model left out, against what simpler ways say.
"""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import polars as pl
from scipy import stats

from aggregate.laws.curve import f_of, rate_of
from aggregate.laws.family import Family, FamilyError, Means
from aggregate.laws.law import MEANS, SAMPLES, Law, law_of, law_of_means
from aggregate.laws.means import BASELINES
from aggregate.rates import rates

SIZES = np.array([1e7, 3e7, 1e8, 3e8, 1e9, 3e9])
CASES = {
    "slopes equal": (0.0, 0.0),
    "slopes differ": (0.1, 0.0),
    "bends down": (0.1, -0.03),
    "bends up": (0.1, 0.03),
    "bends down a little": (0.1, -0.01),
    "bends up a little": (0.1, 0.01),
}
"""Standard deviation of the slopes (their mean is 0.35), and half the second derivative of F by ln N."""

WAYS = (SAMPLES, MEANS, *BASELINES)

CHANCE = {"MMLU": 0.25, "ARC-C": 0.25, "HellaSwag": 0.25, "Winograd": 0.5, "XWinograd": 0.5}


def simulated(seed: int, spread: float, bend: float) -> tuple[Family, np.ndarray]:
    """A family, and its true rates (100, 6)."""
    rng = np.random.default_rng(seed)
    t = np.log(SIZES) - np.log(SIZES).mean()
    u, s = rng.normal(1.2, 0.8, 100), rng.normal(0.35, spread, 100)
    rates = rate_of(u[:, None] - s[:, None] * t + bend * (t**2 - (t**2).mean()))
    passes = rng.binomial(100, rates)
    return Family.of([f"{size:.0e}" for size in SIZES], SIZES, passes, np.full(passes.shape, 100)), rates


def one(task: tuple[int, float, float]) -> tuple[float, ...]:
    """Whether the held-out rate is inside, whether the family is rejected, seconds, and each forecast's error."""
    family, _ = simulated(*task)
    began = time.perf_counter()
    law = law_of(family, resamples=300, seed=task[0])
    assert law.held_out is not None
    seconds = time.perf_counter() - began
    errors = [(way.rate or 0.0) - law.held_out.rate for way in law.held_out.forecasts]
    return float(bool(law.held_out.inside)), float(bool(law.rejected)), seconds, *errors


def jump() -> None:
    """Rates that grow by the law from once in 100,000 attempts on: what a fixed number of attempts shows, and what
    PassUntil does, with a stop at 8 passes or 100,000 attempts."""
    rng = np.random.default_rng(0)
    t = np.log(SIZES / SIZES[-1])
    rate = rate_of(rng.normal(0.8, 0.3, 50)[:, None] - 0.3 * t)
    fixed = rng.binomial(20, rate) / 20
    tried = np.minimum(rng.negative_binomial(8, rate) + 8, 10**6)
    reached = tried <= 100_000
    fewer = stats.binom.ppf(rng.random(rate.shape) * stats.binom.cdf(7, 100_000, rate), 100_000, rate)
    passes = np.where(reached, 8, fewer).astype(int)
    found = rates(passes, np.where(reached, tried, 100_000), 8).rate
    print("size      true mean  20 attempts each  PassUntil 8   F true  F by 20  F by PassUntil")
    for place, size in enumerate(SIZES):
        means = rate[:, place].mean(), fixed[:, place].mean(), found[:, place].mean()
        in_f = " ".join(f"{f_of(np.array(mean)):7.2f}" if mean else "   none" for mean in means)
        print(f"{size:.0e}  {means[0]:.2e}   {means[1]:.2e}          {means[2]:.2e}    {in_f}")


def real(path: Path) -> None:
    """Errors of the largest model's forecast, by way, over families and tasks."""
    table = pl.read_csv(path)
    tasks = table.columns[5:]
    errors: dict[str, list[float]] = {}
    inside: list[bool] = []
    for (_,), rows in table.partition_by("Model Family", as_dict=True, maintain_order=True).items():
        rows = rows.unique("Model Size (B)", keep="first", maintain_order=True)
        for task in tasks:
            known = rows.drop_nulls(task)
            if known.height < 4:
                continue
            try:
                law: Law = law_of_means(
                    Means.of(
                        known["Model"].to_list(),
                        (known["Model Size (B)"] * 1e9).to_list(),
                        known[task].to_list(),
                        CHANCE.get(task, 0.0),
                    )
                )
            except FamilyError:
                continue
            if law.held_out is None:
                continue
            if law.held_out.inside is not None:
                inside.append(law.held_out.inside)
            for way in law.held_out.forecasts:
                if way.rate is not None:
                    errors.setdefault(way.way, []).append(abs(way.rate - law.held_out.rate))
    for name, found in errors.items():
        print(f"{name:<20} mean error {np.mean(found):.4f}, median {np.median(found):.4f}, {len(found)} forecasts")
    print(f"90 % intervals of the law of the mean hold in {np.mean(inside):.1%} of {len(inside)}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    jump()
    family, _ = simulated(0, 0.1, 0.0)
    began = time.perf_counter()
    law_of(family, sizes=[1e10], resamples=1000)
    print(f"one family, 1,000 resamples, forecast and held-out model: {time.perf_counter() - began:.1f} s")
    with ProcessPoolExecutor(args.workers) as pool:
        for name, (spread, bend) in CASES.items():
            tasks = [(1_000 + seed, spread, bend) for seed in range(args.runs // 5 if bend else args.runs)]
            found = np.array(list(pool.map(one, tasks, chunksize=10)))
            inside, rejected, seconds = found[:, :3].mean(axis=0)
            errors = np.abs(found[:, 3:]).mean(axis=0)
            print(
                f"{name:<20} held-out inside {inside:.1%}, rejected {rejected:.1%}, {seconds:.2f} s; mean error "
                + ", ".join(f"{way} {error:.4f}" for way, error in zip(WAYS, errors, strict=True)),
                flush=True,
            )
    if args.file:
        real(args.file)


if __name__ == "__main__":
    main()
