"""One process against a Ray cluster of two workers on the same two cores: what going there costs, before there are
more machines to gain from.

    python -m benchmarks.scale [--rows 10 30 100] [--attempts 400] [--only count|score]

Counting: `evalhub rank FILES --method bradley-terry` on eight Parquet files of millions of passes and fails of 200
models, each with some of them, so that all rows of a sample have to be brought together; alone and with `--ray`.
Scoring: attempts of SmolLM2-135M on reasoning-gym, in one process for each core, and in two replicas with a core
each. Every command is a process of its own, from its start to its end, the cluster's start included.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from benchmarks.peak import Peak
from benchmarks.rank_large import write

MODELS, FILES, SEEN = 200, 8, 0.5


def main() -> None:
    """Print the figures as they come."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[10, 30, 100], help="millions")
    parser.add_argument("--attempts", type=int, default=400)
    parser.add_argument("--only", choices=["count", "score"])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.only != "score":
            for millions in options.rows:
                count(Path(folder), millions)
        if options.only != "count":
            score(Path(folder), options.attempts)


def count(folder: Path, millions: int) -> None:
    """Rank files of so many million rows, alone and on a cluster."""
    whole = folder / "whole.parquet"
    write(whole, MODELS, int(millions * 1e6 / MODELS / SEEN), SEEN, "model")
    source = pq.ParquetFile(whole)
    groups = source.num_row_groups
    files = [folder / f"part-{number}.parquet" for number in range(FILES)]
    for number, path in enumerate(files):
        with pq.ParquetWriter(path, source.schema_arrow) as file:
            for group in range(groups * number // FILES, groups * (number + 1) // FILES):
                file.write_table(source.read_row_group(group))
    whole.unlink()
    command = ["rank", *map(str, files), "--method", "bradley-terry"]
    alone, seconds, memory = _timed(command, folder)
    spread, longer, more = _timed([*command, "--ray", "auto"], folder)
    scores = [{row["model"]: row["score"] for row in found["models"]} for found in (alone, spread)]
    off = max(abs(scores[0][model] - scores[1][model]) for model in scores[0])
    print(
        f"{source.metadata.num_rows:,} rows: alone {seconds:.1f} s, {memory:.2f} GiB; two workers {longer:.1f} s, "
        f"{more:.2f} GiB ({longer / seconds:.2f} times as long); scores differ by {off:.1e} at most",
        flush=True,
    )


def score(folder: Path, attempts: int) -> None:
    """Score the embedded model alone and in two replicas."""
    common = ["smollm2-135m", "--budget", f"{attempts}attempts", "--dtype", "float32", "--source", "reasoning-gym"]
    found = []
    for name, how in (("alone", []), ("two replicas", ["--ray", "auto", "--replicas", "2"])):
        hub = str(folder / name)
        _timed(["ingest", "reasoning-gym"], hub, read=False)
        told, seconds, _ = _timed(["score", *common, *how], hub)
        took = told["time"]
        found.append({part["source"]: part["rate"] for part in told["sources"]})
        print(f"{name}: {seconds:.1f} s in all; {json.dumps(took)}", flush=True)
    print(f"rates are {'the same' if found[0] == found[1] else 'NOT the same'}")


def _timed(command: list[str], hub: str | Path, *, read: bool = True) -> tuple[Any, float, float]:
    """What a command prints as JSON, its seconds and the most GiB that it and its children held."""
    peak, started = Peak(), time.perf_counter()
    words = [sys.executable, "-m", "evalhub", *command, "--hub", str(hub), *(["--json"] if read else [])]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        peak.watch(process.pid)
        answer = process.communicate()[0]
    if process.returncode:
        raise SystemExit(f"{' '.join(words)} failed with code {process.returncode}")
    return json.loads(answer) if read else None, time.perf_counter() - started, peak.gib


if __name__ == "__main__":
    main()
