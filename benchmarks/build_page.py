"""How long the board's page "Build a benchmark" makes a reader wait, and what its server holds.

    python -m benchmarks.build_page HUB [--models 100] [--repeat 10]

HUB has samples and vectors (`python -m benchmarks.probe_million` makes one of any size). The first call gives each
of so many models a pass or a fail on every sample by chance, and publishes; the next one times what the page asks
of the snapshot, without drawing.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

from app import probe_queries
from app.snapshot import Snapshot, published
from app.views.picked import METHODS, MOST_RANKED
from benchmarks.probe_million import TEXTS
from evalhub.probes.probe import Cut, Probe
from evalhub.store.chosen import PASS_RATE
from evalhub.store.hub import Hub
from evalhub.store.measurements import add_measurements
from evalhub.store.results import add_model
from evalhub.store.snapshot import folder, publish
from ingest.records import Condition, Model

WHERE = ("n_characters > 100", "n_characters > 200", "n_choices = 10", "tags = 'tag 7'", "difficulty > 0.5")
CUT = Cut(precision=0.8)


def measure(hub: Hub, models: int) -> None:
    """Passes and fails of models by chance."""
    asked = Condition().condition_id
    hub.database.execute("INSERT OR IGNORE INTO condition SELECT ?, '', ?", [asked, "{}"])
    ids = hub.frame("SELECT sample_id FROM sample ORDER BY sample_id")["sample_id"]
    draw = np.random.default_rng(0)
    for place in range(models):
        name = f"model-{place:03d}"
        add_model(hub, Model(model_id=name, parameters=10**9 * (place + 1)))
        value = draw.random(len(ids)) < (place + 1) / (models + 1)
        frame = pl.DataFrame({"sample_id": ids, "value": value.astype(float)}).with_columns(
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


def timed(what: str, work: Callable[[int], object], repeat: int) -> None:
    """Print milliseconds, median and slowest, after a first call."""
    work(0)
    took = []
    for turn in range(1, repeat + 1):
        start = time.perf_counter()
        work(turn)
        took.append(1000 * (time.perf_counter() - start))
    print(f"{what}: {np.median(took):.0f} ms (slowest {max(took):.0f})", flush=True)


def memory() -> str:
    """The most that this process held."""
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB"


def times(board: Snapshot, repeat: int) -> None:
    """What the page asks, as a reader changes it."""
    start = time.perf_counter()
    search = probe_queries.search(board)
    search.taken(Probe(text=TEXTS[0]), CUT)
    took = time.perf_counter() - start
    print(f"{len(search.index.ids):,} samples; opened, first probe included, in {took:.1f} s")

    def text(turn: int) -> Probe:
        return Probe(text=f"{TEXTS[turn % len(TEXTS)]} {turn}")

    def filtered(turn: int) -> Probe:
        return Probe(text=TEXTS[0], where=WHERE[turn % len(WHERE)])

    timed("a text", lambda turn: search.taken(text(turn), CUT), repeat)
    timed("another filter of a text", lambda turn: search.taken(filtered(turn), CUT), repeat)
    timed("a filter alone", lambda turn: probe_queries.fitting(board, WHERE[turn % len(WHERE)]), repeat)
    print(f"most memory: {memory()}")
    for method in METHODS:
        for count in (200, 2000, MOST_RANKED):
            ids = search.index.ids[:: max(1, len(search.index.ids) // count)][:count]
            start = time.perf_counter()
            found = probe_queries.ranked(board, ids, method)
            took = time.perf_counter() - start
            models = len(found[0].models) if found else 0
            print(f"ranking {models} models on {len(ids):,} by {method}: {1000 * took:.0f} ms", flush=True)
    print(f"most memory: {memory()}")


def main() -> None:
    """Print times and memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("hub", type=Path)
    parser.add_argument("--models", type=int, default=100)
    parser.add_argument("--repeat", type=int, default=10)
    arguments = parser.parse_args()
    if not folder(arguments.hub).exists():
        with Hub(arguments.hub, make=False) as hub:
            measure(hub, arguments.models)
            start = time.perf_counter()
            publish(hub)
            print(f"published in {time.perf_counter() - start:.0f} s with {memory()}; run it again for the times")
        return
    times(published(folder(arguments.hub)), arguments.repeat)


if __name__ == "__main__":
    main()
