"""One part of the measurements, told in lines of JSON: `python -m benchmarks.gpu.section NAME SECONDS [CEILINGS]`.

It runs in a process of its own, see `benchmarks.gpu.apart`. What else is printed here goes to standard error.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

import torch
import triton

from benchmarks.gpu.bench import Bench, Ceilings, ceilings, said


def main() -> None:
    section, seconds, *limits = sys.argv[1:]
    bench = Bench("cuda", float(seconds))
    tell(measured(section, bench, Ceilings(*map(float, limits))) if limits else card(bench))


def measured(section: str, bench: Bench, limits: Ceilings, sizes: Any = None) -> Iterator[dict[str, Any]]:
    """Each line that a module of this package with a `measure` finds, and at the end why it ended, or ''."""
    try:
        for line in importlib.import_module(f"benchmarks.gpu.{section}").measure(bench, limits, sizes):
            yield {"line": asdict(line)}
    except Exception as error:
        traceback.print_exc()
        yield {"ended": said(error)}
    else:
        yield {"ended": ""}


def card(bench: Bench, **sizes: int) -> Iterator[dict[str, Any]]:
    """The card and its ceilings. sizes: for `ceilings`."""
    name = torch.cuda.get_device_name() if bench.device == "cuda" else bench.device
    yield {"about": {"device": name, "torch": torch.__version__, "triton": triton.__version__}}
    yield {"about": {"ceilings": asdict(ceilings(bench, **sizes))}}
    yield {"ended": ""}


def tell(found: Iterable[dict[str, Any]]) -> None:
    """Write what is found to standard output, each at once, and nothing else."""
    with os.fdopen(os.dup(1), "w") as out:
        os.dup2(2, 1)
        for one in found:
            print(json.dumps(one), file=out, flush=True)


if __name__ == "__main__":
    main()
