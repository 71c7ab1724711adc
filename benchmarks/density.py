"""Densities: how often intervals hold, which curve of a ladder foretells its own models best, and real models.

    python -m benchmarks.density [--runs 400] [OBSSCALING.csv [MMLU_PRO.parquet]]

Simulated: a ladder of six sizes (1e7 to 3e9) and four models of known density, on samples that each have a law of
their own. ObsScaling: of every family of four sizes or more, each inner model's size by the others' scores.
MMLU-Pro: open models against Llama 2.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
from scipy import special

from aggregate.density import Measured, densities
from aggregate.ladder import reached
from aggregate.laws.curve import f_of, rate_of
from aggregate.laws.family import FamilyError
from aggregate.laws.means import fit_means
from benchmarks.laws import CHANCE, SIZES
from evalhub.cli.density_table import print_densities

OWN = np.array([5e7, 2e8, 7e8, 1e9])
TRUE = np.array([0.5, 1.0, 2.0, 1.5])

CASES = ((40, 1, 1), (100, 1, 1), (100, 1, 20), (400, 1, 1), (400, 4, 1), (400, 1, 20))
"""Samples, how many share a cluster, attempts of each."""

OPEN = {
    "Llama-2-7b-hf": (6.74, None, "2023-07-18"),
    "Llama-2-13b-hf": (13.0, None, "2023-07-18"),
    "Llama-2-70b-hf": (69.0, None, "2023-07-18"),
    "Mistral-7B-v0.1": (7.24, None, "2023-09-27"),
    "Yi-6B": (6.06, None, "2023-11-02"),
    "Yi-34B": (34.4, None, "2023-11-02"),
    "Mixtral-8x7B-v0.1": (46.7, 12.9, "2023-12-11"),
    "gemma-7b": (8.54, None, "2024-02-21"),
    "c4ai-command-r-v01": (35.0, None, "2024-03-11"),
    "Meta-Llama-3-8B": (8.03, None, "2024-04-18"),
    "Meta-Llama-3-70B": (70.6, None, "2024-04-18"),
    "Phi-3-mini-4k-instruct": (3.82, None, "2024-04-23"),
    "Qwen1.5-110B": (111.2, None, "2024-04-25"),
    "DeepSeek-Coder-V2": (236.0, 21.0, "2024-06-17"),
    "mathstral-7B": (7.25, None, "2024-07-16"),
    "Meta-Llama-3_1-8B": (8.03, None, "2024-07-23"),
    "Meta-Llama-3_1-70B": (70.6, None, "2024-07-23"),
    "jamba-1.5-large": (398.0, 94.0, "2024-08-22"),
}
"""Billions of weights, those that a token passes through, and release dates, from the models' own pages."""


def simulated(runs: int) -> None:
    """Print how often 90 % intervals of four models hold, and how far off densities are."""
    print("| samples | in clusters of | attempts | interval holds | median width | mean error of ln(density) |")
    print("|---|---|---|---|---|---|")
    for samples, cluster, attempts in CASES:
        inside, width, error = [], [], []
        for seed in range(runs):
            m = ladder_and_models(samples, cluster, attempts, seed)
            for one in densities(m, np.arange(10) < 6, resamples=500).models:
                truth = TRUE[int(one.model) - 6]
                middle, low, high = one.over(one.parameters)
                inside.append((low or 0) <= truth <= (high or np.inf))
                width.append(high / low if low and high else np.inf)
                if middle:
                    error.append(np.log(middle / truth))
        row = f"{samples} | {cluster} | {attempts} | {np.mean(inside):.1%}"
        print(f"| {row} | {np.median(width):.2f} | {np.mean(error):+.3f} |")


