"""The one input of every aggregation method: who scored what on which sample, as columns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, NoReturn, cast, get_args

import numpy as np
import polars as pl

Kind = Literal["binary", "numeric", "ordinal"]
Direction = Literal["up", "down"]


class MeasurementsError(ValueError):
    """The input cannot be ranked as it stands; the message is one line and says what to do."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Measurements:
    """R measured values of M models on S samples in C clusters. Make one with `from_frame`.

    Rows are sorted by sample, then model, and no cell occurs twice. Arrays are read-only.
    """

    models: tuple[str, ...]
    """Names, sorted."""

    samples: tuple[str, ...]
    """Sample ids, sorted; every one has a row."""

    clusters: tuple[str, ...]
    """Cluster names, sorted. A sample that shares nothing is a cluster of its own."""

    model: np.ndarray
    """(R,) int64: index into `models`."""

    sample: np.ndarray
    """(R,) int64: index into `samples`, never falling."""

    cluster_of: np.ndarray
    """(S,) int64: index into `clusters` of each SAMPLE."""

    value: np.ndarray
    """(R,) float64, finite. For kind `binary` a chance in [0, 1]: 0 or 1, or a sample's pass rate."""

    passes: np.ndarray | None
    """(R,) int64 beside `attempts`; None where the input had no such columns."""

    attempts: np.ndarray | None
    """(R,) int64: counted attempts behind a value; 0 where the row was not sampled by attempts."""

    kind: Kind
    """`binary`: the value is a chance of passing; `numeric` and `ordinal`: only for methods that allow it."""

    direction: Direction
    """`up`: higher is better; `down`: lower is better."""

    missing: int
    """Rows of the input without a value (null or NaN). They are left out, never taken for 0."""

    unmeasured: tuple[str, ...]
    """Models of the input all of whose values were missing; they are not in `models`."""

    @classmethod
    def from_frame(
        cls, frame: pl.DataFrame, *, kind: Kind | None = None, direction: Direction = "up"
    ) -> Measurements:
        """Read columns `model, sample, value` and, where present, `cluster, passes, attempts`.

        Other columns are ignored. Names may be text, categories or integers; a null or empty cluster
        stands for the sample itself. Without `kind`, values that are all 0 or 1, or that lie in [0, 1]
        beside `attempts`, are `binary`, anything else `numeric`.

        Raises MeasurementsError for absent columns, wrong types, null names, infinite values, a cell
        that occurs twice, a sample in two clusters, impossible counts, or when no value is left.
        """
        if kind not in (None, *get_args(Kind)):
            _refuse(f"kind {kind!r} is unknown: use one of {', '.join(get_args(Kind))}")
        if direction not in get_args(Direction):
            _refuse(f"direction {direction!r} is unknown: use 'up' (higher is better) or 'down'")
        absent = [name for name in ("model", "sample", "value") if name not in frame.columns]
        if absent:
            _refuse(f"no column {', '.join(map(repr, absent))}: rename yours to model, sample, value")
        if not frame.height:
            _refuse("no measurements: the input has no rows")

        models, model = _codes(_names(frame, "model"))
        sample_names = _names(frame, "sample")
        samples, sample = _codes(sample_names)
        value = _floats(frame["value"])
        passes, attempts = _counts(frame)
        cluster_names = _cluster_names(frame, sample_names)

        cell = sample * len(models) + model
        order = np.argsort(cell, kind="stable")
        again = np.flatnonzero(np.diff(cell[order]) == 0)
        if again.size:
            row = order[again[0]]
            _refuse(
                f"{again.size} repeated measurements, e.g. model {models[model[row]]!r} on sample "
                f"{samples[sample[row]]!r}: keep one row a cell (one metric, one condition) or average them"
            )

        order = order[~np.isnan(value[order])]
        missing = frame.height - order.size
        if not order.size:
            _refuse(f"no measurements: all {missing} rows are missing a value")
        if np.isinf(value[order]).any():
            _refuse("column 'value' holds infinite values: leave a failed measurement null instead")
        if attempts is not None:
            passes, attempts = cast(np.ndarray, passes)[order], attempts[order]
        value = value[order]
        measured, model = _compact(model[order], len(models))
        kept, sample = _compact(sample[order], len(samples))
        clusters, cluster = _codes(cluster_names.gather(order))
        cluster_of = np.zeros(kept.size, np.int64)
        cluster_of[sample] = cluster
        torn = np.flatnonzero(cluster_of[sample] != cluster)
        if torn.size:
            name = samples[kept[sample[torn[0]]]]
            _refuse(f"sample {name!r} is in two clusters: give every sample one")
        return cls(
            models=_pick(models, measured),
            samples=_pick(samples, kept),
            clusters=clusters,
            model=model,
            sample=sample,
            cluster_of=cluster_of,
            value=value,
            passes=passes,
            attempts=attempts,
            kind=_kind(kind, value, attempts),
            direction=direction,
            missing=missing,
            unmeasured=_pick(models, np.setdiff1d(np.arange(len(models)), measured)),
        )

    def __post_init__(self) -> None:
        for array in (self.model, self.sample, self.cluster_of, self.value, self.passes, self.attempts):
            if array is not None:
                array.setflags(write=False)

    def of_samples(self, keep: np.ndarray) -> Measurements:
        """The part on the samples where `keep` ((S,) bool) holds; all models stay, even without a row."""
        rows = keep[self.sample]
        kept, sample = _compact(self.sample[rows], len(self.samples))
        used, cluster_of = _compact(self.cluster_of[kept], len(self.clusters))
        return replace(
            self,
            samples=_pick(self.samples, kept),
            clusters=_pick(self.clusters, used),
            model=self.model[rows],
            sample=sample,
            cluster_of=cluster_of,
            value=self.value[rows],
            passes=None if self.passes is None else self.passes[rows],
            attempts=None if self.attempts is None else self.attempts[rows],
        )

    @cached_property
    def samples_per_model(self) -> np.ndarray:
        """(M,) how many samples each model was measured on."""
        return np.bincount(self.model, minlength=len(self.models))


