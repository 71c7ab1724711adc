"""What the kernels for GPUs reach on the card that is there, beside other ways and the card's ceilings.

    python -m benchmarks.gpu [--json FILE] [--only SECTION ...] [--seconds 0.5]

Each line is the median of repeats on fresh random inputs after two calls to compile and warm up. Ceilings are
measured first: of a large bfloat16 product and of a large copy. `share` is the floor over the time. Each section
is a process of its own; one that fails, hangs or runs out of its time is said and left, and the others go on.
Under nine minutes in all.

Without a card it says why and ends with exit code 3.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.gpu import apart
from benchmarks.gpu.bench import PUBLISHED, Ceilings, Line
from kernels.device import why_not

SECTIONS = {"attempts": 180, "scores": 90, "draws": 40, "wins": 110, "latent": 80}
"""Modules of this package with a `measure`, those that matter most first, and seconds that they are given."""

CARD = 30
"""Seconds for the ceilings."""


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
    report = measured(options.only, options.seconds, options.json)
    sys.exit(1 if report["failures"] else 0)


def measured(sections: list[str], seconds: float, file: Path | None) -> dict[str, Any]:
    """Measure, printing as it goes. Returns what `--json` writes."""
    report: dict[str, Any] = {"lines": [], "failures": {}}
    run("card", command("card", seconds), CARD, report, file)
    limits = Ceilings(**report.setdefault("ceilings", asdict(PUBLISHED)))
    print(", ".join(f"{what} {report[what]}" for what in ("device", "torch", "triton") if what in report))
    print(f"bfloat16 products {limits.operations / 1e12:.0f} TFLOP/s, copies {limits.bandwidth / 1e9:.0f} GB/s")
    for section in sections:
        print(f"\n{section:44} {'ms':>10} {'ratio':>7} {'floor':>9} {'share':>6} {'MiB':>8}", flush=True)
        run(section, command(section, seconds, limits), SECTIONS[section], report, file)
    return report


def command(part: str, seconds: float, limits: Ceilings | None = None) -> list[str]:
    """What starts `benchmarks.gpu.section`."""
    numbers = seconds, *(asdict(limits).values() if limits else ())
    return [sys.executable, "-m", "benchmarks.gpu.section", part, *map(str, numbers)]


def run(part: str, started: list[str], most: float, report: dict[str, Any], file: Path | None) -> None:
    """Add what a part's process tells within `most` seconds to the report."""
    for found in apart.told(started, most):
        report.update(found.get("about", {}))
        if "line" in found:
            report["lines"].append({"section": part, **found["line"]})
            print(shown(Line(**found["line"])), flush=True)
        if found.get("ended"):
            report["failures"][part] = found["ended"]
            print(f"{part}: {found['ended']}", flush=True)
        if file:
            file.write_text(json.dumps(report, indent=1))


def shown(line: Line) -> str:
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
