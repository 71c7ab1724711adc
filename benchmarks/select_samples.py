"""A new model scored on part of MMLU-Pro: how far the estimates are off, and how often their intervals hold.

    python -m benchmarks.select_samples RESULTS SAMPLES [--seeds 8] [--models N]

RESULTS is Parquet with `model, sample_id, score` (0/1), SAMPLES with `sample_id, category`: the results of
TIGER-AI-Lab/MMLU-Pro. Each model in turn is the new one and the others are what is known; categories are the
groups. Off: root mean square over models and seeds of the estimate less the mean of all the model's results, in
points. `random, mean`: the plain mean of as many samples drawn at random, with `mean_interval`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from aggregate.completion import learn
from aggregate.intervals import mean_interval
from aggregate.pool_mean import estimate
from aggregate.selection import select
from benchmarks.thinning import Pool, read

BUDGETS = (50, 100, 200, 400, 800, 1600, 3200)
LEVEL = 0.9


@dataclass(frozen=True)
class Trial:
    """One estimate of a new model's mean."""

    way: str
    budget: int
    error: float
    half: float
    """Half the width of the interval."""

    held: bool
    """Whether the interval held the truth."""


def trials(pool: Pool, new: int, seeds: int) -> Iterator[Trial]:
    """Model number `new` scored on part of the samples that it has results on."""
    there = ~np.isnan(pool.value[:, new])
    result, others = pool.value[there, new], np.delete(pool.value[there], new, axis=1)
    sample, model = np.nonzero(~np.isnan(others))
    group_of = np.unique(pool.subject[there], return_inverse=True)[1]
    learned = learn(model, sample, others[sample, model], result.size, group_of=group_of)
    for seed in range(new * seeds, (new + 1) * seeds):
        rng = np.random.default_rng(seed)
        for budget in BUDGETS:
            chosen = select(learned, budget, seed=seed)
            drawn = rng.choice(result.size, budget, replace=False)
            found = estimate(learned, chosen, result[chosen], level=LEVEL)[0]
            plain = mean_interval(result[drawn], drawn, LEVEL)
            assert found.mean is not None
            for way, mean, low, high in (
                ("select", found.mean, found.low, found.high),
                ("random", plain.mean, plain.low, plain.high),
            ):
                truth = result.mean()
                yield Trial(way, budget, mean - truth, (high - low) / 2, bool(low <= truth <= high))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results")
    parser.add_argument("samples")
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--models", type=int, help="only the first so many are new in turn")
    given = parser.parse_args()
    pool = read(given.results, given.samples)
    models = range(pool.value.shape[1])[: given.models]
    done = [trial for new in models for trial in trials(pool, new, given.seeds)]
    print(f"| samples | random, mean | select | ratio | {LEVEL:.0%} interval holds | its half-width |")
    print("|---" * 6 + "|")
    for budget in BUDGETS:
        off, held, half = {}, {}, {}
        for way in ("random", "select"):
            own = [trial for trial in done if (trial.way, trial.budget) == (way, budget)]
            off[way] = 100 * np.sqrt(np.mean([trial.error**2 for trial in own]))
            held[way], half[way] = np.mean([trial.held for trial in own]), 100 * np.mean([t.half for t in own])
        print(
            f"| {budget:,} | {off['random']:.2f} | {off['select']:.2f} | {off['select'] / off['random']:.2f} "
            f"| {held['select']:.1%} | {half['select']:.2f} |"
        )


if __name__ == "__main__":
    main()
