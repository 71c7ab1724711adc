"""What the kernels for GPUs reach on the card that is there, beside other ways and the card's ceilings.

    python -m benchmarks.gpu [--json FILE] [--only SECTION ...] [--seconds 0.5]

Each line is the median of repeats on fresh random inputs after two calls to compile and warm up. Ceilings are
measured first: of a large bfloat16 product and of a large copy. `share` is the floor over the time. A section that
fails or runs out of its time is said and left; the others go on. About eight minutes in all on an H100.

Without a card it says why and ends with exit code 3.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.gpu.bench import said
from kernels.device import why_not

SECTIONS = {"scores": 110, "draws": 50, "wins": 110, "latent": 70, "attempts": 150}
"""Modules of this package with a `measure`, and the seconds that they may begin new measurements in."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write everything there, anew after each line")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=list(SECTIONS), metavar="SECTION")
    parser.add_argument("--seconds", type=float, default=0.5, help="for the repeats of one measurement")
    options = parser.parse_args()
    reason = why_not()
    if reason is not None:
        print(f"nothing measured: {reason}", file=sys.stderr)
        sys.exit(3)
    import torch
    import triton

    from benchmarks.gpu.bench import Bench, ceilings

    bench = Bench("cuda", options.seconds)
    limits = ceilings(bench)
    report: dict[str, Any] = {
        "device": torch.cuda.get_device_name(),
        "torch": torch.__version__,
        "triton": triton.__version__,
        "ceilings": asdict(limits),
        "lines": [],
        "failures": {},
    }
    print(f"{report['device']}, torch {torch.__version__}, Triton {triton.__version__}")
    print(f"bfloat16 products {limits.operations / 1e12:.0f} TFLOP/s, copies {limits.bandwidth / 1e9:.0f} GB/s\n")
    for section in options.only:
        failure = run(section, bench, limits, report, options.json)
        if failure:
            report["failures"][section] = failure
            print(f"{section}: {failure}", flush=True)
        torch.cuda.empty_cache()
    if options.json:
        options.json.write_text(json.dumps(report, indent=1))
    sys.exit(1 if report["failures"] else 0)


def run(
    section: str, bench: Any, limits: Any, report: dict[str, Any], file: Path | None, sizes: Any = None
) -> str:
    """Measure one section, printing as it goes. Returns what went wrong, or nothing."""
    end = time.perf_counter() + SECTIONS[section]
    print(f"{section:44} {'ms':>10} {'ratio':>7} {'floor':>9} {'share':>6} {'MiB':>8}")
    try:
        for line in importlib.import_module(f"benchmarks.gpu.{section}").measure(bench, limits, sizes):
            report["lines"].append({"section": section, **asdict(line)})
            print(shown(line), flush=True)
            if file:
                file.write_text(json.dumps(report, indent=1))
            if time.perf_counter() > end:
                return f"ended after {SECTIONS[section]} seconds"
    except Exception as error:  # one section must not take the others with it
        return said(error)
    print()
    return ""


def shown(line: Any) -> str:
    """A line of the table."""
    share = line.floor / line.ms if line.floor and line.ms else None
    numbers = (
        *((line.ms, "10.3f"), (line.ratio, "7.2f"), (line.floor, "9.3f")),
        *((share, "6.0%"), (line.memory, "8,.0f")),
    )
    cells = (
        f"{value:{form}}" if value is not None else "".rjust(int(form.split(".")[0].strip(",")))
        for value, form in numbers
    )
    return f"{line.what:44} {' '.join(cells)}  {line.note}".rstrip()


if __name__ == "__main__":
    main()
