"""Coverage-guided fuzzing (atheris, libFuzzer) of readers of bytes from outside.

    python -m benchmarks.fuzz READER… [--runs 100000] [--seed 1] [--keep findings]

A READER is one of `benchmarks.fuzz.readers`, or `all`. A finding is an exception that is not one of those by which
the reader tells of bad input, a call that takes over ten seconds, or memory over 2 GiB; its input is written to
the folder that --keep names. Install: pip install "evalhub[fuzz]". Exit code 1: there was a finding.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.fuzz.readers import READERS


def main() -> None:
    """Fuzz each in a process of its own, which ends at the first finding."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("readers", nargs="+", choices=[*READERS, "all"])
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, default=Path("findings"))
    given = parser.parse_args()
    given.keep.mkdir(exist_ok=True)
    os.nice(19)
    found = 0
    for name in READERS if "all" in given.readers else given.readers:
        began = time.monotonic()
        # Every call writes a file: in memory, where there is a place for it.
        with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
            words = map(str, (name, given.runs, given.seed, given.keep.resolve(), folder))
            done = subprocess.run(
                [sys.executable, "-m", "benchmarks.fuzz.fuzzing", *words],
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
            )
        found += done.returncode != 0
        said = "no finding" if done.returncode == 0 else f"a finding\n{done.stdout[-2500:]}{done.stderr[-1500:]}"
        print(f"{name}: {given.runs:,} runs, {time.monotonic() - began:.0f} s, {said}", flush=True)
    raise SystemExit(bool(found))


if __name__ == "__main__":
    main()
