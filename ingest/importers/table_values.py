"""The values of a table: as codes while they are read, so that ten million rows fit."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from aggregate.columns import Names, check_names, floats
from ingest.importer import RESULTS, Log, LogError, Told, direction_unknown
from ingest.metrics import PASS, UP, Scale, known_scale
from ingest.records import Status
from ingest.untold import UNTOLD

_MISSING = [status.value for status in Status if not status.counts]
_STATUSES = ["", *(status.value for status in Status)]
_WHOLE = {"attempt": pl.Int32, "passes": pl.Int64, "attempts": pl.Int64}
_EXPORTED = {"main", "source_id", "measured_at"}
"""Columns that a table of `evalhub export` has and hardly any other."""
_OUT_OF_RANGE = "out of range (another one: --metric 'NAME=up:LOW:HIGH')"
_MOST = 2**31


class Values:
    """Gathers them for a log.

    Args:
        metric: of values without a column that names it.
    """

    def __init__(self, path: Path, log: Log, told: Told, metric: str) -> None:
        self._path, self._log, self._told, self._metric = path, log, told, metric
        self._names = {name: Names() for name in ("model", "sample", "metric", "condition")}
        self._parts: list[dict[str, Any]] = []
        self._exported = False
        self._said: dict[str, set[tuple[str, str]]] = {}

    def add(self, frame: pl.DataFrame) -> None:
        """Take a batch of rows."""
        frame = self._completed(frame)
        first = self._log.rows
        part: dict[str, Any] = {"value": floats(frame, "value", first)}
        for name in ("model", "sample"):
            part[name] = self._names[name].codes(check_names(frame, name, before=first))
        for name in ("metric", "condition"):
            if name in frame.columns:
                given = check_names(frame, name, nulls=name == "condition", before=first)
                part[name] = self._names[name].codes(given)
        part["row"] = np.arange(first + 1, first + 1 + frame.height)
        for name, kind in _WHOLE.items():
            if name in frame.columns and frame[name].null_count() < frame.height:
                part[name] = self._whole(frame[name], kind, first)
        for name in ("status", "reason"):
            if name in frame.columns and frame[name].null_count() < frame.height:
                part[name] = frame[name].cast(pl.String).fill_null("")
        if "main" in frame.columns:
            part["main"] = ~frame["main"].cast(pl.String).fill_null("").str.to_lowercase().is_in(["false", "0"])
        if "metric" in frame.columns:
            self._note_scales(frame)
        self._parts.append(part)
        self._exported |= {*frame.columns} >= _EXPORTED

    def finish(self) -> None:
        """Put them into the log.

        Raises:
            LogError: they say too little, or contradict each other.
        """
        if not self._parts:
            return
        several = self._has("attempt") and self._optional("attempt", pl.Int32).n_unique() > 1
        if several and (self._has("passes") or self._has("attempts")):
            raise LogError(
                f"{self._path}: a row is one attempt or stands for several: give the column attempt, or passes "
                "and attempts"
            )
        self._log.results = self._possible(self._results()).select(list(RESULTS))

    def _completed(self, frame: pl.DataFrame) -> pl.DataFrame:
        """With the model that the user names, the rate that counts make, and the judge in the metric."""
        if self._told.model:
            if "model" in frame.columns:
                raise LogError(f"{self._path} names its models itself: leave out --model")
            frame = frame.with_columns(model=pl.lit(self._told.model))
        if "value" not in frame.columns:
            if not {"passes", "attempts"} <= {*frame.columns}:
                raise LogError(
                    f"{self._path} has no column value, nor passes and attempts; it has "
                    f"{', '.join(frame.columns)}: say which is which, as in --columns value=YOURS"
                )
            counts = ("passes", "attempts")
            frame = frame.with_columns(self._whole(frame[name], pl.Int64, self._log.rows) for name in counts)
            tried = pl.col("attempts") > 0
            frame = frame.with_columns(value=pl.when(tried).then(pl.col("passes") / pl.col("attempts")))
        if "judge" in frame.columns and frame["judge"].null_count() < frame.height:
            metric = pl.col("metric").cast(pl.String) if "metric" in frame.columns else pl.lit(self._metric)
            judge = pl.col("judge").cast(pl.String)
            frame = frame.with_columns(
                metric=pl.when(judge.is_null()).then(metric).otherwise(judge + pl.lit("/") + metric)
            )
        return frame

    def _whole(self, column: pl.Series, kind: type[pl.DataType], before: int) -> pl.Series:
        readable = column.dtype.is_numeric() or column.dtype in (pl.String, pl.Boolean, pl.Null)
        exact = (
            column.cast(kind, strict=False) if readable else pl.repeat(None, len(column), dtype=kind, eager=True)
        )
        fits = exact.is_between(1 - _MOST, _MOST - 1)
        if column.dtype.is_float():
            fits &= exact.cast(column.dtype) == column
        odd = column.is_not_null() & ~fits.fill_null(False)
        if odd.any():
            row = odd.arg_max() or 0
            raise LogError(
                f"{self._path}: the column {column.name} must hold whole numbers below {_MOST:,}, and row "
                f"{before + row + 1} has {str(column[row])!r:.40}"
            )
        return exact

    def _note_scales(self, frame: pl.DataFrame) -> None:
        """What the table itself says of its metrics."""
        given = [name for name in ("kind", "direction") if name in frame.columns]
        if given:
            blank = [pl.lit("").alias(name) for name in ("kind", "direction") if name not in given]
            said = frame.select(pl.col("metric", *given).cast(pl.String).fill_null(""), *blank).unique()
            for metric, kind, direction in said.select("metric", "kind", "direction").iter_rows():
                self._said.setdefault(metric, set()).add((kind, direction))

    def _results(self) -> pl.DataFrame:
        value = self._column("value").cast(pl.Float64).fill_nan(None)
        height = value.len()
        frame = pl.DataFrame({"model": self._enum("model"), "sample": self._enum("sample"), "value": value})
        metric = self._enum("metric") if self._has("metric") else _constant(self._metric, height)
        frame = frame.with_columns(
            metric=metric,
            condition=self._conditions(height),
            main=self._column("main") if self._has("main") else pl.lit(True),
            attempt=self._optional("attempt", pl.Int32).fill_null(0),
            passes=self._optional("passes", pl.Int64),
            attempts=self._optional("attempts", pl.Int64),
            reason=self._reasons(value),
            row=self._column("row"),
        ).with_columns(value=pl.when(pl.col("reason") == "").then("value"))
        for name in frame["metric"].dtype.categories:
            self._log.scales[name] = self._scale(name, frame)
        return frame

    def _conditions(self, height: int) -> pl.Series:
        """The condition of each row; the table's own words for it are its variant, and there may be none."""
        if not self._has("condition"):
            self._log.conditions[UNTOLD.condition_id] = UNTOLD
            return _constant(UNTOLD.condition_id, height)
        codes = self._column("condition").to_numpy().copy()
        words, _ = self._names["condition"].used(codes)
        used, codes = np.unique(codes, return_inverse=True)  # -1: none
        made = [replace(UNTOLD, variant=words[code] if code >= 0 else "") for code in used]
        self._log.conditions.update((condition.condition_id, condition) for condition in made)
        ids = pl.Enum([condition.condition_id for condition in made])
        return pl.Series("condition", codes.astype(np.uint32)).cat.to(ids)

    def _reasons(self, value: pl.Series) -> pl.Series:
        """Why values are missing: the status that says so, the reason given, or that there is none."""
        none = pl.when(value.is_null()).then(pl.lit("no value")).otherwise(pl.lit(""))
        if not (self._has("status") or self._has("reason")):
            return pl.select(none.cast(pl.Enum(["", "no value"]))).to_series()
        status = self._optional("status", pl.String).fill_null("").str.to_lowercase()
        unknown = ~status.is_in(_STATUSES)
        if unknown.any():
            place = unknown.arg_max() or 0
            raise LogError(
                f"{self._path}: there is no status '{status[place]}' (row {self._column('row')[place]}); there "
                f"are {', '.join(Status)}, and nothing"
            )
        reason = self._optional("reason", pl.String).fill_null("")
        said = pl.when(reason != "").then(reason).otherwise(status)
        lost = status.is_in(_MISSING) | (value.is_null() & (said != ""))
        return pl.select(pl.when(lost).then(said).otherwise(none)).to_series()

    def _possible(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The rows whose values and counts can be; the others are refused."""
        ends = {name: (scale.low, scale.high) for name, scale in self._log.scales.items()}
        wrong = {}
        if self._has("attempts") or self._has("passes"):
            off = (pl.col("value") - pl.col("passes") / pl.col("attempts")).abs() * pl.col("attempts") > 0.5
            if self._exported:  # rates that allow for when attempts ended are no plain shares of them
                off = pl.lit(False)
            possible = pl.col("passes").is_between(0, pl.col("attempts")).fill_null(False)
            counted = pl.col("attempts").is_not_null() | pl.col("passes").is_not_null()
            # A number of attempts alone is fine: the value need not be a rate of passing.
            alone = pl.col("passes").is_null() & (pl.col("attempts") >= 0)
            wrong["impossible counts"] = counted & ~alone & (~possible | off.fill_null(False))
        if any(low > -math.inf or high < math.inf for low, high in ends.values()):
            low, high = (
                pl.col("metric").replace_strict(
                    {name: one[end] for name, one in ends.items()}, return_dtype=pl.Float64
                )
                for end in (0, 1)
            )
            wrong[_OUT_OF_RANGE] = (~pl.col("value").is_between(low, high)).fill_null(False)
        for reason, which in wrong.items():
            found = frame.filter(which)
            if found.height:
                rows = found.iter_rows(named=True)
                told = (f"row {row['row']}: {row['metric']} is {row['value']}" for row in rows)
                self._log.refuse(reason, found.height, told)
                frame = frame.filter(~which)
        return frame

    def _scale(self, metric: str, frame: pl.DataFrame) -> Scale:
        """As the user says, or the table, or everyone knows; values that are all 0 or 1 are passes."""
        told = self._told.scales.get(metric) or self._told.scales.get(metric.rpartition("/")[2])
        if told is None and not self._has("metric"):
            told = self._told.scales.get("")
        if told is not None:
            return told
        said = self._said.get(metric, set()) - {("", "")}
        if len(said) > 1:
            raise LogError(f"{self._path}: '{metric}' is of two kinds or directions")
        kind, direction = next(iter(said), ("", ""))
        if direction not in ("", "up", "down") or kind not in ("", "binary", "numeric", "ordinal"):
            raise LogError(
                f"{self._path}: '{metric}' is '{kind}' and '{direction}': a kind is binary, numeric or ordinal, a "
                "direction up or down"
            )
        values = frame.filter(pl.col("metric") == metric)["value"] if self._has("metric") else frame["value"]
        bits = bool(values.drop_nulls().is_in([0.0, 1.0]).all())
        if direction:
            return Scale(direction=direction, kind=kind or ("binary" if bits else "numeric"))  # type: ignore[arg-type]
        known = known_scale(metric)
        if known in (None, UP) and (bits or self._has("attempts")):
            return PASS
        if known is None:
            raise LogError(f"{self._path}: {direction_unknown(metric)}")
        return known

    def _has(self, name: str) -> bool:
        return any(name in part for part in self._parts)

    def _column(self, name: str) -> pl.Series:
        return pl.concat([pl.Series(name, part[name]) for part in self._parts])

    def _optional(self, name: str, kind: type[pl.DataType]) -> pl.Series:
        """A column that some batches may lack."""
        return pl.concat(
            pl.Series(name, part[name]).cast(kind)
            if name in part
            else pl.repeat(None, len(part["value"]), dtype=kind, eager=True).alias(name)
            for part in self._parts
        )

    def _enum(self, name: str) -> pl.Series:
        codes = self._column(name).to_numpy().copy()
        used, _ = self._names[name].used(codes)
        if "" in used[:1]:
            row = self._column("row")[int(np.argmin(codes))]
            raise LogError(f"{self._path}: the column {name} has no name in row {row}: fill or drop such rows")
        return pl.Series(name, codes.astype(np.uint32)).cat.to(pl.Enum(list(used)))


def _constant(text: str, height: int) -> pl.Series:
    return pl.repeat(text, height, dtype=pl.Enum([text]), eager=True)
