"""Rows of results to a Bradley-Terry ranking: how long it takes, beside evalica and choix on the same comparisons.

    python -m benchmarks.rank_mmlu_pro FILE

FILE is Parquet with `model, sample_id, score` (0/1), such as the results of TIGER-AI-Lab/MMLU-Pro. Every clock
starts at the same Polars frame of rows. Ours ends at a ranking with intervals, rank ranges and tie groups. Theirs
end at strengths alone; neither takes rows, so that their clocks hold what a user has to do first: join the rows
with themselves into pairs (in Polars) and bring these into the lists that their documentation asks for. evalica
takes models by name; it is also timed with numbers for them, which choix needs. choix knows no ties: a win is
passed as two wins, a tie as one each way, which is the same likelihood twice. Their fits are also timed alone, on
those lists, and on our win counts, which neither would have made. Imports are not counted, and each of our figures
comes after a first call. A tool that is not installed is skipped.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from aggregate.measurements import Measurements
from aggregate.methods.bradley_terry import BradleyTerry
from aggregate.pairs import Pairs
from kernels.bradley_terry import fit_bradley_terry


def timed(work: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """Median seconds of `repeats` calls after one to warm up (a single call if `repeats` is 1)."""
    seconds, result = [], work() if repeats > 1 else None
    for _ in range(repeats):
        start = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds)), result


def pairs(rows: pl.DataFrame) -> pl.DataFrame:
    """Every comparison: first and second model, and lead of the first (1, 0 or -1)."""
    both = rows.join(rows, on="sample").filter(pl.col("model") < pl.col("model_right"))
    return both.select(
        first="model", second="model_right", lead=(pl.col("value") - pl.col("value_right")).cast(pl.Int8)
    )


def main(path: str) -> None:
    rows = pl.read_parquet(path).select("model", sample="sample_id", value="score")
    reading, m = timed(lambda: Measurements.from_frame(rows), 15)
    print(f"{len(m.models)} models, {len(m.samples)} samples, {m.value.size} rows")
    counting, (wins, ties) = timed(lambda: Pairs(m).counts(), 15)
    half_wins = wins + ties / 2
    fitting, strengths = timed(lambda: fit_bradley_terry(half_wins), 15)
    estimating, _ = timed(lambda: BradleyTerry().estimate(m), 15)
    ours, _ = timed(lambda: BradleyTerry()(Measurements.from_frame(rows)), 15)
    print(
        f"ours, rows to ranking with intervals and rank ranges: {1e3 * ours:.1f} ms (reading {1e3 * reading:.1f}; "
        f"counts, fit and sandwich {1e3 * estimating:.1f}, of which counts {1e3 * counting:.1f}, "
        f"fit {1e3 * fitting:.1f})"
    )
    bootstrap, _ = timed(lambda: BradleyTerry()(m, intervals="bootstrap"), 3)
    print(f"ours, ranking by 1000 bootstrap replicates instead: {bootstrap:.2f} s")

    def compare(tool: str, seconds: float, found: np.ndarray, alone: float) -> None:
        apart = np.abs(found - found.mean() - strengths).max()
        print(f"{tool}: rows to strengths {seconds:.2f} s, {seconds / ours:.0f} times ours; apart by {apart:.0e}")
        print(f"    its fit alone {alone:.2f} s, {alone / (counting + fitting):.0f} times our counts and fit")

    named = rows.with_columns(pl.col("model").cast(pl.String))
    numbered = rows.with_columns(
        model=pl.col("model")
        .cast(pl.String)
        .replace_strict(list(m.models), range(len(m.models)), return_dtype=pl.Int32)
    )
    try:
        import evalica
    except ImportError:
        print("evalica: not installed, skipped")
    else:
        winner = {1: evalica.Winner.X, -1: evalica.Winner.Y, 0: evalica.Winner.Draw}

        def prepare_evalica(given: pl.DataFrame) -> tuple[list[Any], list[Any], list[Any]]:
            made = pairs(given)
            return made["first"].to_list(), made["second"].to_list(), [winner[x] for x in made["lead"].to_list()]

        for how, given, index in (
            ("as its documentation shows", named, list(m.models)),
            ("models as numbers", numbered, list(range(len(m.models)))),
        ):
            preparing, lists = timed(partial(prepare_evalica, given), 1)
            fit = partial(evalica.bradley_terry, *lists, tolerance=1e-12, limit=10_000)
            alone, fitted = timed(fit, 1)
            found = np.log(fitted.scores.loc[index].to_numpy())
            compare(f"evalica, {how}", preparing + alone, found, alone)
        i, j = np.nonzero(half_wins)
        counted = [winner[1]] * i.size
        on_counts, _ = timed(
            lambda: evalica.bradley_terry(i, j, counted, weights=half_wins[i, j], tolerance=1e-12, limit=10_000),
            15,
        )
        print(f"evalica on our counts: fit {1e3 * on_counts:.1f} ms, {on_counts / fitting:.1f} times our fit")

    try:
        import choix
    except ImportError:
        print("choix: not installed, skipped")
    else:

        def prepare_choix() -> list[tuple[int, int]]:
            made = pairs(numbered).with_columns(
                winner=pl.when(pl.col("lead") < 0).then("second").otherwise("first"),
                loser=pl.when(pl.col("lead") < 0).then("first").otherwise("second"),
            )
            back = pl.col("lead") == 0
            again = made.select(
                winner=pl.when(back).then("loser").otherwise("winner"),
                loser=pl.when(back).then("winner").otherwise("loser"),
            )
            return pl.concat([made.select("winner", "loser"), again]).rows()

        preparing, won = timed(prepare_choix, 1)
        alone, found = timed(lambda: choix.ilsr_pairwise(len(m.models), won, tol=1e-10), 1)
        compare("choix", preparing + alone, found, alone)
        on_counts, _ = timed(lambda: choix.ilsr_pairwise_dense(half_wins, tol=1e-10), 15)
        print(f"choix on our counts: fit {1e3 * on_counts:.2f} ms, {on_counts / fitting:.1f} times our fit")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m benchmarks.rank_mmlu_pro FILE")
    main(sys.argv[1])
