"""Kendall's tau-b to the full-data ranking of WildBench's scores (1 to 10) when 90 % of them are taken away.

    python -m benchmarks.rank_wildbench FILE [--runs 40]

FILE is Parquet with `model, judge, sample_id, score`, as from allenai/WildBench; one judge is used. `joint fit` is
least squares with a number of its own for each model and each sample.
"""

from __future__ import annotations

import argparse

import numpy as np
import polars as pl
from scipy import sparse, stats
from scipy.sparse.linalg import lsqr

from aggregate.measurements import Measurements
from aggregate.methods.auto import Auto
from aggregate.methods.bradley_terry import BradleyTerry
from aggregate.methods.plackett_luce import PlackettLuce


def joint_fit(m: Measurements) -> np.ndarray:
    """(M,) effects of models in value = model + sample + noise."""
    rows, models = np.arange(m.value.size), len(m.models)
    at = (np.tile(rows, 2), np.concatenate([m.model, models + m.sample]))
    design = sparse.csr_matrix((np.ones(2 * rows.size), at), shape=(rows.size, models + len(m.samples)))
    found: np.ndarray = lsqr(design, m.value - m.value.mean(), damp=1e-3)[0]
    return found[:models]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--runs", type=int, default=40)
    given = parser.parse_args()
    frame = pl.read_parquet(given.file).filter(pl.col("judge") == pl.col("judge").first())
    frame = frame.select(pl.col("model").cast(pl.String), sample="sample_id", value="score").drop_nulls()
    truth = dict(frame.group_by("model").agg(pl.col("value").mean()).iter_rows())
    taus: dict[str, list[float]] = {}
    for run in range(given.runs):
        m = Measurements.from_frame(
            frame.filter(pl.Series(np.random.default_rng(run).random(frame.height) >= 0.9))
        )
        scores = {"mean": np.bincount(m.model, m.value) / m.samples_per_model, "joint fit": joint_fit(m)}
        for method in (BradleyTerry(), PlackettLuce(), Auto()):
            scores[method.name] = method.estimate(m)[0].scores
        for name, found in scores.items():
            taus.setdefault(name, []).append(stats.kendalltau(found, [truth[model] for model in m.models])[0])
    print(f"{len(truth)} models, {frame['sample'].n_unique()} samples, 90 % taken away, {given.runs} runs")
    print("| " + " | ".join(taus) + " |\n" + "|---" * len(taus) + "|")
    print("| " + " | ".join(f"{np.mean(found):.3f}" for found in taus.values()) + " |")
    best = max((name for name in taus if name != "auto"), key=lambda name: float(np.mean(taus[name])))
    gap = np.array(taus["auto"]) - taus[best]
    print(f"auto less {best}: {gap.mean():+.4f} (standard error {gap.std(ddof=1) / np.sqrt(gap.size):.4f})")


if __name__ == "__main__":
    main()
