"""Families of models, for laws of their pass rates: from files, or from the hub."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
import polars as pl

from aggregate.laws.family import Family, FamilyError, Means
from aggregate.measurements import Measurements
from evalhub.errors import EvalhubError
from evalhub.ranking import select
from evalhub.selection import Selection
from evalhub.store.chosen import model_ids
from evalhub.store.hub import Hub
from evalhub.store.model_columns import known_models
from evalhub.telling import Tell, quiet
from evalhub.wording import counted, read_size
from ingest.importer import IMPORTED
from ingest.tables import frames

_log = logging.getLogger(__name__)

_MORE = ("family", "parameters", "loss", "chance")
"""Columns of a family's file beside those of any table."""

_COUNTS = ("passes", "attempts")
_TEXTS = ("model", "sample", "cluster", "family", "released")
_OF_SIZE = ("parameters", "active")

_SHOWN = 10
"""Names of models in a message."""


def families_of_files(
    paths: Sequence[Path],
    *,
    columns: Mapping[str, str] | None = None,
    sizes: Mapping[str, int] | None = None,
    unit: float = 1,
    chance: float = 0.0,
    models: Sequence[str] = (),
    tell: Tell = quiet,
) -> dict[str, Family | Means | FamilyError]:
    """By the column `family` ('' where there is none): its samples, its means where there is no column `sample`,
    or why no law can be laid through it.

    columns: what the files call a column. sizes: in parameters, where no column says it. unit: what a number of
    the column parameters counts. chance: pass rate of a guess, where no column says it. models: only models or
    families of these names or patterns, as `pythia-*`.

    Raises:
        EvalhubError: a file cannot be read, lacks a column, or a number of it is none; a pattern names nothing.
    """
    table = read_rows(paths, _MORE, columns=columns, sizes=sizes, unit=unit, tell=tell)
    if "parameters" not in table.columns:
        raise EvalhubError("a law needs the size of each model: a column parameters, or --sizes MODEL=7B,…")
    table = _named(table, models) if models else table
    if "chance" not in table.columns:
        table = table.with_columns(chance=pl.lit(chance))
    found: dict[str, Family | Means | FamilyError] = {}
    groups = table.partition_by("family", as_dict=True, maintain_order=True) if "family" in table.columns else {}
    for (name,), part in groups.items() or [(("",), table)]:
        try:
            found[str(name or "")] = _family(part) if "sample" in part.columns else _means(part)
        except FamilyError as error:
            found[str(name or "")] = error
    return found


def _named(table: pl.DataFrame, patterns: Sequence[str]) -> pl.DataFrame:
    """The rows of models, or families, that patterns name."""
    chosen: set[str] = set()
    columns = [name for name in ("model", "family") if name in table.columns]
    names = {name for column in columns for name in table[column].drop_nulls().unique()}
    for pattern in patterns:
        found = {name for name in names if name == pattern or fnmatchcase(name, pattern)}
        if not found:
            raise EvalhubError(f"--models {pattern} names no model or family of the files")
        chosen |= found
    return table.filter(pl.any_horizontal(pl.col(name).is_in(chosen) for name in columns))


def family_of_hub(
    hub: Hub, selection: Selection, sizes: Mapping[str, int] | None = None, chance: float = 0.0
) -> Family:
    """The selected models on the selected samples.

    sizes: in parameters, where `evalhub model set` has not said it. chance: pass rate of a guess on samples whose
    choices the hub does not know.

    Raises:
        EvalhubError: nothing is measured there, or a size is given of another model.
        FamilyError: what is measured are no passes, or no law can be laid through these models.
    """
    measurements = select(hub, selection).measurements
    check_sizes(sizes or {}, measurements.models)
    facts, ids = known_models(hub), model_ids(hub)
    size = [
        (sizes or {}).get(model) or getattr(facts.get(ids.get(model, model)), "parameters", None) or np.nan
        for model in measurements.models
    ]
    return Family.of(
        measurements.models, size, **counts_of(measurements), chance=_guesses(hub, measurements, chance)
    )