def ladder_and_models(samples: int, cluster: int, attempts: int, seed: int) -> Measured:
    """Intercepts and slopes of the samples' laws are normal, and those of a cluster alike."""
    rng = np.random.default_rng(seed)
    ease, slope = np.repeat(rng.normal((1.2, 0.35), (0.8, 0.1), (samples // cluster, 2)), cluster, axis=0).T
    t = np.log(np.r_[SIZES, OWN * TRUE]) - np.log(SIZES).mean()
    rates = rng.binomial(attempts, rate_of(ease[:, None] - slope[:, None] * t)) / attempts
    return Measured(
        models=tuple(map(str, range(10))),
        rates=rates,
        parameters=(*SIZES.tolist(), *OWN.tolist()),
        active=(None,) * 10,
        released=(None,) * 10,
        cluster=np.arange(samples) // cluster,
    )


Curve = Callable[[np.ndarray, np.ndarray, float, float], float]
"""ln of the size at which a ladder (logarithms of sizes, rates) reaches a score; chance."""


def joined(x: np.ndarray, rates: np.ndarray, score: float, chance: float) -> float:
    del chance
    return float(reached(rates[None], x, np.array([score]), 1000)[0])


def law_line(x: np.ndarray, rates: np.ndarray, score: float, chance: float) -> float:
    law = fit_means(np.exp(x), rates, chance)
    return float(law.centre + (law.a[0] - f_of(np.array(score), chance)) / law.alpha[0])


def logit_line(x: np.ndarray, rates: np.ndarray, score: float, chance: float) -> float:
    del chance
    told = (rates > 0) & (rates < 1)
    slope, start = np.polyfit(x[told], special.logit(rates[told]), 1)
    return float((special.logit(score) - start) / slope)


CURVES: dict[str, Curve] = {
    "rising rates, joined in logit": joined,
    "law of the mean": law_line,
    "logit line": logit_line,
}


def real(path: Path) -> None:
    """Print by what factor the size of an inner model of a family is missed; past the others' ends, their end."""
    table = pl.read_csv(path)
    off: dict[str, list[float]] = {name: [] for name in CURVES}
    for (_,), rows in table.partition_by("Model Family", as_dict=True, maintain_order=True).items():
        rows = rows.unique("Model Size (B)", keep="first", maintain_order=True).sort("Model Size (B)")
        for task in table.columns[5:]:
            known = rows.drop_nulls(task)
            x, rates = np.log(known["Model Size (B)"].to_numpy()), known[task].to_numpy()
            for place in range(1, known.height - 1) if known.height >= 4 else ():
                others = np.arange(known.height) != place
                ends = x[others][[0, -1]]
                try:
                    chance = CHANCE.get(task, 0.0)
                    said = {
                        name: of(x[others], rates[others], rates[place], chance) for name, of in CURVES.items()
                    }
                except FamilyError:  # all of them guess
                    continue
                for name, at in said.items():
                    # A score that is no more than a guess's is reached at the least size.
                    off[name].append(abs(np.clip(ends[0] if np.isnan(at) else at, *ends) - x[place]))
    for name, found in off.items():
        middle, mean = np.exp([np.median(found), np.mean(found)])
        print(f"{name:<30} median factor {middle:.2f}, mean {mean:.2f}, {len(found)} models")


def mmlu_pro(path: Path) -> None:
    """Print open models against Llama 2."""
    name = pl.col("model").cast(pl.String).str.strip_suffix("_5shots")
    rows = pl.read_parquet(path).select(name, "sample_id", "score").filter(name.is_in(list(OPEN)))
    grid = rows.pivot("model", index="sample_id", values="score").select(*OPEN)
    m = Measured(
        models=tuple(OPEN),
        rates=grid.to_numpy().astype(float),
        parameters=tuple(size * 1e9 for size, _, _ in OPEN.values()),
        active=tuple(None if part is None else part * 1e9 for _, part, _ in OPEN.values()),
        released=tuple(date.fromisoformat(day) for _, _, day in OPEN.values()),
        cluster=np.arange(grid.height),
    )
    began = time.perf_counter()
    found = densities(m, np.array([name.startswith("Llama-2") for name in OPEN]))
    print_densities(found)
    print(f"{time.perf_counter() - began:.1f} s")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("scaling", type=Path, nargs="?")
    parser.add_argument("mmlu_pro", type=Path, nargs="?")
    parser.add_argument("--runs", type=int, default=400)
    args = parser.parse_args()
    simulated(args.runs)
    if args.scaling:
        real(args.scaling)
    if args.mmlu_pro:
        mmlu_pro(args.mmlu_pro)


if __name__ == "__main__":
    main()
