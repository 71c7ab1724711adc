"""How long it takes to count wins, and to multiply pair scores, beside reading the rows once.

    python -m benchmarks.count_wins [--models 200] [--samples 1000000] [--seen 0.5] [--few 0.03] [--repeat 3]

A table of that size in memory, with a share `seen` of the cells seen (`few` in the lines so named): model
int16, sample int32, value uint8 (0/1) or float32. A scan is the least time in which one thread reads the
three arrays once, by numpy's `max`, which is the fastest plain read there is (numpy's `sum` of small
integers waits for its additions, not for the memory). Each line is the median of the repeats, after one
call to compile. `numpy` is the route that small input takes, on the same rows.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from kernels.pair_scores import score_covariance
from kernels.wins import _tiled, win_counts

Rows = tuple[np.ndarray, np.ndarray, np.ndarray]


def seconds(work: Callable[[], Any], repeat: int) -> np.ndarray:
    found = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return np.array(found)


def scan(rows: Rows) -> float:
    return float(seconds(lambda: [column.max() for column in rows], 9).min())


def binary(models: int, samples: int, seen: float, rng: np.random.Generator) -> Rows:
    """Rows sorted by sample; a model passes with a chance of its own and the sample's."""
    able, parts = rng.random(models, np.float32), []
    for first in range(0, samples, 10_000):
        shape = min(10_000, samples - first), models
        sample, model = np.nonzero(rng.random(shape, np.float32) < seen)
        easy = rng.random(len(sample), np.float32)
        parts.append(
            (model.astype(np.int16), (sample + first).astype(np.int32), (easy < able[model]).astype(np.uint8))
        )
    model, sample, value = (np.concatenate(column) for column in zip(*parts, strict=True))
    return model, sample, value


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=int, default=200)
    parser.add_argument("--samples", type=int, default=1_000_000)
    parser.add_argument("--seen", type=float, default=0.5)
    parser.add_argument("--few", type=float, default=0.03)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    models, samples = options.models, options.samples
    rng = np.random.default_rng(0)

    def line(name: str, rows: Rows, work: Callable[[], Any]) -> None:
        work()
        took = float(np.median(seconds(work, options.repeat)))
        print(f"{name:42} {len(rows[0]):>12,} {took:>9.3f} {took / scan(rows):>9.1f}", flush=True)

    def counted(name: str, rows: Rows, chances: bool, weights: np.ndarray | None = None) -> None:
        line(name, rows, lambda: win_counts(*rows, models, samples, chances=chances, weights=weights))

    chance = 1 / (1 + np.exp(rng.normal(size=(models, models))))
    gains = {"win": 1 - chance, "lose": -chance, "tie": 0.5 - chance}

    def scored(name: str, rows: Rows, chances: bool, unit: np.ndarray) -> None:
        line(name, rows, lambda: score_covariance(*rows, unit, models, samples, chances=chances, **gains))

    rows = binary(models, samples, options.seen, rng)
    single = scan(rows)
    print(f"{models} models, {samples:,} samples; 0/1 rows are {sum(c.nbytes for c in rows) / 1e9:.2g} GB,")
    print(f"and a scan of them takes {single:.4f} s, {sum(c.nbytes for c in rows) / single / 1e9:.3g} GB/s\n")
    print(f"{'what':42} {'rows':>12} {'seconds':>9} {'scans':>9}")
    counted("0/1", rows, True)
    line("0/1, numpy", rows, lambda: _tiled(*rows, models, samples, True, None))
    counted("0/1, weighted samples", rows, True, rng.random(samples))
    order = rng.permutation(len(rows[0]))
    unsorted = rows[0][order], rows[1][order], rows[2][order]
    del order
    counted("0/1, unsorted", unsorted, True)
    del unsorted
    numeric = rows[0], rows[1], rng.random(len(rows[0]), np.float32)
    counted("rates", numeric, True)
    counted("numeric, float32", numeric, False)
    counted("numeric, float32, weighted samples", numeric, False, rng.random(samples))
    wide = rows[0], rows[1], numeric[2] / np.float64(3)
    counted("numeric, float64", wide, False)
    del wide
    scored("scores, 0/1, a unit each sample", rows, True, np.arange(samples))
    scored("scores, 0/1, a unit 20 samples", rows, True, np.arange(samples) // 20)
    scored("scores, numeric, a unit each sample", numeric, False, np.arange(samples))

    few = binary(models, samples, options.few, rng)
    numeric = few[0], few[1], rng.random(len(few[0]), np.float32)
    counted("few rows a sample, 0/1", few, True)
    counted("few rows a sample, rates", numeric, True)
    counted("few rows a sample, numeric", numeric, False)
    scored("few rows a sample, scores, 0/1", few, True, np.arange(samples))
    scored("few rows a sample, scores, numeric", numeric, False, np.arange(samples))


if __name__ == "__main__":
    main()