def _guesses(hub: Hub, of: Measurements, otherwise: float) -> np.ndarray:
    """(S,) pass rate of a guess: by the number of choices, else otherwise. Where that is 0, it is told of how many
    samples nobody knows whether they have choices."""
    named = pl.DataFrame({"sample_id": list(of.samples)}, schema={"sample_id": pl.String})
    rows = hub.select("SELECT sample_id, len(choices), grader FROM sample JOIN given USING (sample_id)", named)
    unknown = sum(not count and grader == IMPORTED for _, count, grader in rows)
    if unknown and not otherwise:
        _log.warning(
            "the hub does not know whether %s had choices, so that a guess is taken to pass none. If they had, "
            "say what a guess passes: --chance 0.25 for four, 0.1 for ten, their mean where that differs",
            counted(unknown, "sample"),
        )
    choices = {sample: count for sample, count, _ in rows}
    return np.array([1 / count if (count := choices.get(sample, 0)) > 1 else otherwise for sample in of.samples])


def check_sizes(sizes: Mapping[str, int], models: Iterable[str]) -> None:
    """Whether all that are given a size are among the models.

    Raises:
        EvalhubError: one is not.
    """
    there = set(models)
    absent = [name for name in sizes if name not in there]
    if absent:
        raise EvalhubError(
            f"--sizes {', '.join(absent)}: no such model here; there are {', '.join(sorted(there)[:_SHOWN])}"
            f"{', …' if len(there) > _SHOWN else ''}"
        )


def counts_of(of: Measurements) -> dict[str, np.ndarray]:
    """Passes, attempts and rates (S, M), and the clusters (S,), of measurements.

    Raises:
        FamilyError: they are no counts of passes.
    """
    if any(metric.kind != "binary" for metric in of.metrics):
        raise FamilyError("what is measured here are other numbers than pass rates")
    shape = (len(of.samples), len(of.models))
    passes, attempts, rates = np.zeros(shape), np.zeros(shape), np.full(shape, np.nan)
    n = np.ones(len(of.value)) if of.attempts is None else np.where(of.attempts > 0, of.attempts, 1)
    x = of.value.astype(float) if of.passes is None else np.where(n > 1, of.passes, of.value)
    if ((n == 1) & (x % 1 != 0)).any():
        raise FamilyError("values between 0 and 1 need passes and attempts beside them")
    at = (of.sample, of.model)
    passes[at], attempts[at], rates[at] = x, n, of.value
    return {"passes": passes, "attempts": attempts, "rates": rates, "cluster": of.cluster_of}


def read_rows(
    paths: Sequence[Path],
    more: Sequence[str],
    *,
    columns: Mapping[str, str] | None = None,
    sizes: Mapping[str, int] | None = None,
    unit: float = 1,
    tell: Tell = quiet,
) -> pl.DataFrame:
    """Rows of models on samples, or of their means, numbers as numbers. more: columns beside those of any table.

    Others as for `families_of_files`.

    Raises:
        EvalhubError: a file cannot be read, has no results or no rows, or a number of it is none; a row names no
            model, or among others no sample; a size is given of a model that has no row.
    """
    rows: list[pl.DataFrame] = []
    for path in paths:
        tell(f"reading {path.name}")
        rows += [
            _readable(path, frame, unit)
            for frame in frames(path, "", columns, spared=("sample", "value"), more=more)
        ]
    table = pl.concat(rows, how="diagonal_relaxed")
    if table.is_empty():
        raise EvalhubError(f"{', '.join(path.name for path in paths)}: there are no rows")
    if "sample" in table.columns and table["sample"].null_count():
        raise EvalhubError("a row names no sample: leave the column sample away where values are means")
    if sizes:
        check_sizes(sizes, table["model"].unique())
        named = pl.col("model").replace_strict(dict(sizes), default=None, return_dtype=pl.Float64)
        known = pl.col("parameters") if "parameters" in table.columns else pl.lit(None, pl.Float64)
        table = table.with_columns(parameters=pl.coalesce(named, known))
    return table


