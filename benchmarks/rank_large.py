"""Seconds and memory of `evalhub rank FILE` on a large Parquet file of passes and fails.

    python -m benchmarks.rank_large [--models 200] [--samples 1000000] [--seen 0.5] [--order sample]
        [--method bradley-terry] [--keep FILE]

The file has text names and whole values (`model, sample, value`), is written outside the clock into a temporary
folder (or to FILE, where it is used again), and is in the page cache when the command starts. `--order` is that of
the rows: by `sample`, by `model` (as where the results of one model after the other were put together), or `none`.
The command is a process of its own, from its start to its end.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.peak import Peak

_ROWS = 2**20
"""Of a row group."""


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=int, default=200)
    parser.add_argument("--samples", type=int, default=1_000_000)
    parser.add_argument("--seen", type=float, default=0.5)
    parser.add_argument("--order", choices=["sample", "model", "none"], default="sample")
    parser.add_argument("--method", default="bradley-terry")
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = options.keep or Path(folder) / "large.parquet"
        if not path.exists():
            write(path, options.models, options.samples, options.seen, options.order)
        file = pq.ParquetFile(path)
        rows, size = file.metadata.num_rows, path.stat().st_size / 1e9
        print(f"{rows:,} rows, {size:.2f} GB, {options.models} models, order: {options.order}", flush=True)
        command = [sys.executable, "-m", "evalhub", "rank", str(path), "--method", options.method, "--json"]
        peak, started = Peak(), time.perf_counter()
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            peak.watch(process.pid)
            answer = process.communicate()[0]
        seconds = time.perf_counter() - started
        if process.returncode:
            raise SystemExit(f"evalhub rank failed with code {process.returncode}")
    ranking = json.loads(answer)
    first, last = ranking["models"][0], ranking["models"][-1]
    print(f"{ranking['method']}: {seconds:.1f} s, most memory {peak.gib:.2f} GiB (PSS)")
    print(f"{first['model']} {first['score']:.3f} [{first['low']:.3f}, {first['high']:.3f}], last {last['model']}")


def write(path: Path, models: int, samples: int, seen: float, order: str) -> None:
    """A model passes with a chance of its own on all samples that it saw; model 0 is the best."""
    rng = np.random.default_rng(0)
    chance = np.linspace(0.9, 0.1, models, dtype=np.float32)
    names = [
        pa.array([f"{what}-{i:0{len(str(n))}}" for i in range(n)])
        for what, n in (("lab/model", models), ("benchmark/sample", samples))
    ]
    schema = pa.schema({"model": pa.string(), "sample": pa.string(), "value": pa.int8()})
    step = max(1, int(_ROWS / seen / (models if order == "sample" else samples)))
    if order == "none":
        cell = rng.permutation(np.flatnonzero(rng.random(models * samples, np.float32) < seen).astype(np.uint32))
        blocks = ((part % models, part // models) for part in np.array_split(cell, max(1, cell.size // _ROWS)))
    elif order == "sample":
        starts = range(0, samples, step)
        blocks = (_seen(rng, seen, range(models), range(s, min(s + step, samples))) for s in starts)
    else:
        starts = range(0, models, step)
        blocks = (_seen(rng, seen, range(m, min(m + step, models)), range(samples), by_model=True) for m in starts)
    with pq.ParquetWriter(path, schema) as file:
        for model, sample in blocks:
            value = (rng.random(model.size, np.float32) < chance[model]).astype(np.int8)
            columns = [names[0].take(pa.array(model)), names[1].take(pa.array(sample)), pa.array(value)]
            file.write_table(pa.table(columns, schema))


def _seen(
    rng: np.random.Generator, seen: float, models: range, samples: range, by_model: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """The models and samples of cells seen, by sample unless `by_model`."""
    first, second = (models, samples) if by_model else (samples, models)
    slow, fast = np.nonzero(rng.random((len(first), len(second)), np.float32) < seen)
    slow, fast = slow + first.start, fast + second.start
    return (slow, fast) if by_model else (fast, slow)


if __name__ == "__main__":
    main()
