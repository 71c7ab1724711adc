"""Inputs for the tests of methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
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


def frame_of(value: np.ndarray, keep: np.ndarray, **columns: np.ndarray) -> pl.DataFrame:
    """The cells of a (models, samples) table that are kept, with columns of the samples."""
    model, sample = np.nonzero(keep)
    extra = {name: given[sample] for name, given in columns.items()}
    names = pl.Series([f"m{i:02}" for i in model.tolist()])
    return pl.DataFrame({"model": names, "sample": sample, "value": value[model, sample], **extra})


def simulated(truth: str, rng: np.random.Generator, models: int, samples: int) -> np.ndarray:
    """(models, samples) values; what the models are expected to get falls evenly from the first to the last."""
    ability, hard = np.linspace(1, -1, models)[:, None], rng.normal(size=samples)
    if truth == "gumbel":  # the highest of a sample is drawn by Plackett-Luce
        return ability + rng.gumbel(size=(models, samples))
    sharp = np.exp(0.5 * rng.normal(size=samples)) if truth == "2pl" else 1.0
    return (rng.random((models, samples)) < 1 / (1 + np.exp(-sharp * (ability - hard)))).astype(float)
