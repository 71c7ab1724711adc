"""Models and the ladder that they are set against, from files or from the hub."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
import polars as pl

from aggregate.density import Densities, Measured, densities
from aggregate.laws.family import FamilyError
from aggregate.measurements import Measurements
from evalhub.errors import EvalhubError
from evalhub.families import read_rows
from evalhub.store.chosen import model_ids
from evalhub.store.hub import Hub
from evalhub.store.model_columns import known_models
from evalhub.store.shapes import Shape, shapes
from evalhub.telling import Tell, quiet
from evalhub.wording import is_baseline

_MORE = ("parameters", "active", "released")
"""Columns of a file beside those of any table."""


def densities_of(
    measured: Measured, patterns: Sequence[str], *, level: float = 0.9, resamples: int = 1000, seed: int = 0
) -> Densities:
    """The densities against the ladder of the models that patterns name, as `pythia-*`.

    Raises:
        EvalhubError: a pattern names no model, there is no other one, or no curve can be drawn.
    """
    ladder = np.zeros(len(measured.models), bool)
    for pattern in patterns:
        found = np.array([name == pattern or fnmatchcase(name, pattern) for name in measured.models])
        if not found.any():
            raise EvalhubError(f"--ladder {pattern} names none of the models that were measured on these samples")
        ladder |= found
    if ladder.all():
        raise EvalhubError("all models are of the ladder: none is left to set against it")
    try:
        return densities(measured, ladder, level=level, resamples=resamples, seed=seed)
    except FamilyError as error:
        raise EvalhubError(str(error)) from None


def measured_in_hub(hub: Hub, found: Measurements) -> Measured:
    """Measurements of a hub, chance baselines left out, with what it knows of the models.

    Raises:
        EvalhubError: they are no pass rates.
    """
    if any(metric.kind != "binary" for metric in found.metrics):
        raise EvalhubError("density is by pass rates: what is measured here are other numbers")
    facts, shape, ids = known_models(hub), shapes(hub), model_ids(hub)
    kept = [name for name in found.models if not is_baseline(ids.get(name, name))]
    found = found.of_models(np.isin(found.models, kept))
    rates = np.full((len(found.samples), len(found.models)), np.nan)
    rates[found.sample, found.model] = found.value
    named = [ids.get(name, name) for name in found.models]
    known = [facts.get(name) for name in named]
    return Measured(
        models=found.models,
        rates=rates,
        parameters=tuple((one.parameters or None) if one else None for one in known),
        active=tuple(shape.get(name, Shape()).active_parameters for name in named),
        released=tuple(one.released if one else None for one in known),
        cluster=found.cluster_of,
    )


def measured_in_files(
    paths: Sequence[Path],
    *,
    columns: Mapping[str, str] | None = None,
    sizes: Mapping[str, int] | None = None,
    unit: float = 1,
    tell: Tell = quiet,
) -> Measured:
    """Models of files with columns model, sample and value (or passes and attempts); optional parameters, active,
    released, cluster. Without the column sample, values are means.

    Others as for `evalhub.families.families_of_files`.

    Raises:
        EvalhubError: a file cannot be read, a model has two sizes or dates, a date is none, or a cell stands
            twice.
    """
    table = read_rows(paths, _MORE, columns=columns, sizes=sizes, unit=unit, tell=tell)
    value = pl.col("value") if "value" in table.columns else pl.lit(None, pl.Float64)
    if {"passes", "attempts"} <= {*table.columns}:
        value = pl.coalesce(value, pl.when(pl.col("attempts") > 0).then(pl.col("passes") / pl.col("attempts")))
    means_only = "sample" not in table.columns
    if means_only:
        table = table.with_columns(sample=pl.lit("mean"))
    absent = [pl.lit(None, pl.Float64).alias(name) for name in _MORE[:2] if name not in table.columns]
    table = table.with_columns(value.fill_nan(None).alias("value"), *absent)
    if table.select("model", "sample").is_duplicated().any():
        raise EvalhubError(
            "a model has several rows and there is no column sample"
            if means_only
            else "a model has several rows of one sample: give passes and attempts in one"
        )
    models = table["model"].unique().sort().to_list()
    place = {name: (table[name].rank("dense") - 1).to_numpy() for name in ("model", "sample")}
    rates = np.full((int(place["sample"].max()) + 1, len(models)), np.nan)
    rates[place["sample"], place["model"]] = table["value"].to_numpy()
    cluster = np.arange(len(rates))
    if "cluster" in table.columns:
        own = table.select(pl.coalesce(pl.col("cluster").replace({"": None}), pl.col("sample")).rank("dense"))
        cluster[place["sample"]] = own["cluster"].to_numpy()
    return Measured(
        models=tuple(models),
        rates=rates,
        parameters=_sizes(table, "parameters", models),
        active=_sizes(table, "active", models),
        released=tuple(_dates(table, models)),
        cluster=None if means_only else cluster,
    )


def _one(table: pl.DataFrame, column: str, models: Sequence[str]) -> list[float | None]:
    """The only value of each model in a column, None where it has none."""
    told = table.select("model", column).drop_nulls().unique()
    for model in told.filter(pl.col("model").is_duplicated())["model"]:
        raise EvalhubError(f"{model} has two values in the column {column}")
    known = dict(told.rows())
    return [known.get(model) for model in models]


def _sizes(table: pl.DataFrame, column: str, models: Sequence[str]) -> tuple[float | None, ...]:
    found = _one(table.with_columns(pl.col(column).fill_nan(None)), column, models)
    for model, size in zip(models, found, strict=True):
        if size is not None and not 0 < size < math.inf:
            raise EvalhubError(f"{model}: {size:g} in the column {column} is no number of weights")
    return tuple(found)


def _dates(table: pl.DataFrame, models: Sequence[str]) -> list[date | None]:
    if "released" not in table.columns:
        return [None] * len(models)
    found: list[date | None] = []
    for text in _one(table, "released", models):
        try:
            found.append(date.fromisoformat(str(text)[:10]) if text else None)
        except ValueError:
            raise EvalhubError(f"'{text}' in the column released is no date, such as 2024-06-30") from None
    return found
