"""Kendall's tau-b to the full-data ranking of MMLU-Pro, by pattern of missing cells and by method.

    python -m benchmarks.rank_patterns RESULTS SAMPLES [--seeds 8] [--first 100] [--patterns N]

RESULTS is Parquet with `model, sample_id, score` (0/1), SAMPLES with `sample_id, category`: the results of
TIGER-AI-Lab/MMLU-Pro. `joint Rasch` gives each question a difficulty of its own, as most people would fit it.
"""

from __future__ import annotations

import argparse

import numpy as np
from scipy import optimize, special, stats

from aggregate.measurements import Measurements
from aggregate.methods.auto import Auto
from aggregate.methods.bradley_terry import BradleyTerry, BradleyTerryNoTies
from aggregate.methods.plackett_luce import PlackettLuce
from aggregate.methods.rasch import Rasch
from benchmarks.thinning import PATTERNS, measured, read, thinned

RIVALS = ("mean", "bradley-terry", "bradley-terry-no-ties", "joint Rasch")


def joint_rasch(m: Measurements) -> np.ndarray:
    """(M,) abilities by joint maximum likelihood, with a ridge that keeps them finite."""
    models = len(m.models)

    def loss(x: np.ndarray) -> tuple[float, np.ndarray]:
        u = x[m.model] - x[models + m.sample]
        off = special.expit(u) - m.value
        gradient = np.concatenate(
            [np.bincount(m.model, off, models), -np.bincount(m.sample, off, x.size - models)]
        )
        return (np.logaddexp(0, u) - m.value * u).sum() + 0.005 * x @ x, gradient + 0.01 * x

    start = np.zeros(models + len(m.samples))
    found: np.ndarray = optimize.minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 300}).x
    return found[:models]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results")
    parser.add_argument("samples")
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--first", type=int, default=100, help="the first seed")
    parser.add_argument("--patterns", type=int, default=len(PATTERNS), help="only the first so many")
    given = parser.parse_args()
    pool = read(given.results, given.samples)
    names = [*RIVALS, "plackett-luce", "rasch", "auto", "auto, tags"]
    print(f"| missing | {' | '.join(names)} | auto less the best rival |")
    print("|---" * (len(names) + 2) + "|")
    for pattern in PATTERNS[: given.patterns]:
        taus: dict[str, list[float]] = {name: [] for name in names}
        for seed in range(given.first, given.first + given.seeds):
            keep = thinned(pool, pattern, np.random.default_rng(seed))
            m, tagged = (measured(pool, keep, tags=tags) for tags in (False, True))
            truth = pool.truth[[int(name) for name in m.models]]
            taus["joint Rasch"].append(stats.kendalltau(joint_rasch(m), truth)[0])
            mean = np.bincount(m.model, m.value) / m.samples_per_model
            taus["mean"].append(stats.kendalltau(mean, truth)[0])
            for method in (BradleyTerry(), BradleyTerryNoTies(), PlackettLuce(), Rasch(), Auto()):
                taus[method.name].append(stats.kendalltau(method.estimate(m)[0].scores, truth)[0])
            taus["auto, tags"].append(stats.kendalltau(Auto().estimate(tagged)[0].scores, truth)[0])
        means = {name: float(np.mean(found)) for name, found in taus.items()}
        lead = means["auto"] - max(means[name] for name in RIVALS)
        cells = " | ".join(f"{means[name]:.3f}" for name in names)
        print(f"| {pattern} | {cells} | {lead:+.3f} |", flush=True)


if __name__ == "__main__":
    main()
