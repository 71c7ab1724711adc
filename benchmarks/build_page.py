"""How long the board's page "Build a benchmark" makes a reader wait, and what its server holds.

    python -m benchmarks.build_page HUB [--repeat 10]

Times what the page asks of the snapshot of HUB (`python -m benchmarks.board_hub` makes one), without drawing.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from app import probe_queries
from app.snapshot import Snapshot, published
from app.views.picked import METHODS, MOST_RANKED
from benchmarks.board_hub import memory
from benchmarks.probe_million import TEXTS
from evalhub.probes.probe import Cut, Probe
from evalhub.store.snapshot import folder

WHERE = ("n_characters > 100", "n_characters > 200", "n_choices = 10", "tags = 'tag 7'", "difficulty > 0.5")
CUT = Cut(precision=0.8)


def timed(what: str, work: Callable[[int], object], repeat: int) -> None:
    """Print milliseconds, median and slowest, after a first call."""
    work(0)
    took = []
    for turn in range(1, repeat + 1):
        start = time.perf_counter()
        work(turn)
        took.append(1000 * (time.perf_counter() - start))
    print(f"{what}: {np.median(took):.0f} ms (slowest {max(took):.0f})", flush=True)


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
    parser.add_argument("--repeat", type=int, default=10)
    arguments = parser.parse_args()
    times(published(folder(arguments.hub)), arguments.repeat)


if __name__ == "__main__":
    main()