def _refuse(why: str) -> NoReturn:
    raise MeasurementsError(why)


def _compact(codes: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Which of `size` codes occur, and the codes as indices into those."""
    occurs = np.bincount(codes, minlength=size) > 0
    return np.flatnonzero(occurs), (np.cumsum(occurs) - 1)[codes]


def _pick(names: tuple[str, ...], which: np.ndarray) -> tuple[str, ...]:
    return tuple(map(names.__getitem__, which.tolist()))


def _text(frame: pl.DataFrame, column: str) -> pl.Series:
    series = frame[column]
    if not (series.dtype in (pl.String, pl.Categorical, pl.Enum) or series.dtype.is_integer()):
        _refuse(f"column {column!r} is {series.dtype}: names must be text or integers, cast it to text")
    return series.cast(pl.String)


def _names(frame: pl.DataFrame, column: str) -> pl.Series:
    names = _text(frame, column)
    if names.null_count():
        _refuse(f"column {column!r} has {names.null_count()} rows without a name: fill or drop them")
    return names


def _cluster_names(frame: pl.DataFrame, sample_names: pl.Series) -> pl.Series:
    if "cluster" not in frame.columns or frame["cluster"].dtype == pl.Null:
        return sample_names
    given = _text(frame, "cluster")
    alone = given.is_null() | (given == "")
    return pl.select(pl.when(alone).then(sample_names).otherwise(given)).to_series()


def _codes(names: pl.Series) -> tuple[tuple[str, ...], np.ndarray]:
    """Sorted distinct names, and each row's index into them."""
    distinct = names.unique().sort()
    codes = names.cast(pl.Enum(distinct)).to_physical().cast(pl.Int64).to_numpy()
    return tuple(distinct), codes


def _floats(values: pl.Series) -> np.ndarray:
    """Float64 with NaN for missing."""
    if not (values.dtype.is_numeric() or values.dtype in (pl.Boolean, pl.Null)):
        _refuse(f"column 'value' is {values.dtype}: cast it to a number (1 for a pass, 0 for a fail)")
    return np.array(values.cast(pl.Float64).fill_null(np.nan).to_numpy(), dtype=np.float64)


def _counts(frame: pl.DataFrame) -> tuple[np.ndarray | None, np.ndarray | None]:
    given = [name for name in ("passes", "attempts") if name in frame.columns]
    if not given or all(frame[name].dtype == pl.Null for name in given):
        return None, None
    if len(given) == 1:
        _refuse(f"column {given[0]!r} stands alone: give passes and attempts together, or drop it")
    counts = frame.select(given)
    for name, dtype in counts.schema.items():
        if not (dtype.is_integer() or dtype == pl.Null):
            _refuse(f"column {name!r} is {dtype}: counts must be integers")
    if (counts["passes"].is_null() != counts["attempts"].is_null()).any():
        _refuse("some rows have passes without attempts or the reverse: give both or neither")
    passes, attempts = (counts[name].fill_null(0).cast(pl.Int64).to_numpy().copy() for name in given)
    if (passes < 0).any() or (passes > attempts).any():
        row = np.flatnonzero((passes < 0) | (passes > attempts))[0]
        _refuse(
            f"{passes[row]} passes of {attempts[row]} attempts (model {frame['model'][int(row)]!r}, sample "
            f"{frame['sample'][int(row)]!r}): passes lie between 0 and attempts, correct the counts"
        )
    return passes, attempts


def _kind(kind: Kind | None, value: np.ndarray, attempts: np.ndarray | None) -> Kind:
    in_unit = bool(((value >= 0) & (value <= 1)).all())
    if kind == "binary" and not in_unit:
        _refuse("binary values lie in [0, 1] and some do not: rescale them or say kind='numeric'")
    if kind is None:
        zero_one = bool(((value == 0) | (value == 1)).all())
        return "binary" if zero_one or (in_unit and attempts is not None) else "numeric"
    return kind
