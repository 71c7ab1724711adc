"""A million samples with vectors: how long a probe with a filter takes once the pool is open, and how much memory.

    python -m benchmarks.probe_million FILE FOLDER [--samples 1000000] [--repeat 20]

FILE is Parquet with `sample_id, question, category`. The pool is made once in FOLDER by repeating its questions:
each copy has its vector with noise. Beside ours, what a user would write: one product of float32 vectors
with the query's, the filter as a query of the hub's DuckDB tables, and the best of what is left; without words,
feedback or a claim of precision.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.probes import pool
from evalhub.probes.index import Index
from evalhub.probes.probe import Cut, Probe
from evalhub.probes.search import find
from evalhub.store.hub import Hub
from evalhub.store.vectors import load_vectors
from kernels.dots import quantised

TEXTS = ("organic chemistry", "contract law", "probability theory", "cell biology", "monetary policy")
WHERE = "subject = 'tag 7' AND n_characters > 100"
NOISE = 0.02
"""Standard deviation of a coordinate; vectors have length 1 over 384 of them."""


def grow(hub: Hub, encoder: str, count: int) -> None:
    """Repeat every sample and its vector until there are so many."""
    ids, vectors, scales = load_vectors(hub, encoder)
    draw = np.random.default_rng(0)
    copies = -(-count // len(ids))
    for copy in range(1, copies):
        hub.database.execute(
            """
            INSERT INTO sample BY NAME
            SELECT * REPLACE (sha256(sample_id || ?) AS sample_id, ['tag ' || ? % 10] AS tags,
                              sha256(sample_id || ?) AS cluster)
            FROM sample WHERE len(tags) = 0
            """,
            [str(copy), copy, str(copy)],
        )
        noisy = vectors * scales[:, None] + draw.normal(scale=NOISE, size=vectors.shape)
        noisy /= np.linalg.norm(noisy, axis=1, keepdims=True)
        whole, units = quantised(noisy.astype(np.float32))
        rows = {"id": ids, "scale": units, "bytes": [row.tobytes() for row in whole]}
        _insert(hub, encoder, copy, rows)
        print(f"copy {copy} of {copies - 1}", end="\r", flush=True)


def _insert(hub: Hub, encoder: str, copy: int, rows: dict[str, object]) -> None:
    frame = pl.DataFrame(rows).with_columns(encoder=pl.lit(encoder), copy=pl.lit(str(copy)))
    hub.insert(
        "INSERT INTO vector BY NAME SELECT sha256(id || copy) AS sample_id, encoder, scale, bytes FROM given",
        frame,
    )


def median(work: Callable[[str], object], repeats: int) -> tuple[float, float]:
    """Milliseconds, median and slowest, over texts in turn, after a first call."""
    work(TEXTS[-1])
    took = []
    for turn in range(repeats):
        start = time.perf_counter()
        work(TEXTS[turn % len(TEXTS)])
        took.append(1000 * (time.perf_counter() - start))
    return float(np.median(took)), max(took)


def main() -> None:
    """Print sizes, times and memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--samples", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=20)
    arguments = parser.parse_args()
    new = not arguments.folder.exists()
    with Hub(arguments.folder) as hub:
        if new:
            index, _ = pool(hub, arguments.file)
            grow(hub, index.encoder.name, arguments.samples)
        start = time.perf_counter()
        index = Index.open(hub, tell=print)
        index.along(index.middle)
        print(f"{len(index.ids):,} samples; opened in {time.perf_counter() - start:.1f} s")
        cut, repeat = Cut(top=200), arguments.repeat
        for name, where in (("no filter", ""), ("a filter", WHERE)):
            held = median(
                lambda text, where=where: find(hub, Probe(text=text, where=where), cut, index=index), repeat
            )
            print(f"ours, {name}: {held[0]:.0f} ms (slowest {held[1]:.0f})")
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(f"most memory, opening included: {most:.2f} GiB")
        floats = index.vectors * index.scales[:, None]
        by_id = {sample_id: place for place, sample_id in enumerate(index.ids)}

        def plain(text: str) -> object:
            cosines = floats @ index.encoder.encode([text])[0]
            rows = hub.database.execute(
                "SELECT sample_id FROM sample WHERE tags[1] = 'tag 7' AND length(prompt) > 100"
            ).fetchnumpy()["sample_id"]
            places = np.array([by_id[one] for one in rows])
            return places[np.argsort(-cosines[places])[:200]]

        held = median(plain, repeat)
        print(f"a product of float32 vectors and a query, a filter: {held[0]:.0f} ms (slowest {held[1]:.0f})")


if __name__ == "__main__":
    main()
