"""Small inputs for the tests of methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from aggregate.measurements import Measurements


def table(values: Mapping[str, Sequence[float | None]], **options: Any) -> Measurements:
    """Models with one value per sample, in order; None where a model was not measured."""
    rows = [
        (model, f"s{i:03}", float(value))
        for model, given in values.items()
        for i, value in enumerate(given)
        if value is not None
    ]
    return Measurements.from_frame(
        pl.DataFrame(rows, schema=["model", "sample", "value"], orient="row"), **options
    )
