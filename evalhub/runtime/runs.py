"""Measured runs from a file, to calibrate rooflines by."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evalhub.errors import EvalhubError
from evalhub.runtime.accelerators import BYTES, Accelerator, accelerator
from evalhub.runtime.calibration import Run
from evalhub.runtime.roofline import Architecture, Serving
from evalhub.wording import read_size
from ingest.tables import frames

_NEEDED = ("parameters", "layers", "query_width", "kv_width", "accelerator", "prompt", "output", "seconds")
_OTHERS = {"active": None, "count": "1", "dtype": "bf16", "batch": "1"}
"""With what they are where a file does not say."""


def read_runs(path: Path, known: Mapping[str, Accelerator]) -> list[Run]:
    """The runs of a file (Parquet, CSV, JSONL), a row for each.

    Columns: model, parameters, layers, query_width, kv_width, accelerator, prompt, output, seconds (of the whole
    batch); optional active, count, dtype, batch.

    Raises:
        EvalhubError: the file cannot be read, lacks a column, or a value of it cannot be.
    """
    found: list[Run] = []
    for frame in frames(path, "", spared=("sample", "value"), more=(*_NEEDED, *_OTHERS)):
        if absent := [name for name in _NEEDED if name not in frame.columns]:
            raise EvalhubError(f"{path} has no column {', '.join(absent)}")
        found += [_run(path, row, known) for row in frame.iter_rows(named=True)]
    return found


def _run(path: Path, row: dict[str, Any], known: Mapping[str, Accelerator]) -> Run:
    def text(name: str) -> str:
        value = row.get(name)
        value = _OTHERS.get(name) if value in (None, "") else value
        if value is None:
            raise EvalhubError(f"{path}: a run of {row['model']} does not say {name}")
        return str(value).strip()

    def count(name: str) -> int:
        if not (value := read_size(text(name).removesuffix(".0"))):
            raise EvalhubError(f"{path}: {name} is a number from 1 on, not '{text(name)}'")
        return value

    try:
        seconds = float(text("seconds"))
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise EvalhubError(f"{path}: seconds is a positive number, not '{text('seconds')}'")
    if (dtype := text("dtype")) not in BYTES:
        raise EvalhubError(f"{path}: dtype is one of {', '.join(BYTES)}, not '{dtype}'")
    parameters = count("parameters")
    active = parameters if row.get("active") in (None, "") else count("active")
    if active > parameters:
        raise EvalhubError(f"{path}: {row['model']} has more active parameters than parameters")
    return Run(
        model=text("model"),
        architecture=Architecture(
            parameters=parameters,
            active=active,
            layers=count("layers"),
            query_width=count("query_width"),
            kv_width=count("kv_width"),
        ),
        how=Serving(
            accelerator=accelerator(text("accelerator"), known),
            count=count("count"),
            dtype=dtype,
            batch=count("batch"),
        ),
        prompt=count("prompt"),
        output=count("output"),
        seconds=seconds,
    )
