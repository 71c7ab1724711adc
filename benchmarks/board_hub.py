"""A large hub for the board's benchmarks: every model's passes and fails by chance, ranked and published.

    python -m benchmarks.board_hub HUB [--models 300] [--share 0.1] [--sources 10]

HUB has samples and vectors (`python -m benchmarks.probe_million` makes one of any size). They are spread over so
many sources; each model gets a value on a share of the samples, drawn by chance. There are no attempts.
"""

from __future__ import annotations

import argparse
import resource
import time
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from evalhub.ranking import rank_hub
from evalhub.store.chosen import PASS_RATE
from evalhub.store.hub import Hub
from evalhub.store.measurements import add_measurements
from evalhub.store.origins import sources
from evalhub.store.results import add_model
from evalhub.store.snapshot import publish
from ingest.records import Condition, Model


def spread(hub: Hub, sources: int) -> None:
    """Give samples to sources in turn."""
    with hub.transaction() as database:
        database.execute(
            "UPDATE sample SET source = 'source ' || lpad((hash(sample_id) % ?)::VARCHAR, 2, '0')", [sources]
        )
        database.execute("DELETE FROM origin")
        database.execute("INSERT INTO origin BY NAME SELECT sample_id, source, sample_id AS source_id FROM sample")


def measure(hub: Hub, models: int, share: float = 1.0) -> None:
    """Give each of so many models a pass or a fail on a share of the samples, those drawn anew for each."""
    asked = Condition().condition_id
    hub.database.execute("INSERT OR IGNORE INTO condition SELECT ?, '', ?", [asked, "{}"])
    ids = hub.frame("SELECT sample_id FROM sample ORDER BY sample_id")["sample_id"]
    draw = np.random.default_rng(0)
    hardness = draw.normal(size=len(ids))
    for place in range(models):
        name = f"model-{place:03d}"
        known = Model(
            model_id=name,
            parameters=int(10 ** draw.uniform(8, 12)),
            released=date(2023, 1, 1) + timedelta(days=int(draw.integers(1400))),
            licence=str(draw.choice(["apache-2.0", "mit", "llama"])),
        )
        add_model(hub, known)
        taken = np.flatnonzero(draw.random(len(ids)) < share)
        ability = 4 * place / models - 2
        value = draw.random(len(taken)) < 1 / (1 + np.exp(hardness[taken] - ability))
        frame = pl.DataFrame({"sample_id": ids.gather(taken), "value": value.astype(float)}).with_columns(
            model_id=pl.lit(name),
            metric=pl.lit(PASS_RATE),
            main=pl.lit(True),
            condition_id=pl.lit(asked),
            seed=pl.lit(0),
            kind=pl.lit("binary"),
            direction=pl.lit("up"),
            low=pl.col("value"),
            high=pl.col("value"),
            passes=pl.col("value").cast(pl.Int32),
            attempts=pl.lit(1),
            missing=pl.lit(0),
            reason=pl.lit(""),
        )
        add_measurements(hub, "", frame)
        print(f"model {place + 1} of {models}", end="\r", flush=True)
    print()


def rank(hub: Hub) -> None:
    """By the methods that take no fit of every sample."""
    for source in ("", *sources(hub)):
        for method in ("mean", "bradley-terry"):
            rank_hub(hub, method, source)
            print(f"ranked {source or 'the pool'} by {method}", flush=True)


def memory() -> str:
    """The most that this process held."""
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB"


def main() -> None:
    """Make, rank and publish; print what each took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("hub", type=Path)
    parser.add_argument("--models", type=int, default=300)
    parser.add_argument("--share", type=float, default=0.1)
    parser.add_argument("--sources", type=int, default=10)
    given = parser.parse_args()
    with Hub(given.hub, make=False) as hub:
        if not hub.frame("SELECT 1 FROM measurement LIMIT 1").height:
            spread(hub, given.sources)
            measure(hub, given.models, given.share)
        for name, work in (("ranked", rank), ("published", publish)):
            start = time.perf_counter()
            work(hub)
            print(f"{name} in {time.perf_counter() - start:.0f} s; most memory {memory()}", flush=True)


if __name__ == "__main__":
    main()
