"""Ten million plain rows from Parquet into a hub, beside DuckDB's own copy of the same file into a table.

python -m benchmarks.import_rows [--models 200] [--samples 50000] [--repeat 3]

Both run as processes of their own, from start to end, and write to the same disk. The rows are model, sample and
value, text names, every model on every sample, in the order of models. The import checks them, finds out that no
cell occurs twice, and keeps each with its condition, metric and source.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.peak import Peak

COPY = """
import duckdb, sys
database = duckdb.connect(sys.argv[2])
database.execute("CREATE TABLE measured AS SELECT * FROM read_parquet(?)", [sys.argv[1]])
database.close()
"""


def main() -> None:
    """Print seconds, their ratio and the most memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=200)
    parser.add_argument("--samples", type=int, default=50_000)
    parser.add_argument("--repeat", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "rows.parquet"
        _write(file, given.models, given.samples)
        print(f"{given.models * given.samples:,} rows, {file.stat().st_size / 2**20:.0f} MiB", flush=True)
        ratios = []
        for turn in range(given.repeat):
            theirs = [sys.executable, "-c", COPY, str(file), str(folder / f"copy-{turn}.duckdb")]
            ours = [sys.executable, "-m", "evalhub", "import", str(file), "--hub", str(folder / f"hub-{turn}")]
            (copy, copy_peak), (taken, peak) = _timed(theirs), _timed(ours)
            ratios.append(taken / copy)
            print(
                f"DuckDB {copy:.2f} s, {copy_peak:.2f} GiB; evalhub import {taken:.2f} s, "
                f"{peak:.2f} GiB; {taken / copy:.2f} times",
                flush=True,
            )
        print(f"median {statistics.median(ratios):.2f} times (floor 3)")


def _write(file: Path, models: int, samples: int) -> None:
    dice = np.random.default_rng(0)
    frame = pl.DataFrame(
        {
            "model": np.repeat([f"lab-{k % 7}/model-{k:04}" for k in range(models)], samples),
            "sample": [f"task-{s % 40}/question-{s:08}" for s in range(samples)] * models,
            "value": (dice.random(models * samples) < 0.5).astype(np.float64),
        }
    )
    frame.write_parquet(file)


def _timed(command: list[str]) -> tuple[float, float]:
    """Seconds and GiB."""
    peak, started = Peak(), time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        peak.watch(process.pid)
    if process.returncode:
        raise SystemExit(f"{command[:4]} failed")
    return time.perf_counter() - started, peak.gib


if __name__ == "__main__":
    main()
