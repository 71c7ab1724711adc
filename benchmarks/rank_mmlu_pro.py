"""How long a Bradley-Terry ranking of 29 models on 12,032 questions takes, beside evalica and choix.

    python -m benchmarks.rank_mmlu_pro FILE

FILE is Parquet with `model, sample_id, score` (0/1), such as the results of TIGER-AI-Lab/MMLU-Pro. The
input that another tool needs is made outside the clock: for evalica all pairs of results on a question, so
that it counts and fits as we do from measurements; for choix our win counts, so that it only fits. A tool
that is not installed is skipped.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

from aggregate.measurements import Measurements
from aggregate.methods.bradley_terry import BradleyTerry
from kernels.bradley_terry import fit_bradley_terry
from kernels.wins import win_counts


def timed(work: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """Median seconds of `repeats` calls after one to warm up (a single call if `repeats` is 1)."""
    seconds, result = [], work() if repeats > 1 else None
    for _ in range(repeats):
        start = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds)), result


def pairs(m: Measurements) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every comparison as (first model, second model, outcome 1, 0 or -1), sides in random order."""
    dense = np.full((len(m.samples), len(m.models)), np.nan)
    dense[m.sample, m.model] = m.value
    first, second = np.triu_indices(len(m.models), 1)
    outcome = np.sign(dense[:, first] - dense[:, second])
    row, column = np.nonzero(~np.isnan(outcome))
    a, b, result = first[column], second[column], outcome[row, column]
    swap = np.random.default_rng(0).random(a.size) < 0.5
    return np.where(swap, b, a), np.where(swap, a, b), np.where(swap, -result, result)


def compare(tool: str, strengths: np.ndarray, theirs: float, scores: np.ndarray, ours: float) -> None:
    """One line: `tool` names the tool and the step that both were timed on."""
    apart = np.abs(strengths - strengths.mean() - scores).max()
    print(f"{tool}: {theirs:.2g} s, {theirs / ours:.3g} times ours; strengths apart by at most {apart:.0e}")


def main(path: str) -> None:
    frame = pl.read_parquet(path).select("model", sample="sample_id", value="score")
    seconds, m = timed(lambda: Measurements.from_frame(frame), 5)
    print(f"{len(m.models)} models, {len(m.samples)} samples, {m.value.size} rows, read in {seconds:.3f} s")

    def half_wins() -> np.ndarray:
        wins, ties = win_counts(m.model, m.sample, m.value, len(m.models), len(m.samples), chances=True)
        return wins + ties / 2

    counting, wins = timed(half_wins, 9)
    fitting, scores = timed(lambda: fit_bradley_terry(wins), 9)
    print(f"point fit: counting {counting:.2g} s, fit {fitting:.2g} s")
    seconds, _ = timed(lambda: BradleyTerry()(m, replicates=1000), 3)
    print(f"ranking with 1000 bootstrap replicates, intervals and rank ranges: {seconds:.2f} s")

    try:
        import evalica
    except ImportError:
        print("evalica: not installed, skipped")
    else:
        first, second, outcome = pairs(m)
        names = {1: evalica.Winner.X, -1: evalica.Winner.Y, 0: evalica.Winner.Draw}
        xs, ys = first.tolist(), second.tolist()
        winners = [names[int(result)] for result in outcome]
        seconds, fitted = timed(lambda: evalica.bradley_terry(xs, ys, winners, tolerance=1e-10, limit=1000), 1)
        strengths = np.log(fitted.scores.loc[range(len(m.models))].to_numpy())
        compare("evalica, pairs to strengths", strengths, seconds, scores, counting + fitting)

    try:
        import choix
    except ImportError:
        print("choix: not installed, skipped")
    else:
        seconds, strengths = timed(lambda: choix.ilsr_pairwise_dense(wins), 9)
        compare("choix, win counts (ours) to strengths", strengths, seconds, scores, fitting)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m benchmarks.rank_mmlu_pro FILE")
    main(sys.argv[1])
