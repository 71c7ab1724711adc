"""Time and memory of the README's first command, from an installed environment, and of `evalhub --help`.

python -m benchmarks.first_command [--cold]

Each run gets an empty hub. With --cold the model is fetched and converted too, as on a new machine.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.peak import Peak


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cold", action="store_true", help="also fetch and convert the model")
    cold = parser.parse_args().cold
    command = shutil.which("evalhub", path=str(Path(sys.executable).parent)) or "evalhub"
    starts = sorted(_seconds([command, "--help"], {}) for _ in range(20))
    print(f"evalhub --help: median of 20 {starts[10] * 1000:.0f} ms, slowest {starts[-1] * 1000:.0f} ms")
    with tempfile.TemporaryDirectory() as folder:
        environment = {"EVALHUB_HOME": f"{folder}/hub"}
        if cold:
            environment["EVALHUB_CACHE"] = f"{folder}/cache"
        peak = Peak()
        seconds = _seconds([command, "score", "smollm2-135m"], environment, peak)
    state = " (cold)" if cold else ""
    print(f"evalhub score smollm2-135m{state}: {seconds:.0f} s, most memory {peak.gib:.2f} GiB (PSS)")


def _seconds(command: list[str], environment: dict[str, str], peak: Peak | None = None) -> float:
    started = time.perf_counter()
    with subprocess.Popen(
        command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        if peak:
            peak.watch(process.pid)
        if process.wait():
            raise SystemExit(f"{' '.join(command)} failed with code {process.returncode}")
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
