"""How often intervals of differences hold what they should, on MMLU-Pro as the population.

    python -m benchmarks.coverage RESULTS SAMPLES [--runs 40] [--samples 3000]

Each run draws questions with replacement from those that every model answered, takes cells away by a pattern, and
asks of each pair of models whether the 95 % interval of the difference holds the true one: that of all questions.
`warned` is the share of runs in which auto said that models were measured on unlike samples. Files as in
`benchmarks.rank_patterns`.
The same for simulated truths is a test: tests/aggregate/test_abilities.py and test_coverage.py.
"""

from __future__ import annotations

import argparse

import numpy as np

from aggregate.estimates import difference_intervals
from aggregate.methods.auto import Auto
from benchmarks.thinning import Pool, measured, read, thinned

PATTERNS = ("random 30 %", "random 90 %", "3 of 14 subjects", "leaning choice")


def held(pool: Pool, keep: np.ndarray, truth: np.ndarray, *, tags: bool) -> tuple[float, float, bool]:
    """Share of pairs whose interval holds the truth, mean half-width in points, whether a warning was given."""
    m = measured(pool, keep, tags=tags)
    estimates, used = Auto().estimate(m)
    low, high = difference_intervals(estimates, used)
    ours = truth[[int(name) for name in m.models]]
    true = ours[:, None] - ours
    pairs = np.triu_indices(ours.size, 1)
    inside = ((low <= true) & (true <= high))[pairs]
    return inside.mean(), 50 * (high - low)[pairs].mean(), bool(estimates.warnings)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results")
    parser.add_argument("samples")
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--samples", type=int, default=3000, dest="drawn")
    given = parser.parse_args()
    population = read(given.results, given.samples).complete()
    print("| missing | tags | coverage | half-width, points | warned |\n|---|---|---|---|---|")
    for pattern in PATTERNS:
        for tags in (False, True):
            found = []
            for run in range(given.runs):
                rng = np.random.default_rng([run, 7])
                pool = population.drawn(given.drawn, rng)
                found.append(held(pool, thinned(pool, pattern, rng), population.truth, tags=tags))
            coverage, half, warned = np.mean(found, axis=0)
            print(
                f"| {pattern} | {'yes' if tags else 'no'} | {coverage:.3f} | {half:.1f} | {warned:.0%} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