def _readable(path: Path, frame: pl.DataFrame, unit: float) -> pl.DataFrame:
    """What is needed of a frame, numbers as numbers."""
    if "model" not in frame.columns:
        raise EvalhubError(
            f"{path} has no column model; it has {', '.join(frame.columns)}: say which is which, as in --columns "
            "model=YOURS"
        )
    if "value" not in frame.columns and not {*_COUNTS} <= {*frame.columns}:
        raise EvalhubError(f"{path} has neither value nor passes and attempts (see --columns)")
    texts = [name for name in _TEXTS if name in frame.columns]
    numbers = [name for name in ("value", *_COUNTS, *_OF_SIZE, "loss", "chance") if name in frame.columns]
    for name in (*texts, *numbers):
        if frame[name].dtype.is_nested():
            raise EvalhubError(f"{path}: the column {name} is {frame[name].dtype}: write one text or number a row")
    made = frame.select(*(pl.col(name).cast(pl.String) for name in texts), *numbers)
    if nameless := made["model"].replace("", None).null_count():
        raise EvalhubError(f"{path}: the column model has {nameless:,} rows without a name: fill or drop them")
    for name in numbers:
        size = unit if name in _OF_SIZE else None
        try:
            known = {one: _number(one, size) for one in frame[name].unique()}
        except (ValueError, TypeError):
            bad = next(one for one in frame[name] if not _is_number(one, size))
            raise EvalhubError(f"{path}: '{str(bad)[:40]}' in the column {name} is no number") from None
        made = made.with_columns(pl.col(name).replace_strict(known, return_dtype=pl.Float64))
    return made


def _number(one: object, unit: float | None) -> float | None:
    """A value as a number; as a size, where a unit is given, also one in words, as 7B.

    Raises:
        ValueError, TypeError: it is none.
    """
    if one is None:
        return None
    try:
        return float(one) * (unit or 1)  # type: ignore[arg-type]
    except ValueError:
        found = read_size(str(one)) if unit else None
        if found is None:
            raise
        return float(found)


def _is_number(one: object, unit: float | None) -> bool:
    try:
        _number(one, unit)
    except (ValueError, TypeError):
        return False
    return True


def _sizes(table: pl.DataFrame) -> tuple[list[str], list[float]]:
    """Models, in order, with their sizes."""
    told = table.group_by("model", maintain_order=True).agg(
        pl.col("parameters").drop_nulls().n_unique().alias("told"), pl.col("parameters").drop_nulls().first()
    )
    for model in told.filter(pl.col("told") > 1)["model"]:
        raise FamilyError(f"{model} has two sizes")
    return told["model"].to_list(), told["parameters"].fill_null(float("nan")).to_list()


def _means(table: pl.DataFrame) -> Means:
    if "value" not in table.columns:
        table = table.with_columns(value=pl.col("passes") / pl.col("attempts"))
    table = table.filter(pl.col("value").is_not_null() & pl.col("value").is_not_nan())
    models, sizes = _sizes(table)
    if len(models) < table.height:
        raise FamilyError("a model has several rows: name the samples in a column sample")
    return Means.of(models, sizes, table["value"].to_list(), float(table["chance"].mean() or 0.0))


def _family(table: pl.DataFrame) -> Family:
    models, sizes = _sizes(table)
    samples = table["sample"].unique(maintain_order=True)
    place = pl.DataFrame({"sample": samples}).with_row_index("row")
    column = pl.DataFrame({"model": models}).with_row_index("column")
    rows = table.join(place, on="sample").join(column, on="model")
    if rows.select("row", "column").is_duplicated().any():
        raise FamilyError("a model has several rows of one sample: give passes and attempts in one")
    shape = (len(samples), len(models))
    at = (rows["row"].to_numpy(), rows["column"].to_numpy())

    def laid(name: str) -> np.ndarray:
        grid = np.full(shape, np.nan)
        grid[at] = rows[name].fill_null(float("nan")).to_numpy()
        return grid

    value = laid("value") if "value" in rows.columns else None
    if {*_COUNTS} <= {*rows.columns}:
        attempts, passes = laid("attempts"), laid("passes")
        there = ~(np.isnan(attempts) | np.isnan(passes))  # else the cell is missing, which is no failure
        attempts, passes = np.where(there, attempts, 0.0), np.where(there, passes, 0.0)
    else:
        assert value is not None
        if not np.isin(value[np.isfinite(value)], (0.0, 1.0)).all():
            raise FamilyError("values between 0 and 1 need passes and attempts beside them")
        attempts, passes = np.isfinite(value).astype(float), np.nan_to_num(value)
    first = rows.unique("row", keep="first").sort("row")
    cluster = None
    if "cluster" in first.columns:
        own = pl.coalesce(pl.col("cluster").replace({"": None}), pl.col("sample"))
        cluster = first.select(own.rank("dense"))["cluster"].to_numpy()
    return Family.of(
        models,
        sizes,
        passes,
        attempts,
        rates=value,
        chance=first["chance"].fill_null(0.0).to_numpy(),
        cluster=cluster,
        loss=laid("loss") if "loss" in rows.columns else None,
    )
