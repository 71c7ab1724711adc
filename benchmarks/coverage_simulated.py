"""How often intervals of differences hold the true one, on simulated truths with cells missing at random.

    python -m benchmarks.coverage_simulated [--runs 200]

8 models, 600 samples of which 10 % of the cells are seen, or 200 of which 70 % are. Truths as in the test of the
same, tests/aggregate/test_abilities.py, which makes fewer runs. Also which share of runs brought a warning.
"""

from __future__ import annotations

import argparse

import numpy as np

from aggregate.estimates import difference_intervals
from aggregate.measurements import Measurements
from aggregate.methods.auto import Auto
from aggregate.methods.rasch import Rasch
from tests.aggregate.tables import frame_of, simulated

_MODELS = 8


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=200)
    runs = parser.parse_args().runs
    pairs = np.triu_indices(_MODELS, 1)
    print("| truth | seen | rasch | auto | standard error | auto warned |\n|---|---|---|---|---|---|")
    for truth in ("rasch", "2pl", "gumbel"):
        expected = simulated(truth, np.random.default_rng(0), _MODELS, 400_000).mean(axis=1)
        true = expected[:, None] - expected
        for samples, seen in ((600, 0.1), (200, 0.7)):
            held: dict[str, list[float]] = {"rasch": [], "auto": []}
            warned = []
            for run in range(runs):
                rng = np.random.default_rng([run, samples, len(truth)])
                value = simulated(truth, rng, _MODELS, samples)
                m = Measurements.from_frame(frame_of(value, rng.random(value.shape) < seen))
                for method in (Rasch(), Auto()):
                    estimates, used = method.estimate(m)
                    low, high = difference_intervals(estimates, used)
                    held[method.name].append(float(((low <= true) & (true <= high))[pairs].mean()))
                warned.append(bool(estimates.warnings))
            error = np.std(held["auto"], ddof=1) / runs**0.5
            means = " | ".join(f"{np.mean(found):.3f}" for found in held.values())
            print(f"| {truth} | {seen:.0%} | {means} | {error:.3f} | {np.mean(warned):.1%} |", flush=True)


if __name__ == "__main__":
    main()
