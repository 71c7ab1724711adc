"""Seconds of a Bradley-Terry ranking of a large hub: from counts, after one more month, and from all rows.

    python -m benchmarks.refresh_counts [--models 100] [--samples 100000] [--months 24]

A hub of two sources with as many samples every month, three to a cluster, on which every model has a pass rate
(five passes or sixteen attempts), is filled outside the clock, in a temporary folder. It is ranked from counts, of
which there are none at first; one more month of both sources comes; it is ranked from counts twice more, and from
its rows. Each is a process of its own, from the opening of the hub to the ranking that is kept.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
from scipy import special

from aggregate.counted import Counted
from aggregate.measurements import Measurements
from aggregate.ranking import Ranking
from evalhub.counts import refresh
from evalhub.ranking import HowToRank, hub_slices, select
from evalhub.selection import POOL
from evalhub.store.chosen import Slice
from evalhub.store.hub import Hub
from evalhub.store.measurements import add_measurements
from evalhub.store.results import save_ranking
from evalhub.store.samples import add_conditions, add_samples
from ingest.records import Condition, Sample

SOURCES = ("code", "papers")
PASSES, ATTEMPTS = 5, 16

_Read = Callable[[Hub, list[Slice]], Counted | Measurements]


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=int, default=100)
    parser.add_argument("--samples", type=int, default=100_000)
    parser.add_argument("--months", type=int, default=24)
    options = parser.parse_args()
    each = options.samples // options.months // len(SOURCES)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        for month in range(options.months - 1):
            fill(path, month, each, options.models)
        first = timed("counts, first time", counts, path)
        fill(path, options.months - 1, each, options.models)
        after = timed("counts, after one more month", counts, path)
        same = timed("counts, nothing new", counts, path)
        whole = timed("rows", rows, path)
        with Hub(path) as hub:
            held = hub_slices(hub)
            [(size,)] = hub.database.execute("SELECT sum(octet_length(counts)) FROM slice_counts").fetchall()
    results = sum(one.results for one in held)
    print(f"{results:,} results of {options.models} models in {len(held)} slices, counts {size / 1e6:.0f} MB")
    print(f"rows / counts after one more month: {whole[0] / after[0]:.1f}; first time: {whole[0] / first[0]:.2f}")
    score = {row.model: row.score for row in whole[1].models}
    worst = max(abs(row.score - score[row.model]) for row in same[1].models)
    width = np.mean([row.high - row.low for row in same[1].models]) / np.mean(
        [row.high - row.low for row in whole[1].models]
    )
    print(f"scores apart by at most {worst:.1e}; intervals {width:.3f} times as wide")


def counts(hub: Hub, held: list[Slice]) -> Counted:
    """Of all slices, brought up to date."""
    return refresh(hub, "", held)


def rows(hub: Hub, _: list[Slice]) -> Measurements:
    """All measurements."""
    return select(hub, POOL).measurements


def timed(what: str, read: _Read, path: Path) -> tuple[float, Ranking]:
    """Seconds in a process of its own, printed with its largest size."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        seconds, peak, ranking = pool.apply(_timed, (read, path))
    print(f"{what}: {seconds:.1f} s, most memory {peak:.1f} GiB", flush=True)
    return seconds, ranking


def _timed(read: _Read, path: Path) -> tuple[float, float, Ranking]:
    started = time.perf_counter()
    with Hub(path) as hub:
        hub.database.execute("SET enable_progress_bar = false")  # DuckDB takes such a process for a terminal
        held = hub_slices(hub)
        ranking = HowToRank(method="bradley-terry").rank(read(hub, held))
        save_ranking(hub, ranking, "", held)
    seconds = time.perf_counter() - started
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, ranking


def fill(path: Path, month: int, samples: int, models: int) -> None:
    """A month of each source, on which all models are measured."""
    rng = np.random.default_rng(month)
    published = date(2024 + month // 12, 1 + month % 12, 1)
    condition = Condition()
    with Hub(path) as hub:
        add_conditions(hub, [condition])
        for source in SOURCES:
            brought = [
                Sample(
                    prompt=f"{source} {month} {i}",
                    grader="exact",
                    reference="x",
                    source=source,
                    source_id=f"{month}-{i}",
                    cluster=f"{source} {month} {i // 3}",
                    published_at=published,
                )
                for i in range(samples)
            ]
            add_samples(hub, brought)
            ease = np.repeat(rng.normal(0, 1, samples // 3 + 1), 3)[:samples] + rng.normal(0, 1, samples)
            chance = special.expit(np.linspace(1, -1, models)[:, None] + ease)
            attempt = PASSES + rng.negative_binomial(PASSES, chance)
            passes = np.minimum(rng.binomial(ATTEMPTS, chance), PASSES - 1)
            came = attempt <= ATTEMPTS
            value = np.where(came, (PASSES - 1) / np.maximum(attempt - 1, 1), passes / ATTEMPTS)
            ids = [sample.sample_id for sample in brought]
            given = pl.DataFrame(
                {
                    "model_id": np.repeat([f"lab/model-{k:03}" for k in range(models)], samples),
                    "sample_id": ids * models,
                    "value": value.ravel(),
                    "passes": np.where(came, PASSES, passes).ravel(),
                    "attempts": np.where(came, attempt, ATTEMPTS).ravel(),
                }
            )
            shared = {"metric": "pass rate", "main": True, "condition_id": condition.condition_id, "seed": 0}
            fixed = {"kind": "binary", "direction": "up", "low": 0.0, "high": 1.0, "missing": 0, "reason": ""}
            add_measurements(hub, "", given.with_columns(**{k: pl.lit(v) for k, v in (shared | fixed).items()}))


if __name__ == "__main__":
    main()
