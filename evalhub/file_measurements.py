"""Files of results as one `Measurements`: of one metric where that is asked for, and in parts by a column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import polars as pl

from aggregate.columns import MeasurementsError, check_names, refuse
from aggregate.comparisons import COLUMNS, check_names_of_winners
from aggregate.measurements import Direction, Kind, Measurements
from aggregate.parts import Parts
from evalhub.errors import EvalhubError
from evalhub.telling import Tell, quiet
from ingest.tables import frames

_NO_GROUPS = ("model", "sample", "value", "model_a", "model_b", "outcome")
"""Columns that tell no group of samples from another."""


def read_files(
    paths: Sequence[Path],
    *,
    columns: Mapping[str, str] | None = None,
    by: str = "",
    metric: str = "",
    kind: Kind | None = None,
    direction: Direction = "up",
    tell: Tell = quiet,
) -> tuple[Measurements, Parts | None]:
    """All rows of all files, values and votes, and their parts where `by` names a column. Where a file has no
    values, they are passes of attempts.

    columns: what the files call a column, by our name for it. by: what it says of a sample is also the sample's
    tag, in the place of a column `tag`; only beside `source` is such a column kept. metric: only rows that name
    it. kind, direction: see `Measurements.from_frames`. tell: hears how far it is.

    Raises:
        EvalhubError: a file cannot be read, or there is no such column or metric.
        aggregate.measurements.MeasurementsError: the content cannot be ranked.
    """
    if by in _NO_GROUPS:
        raise EvalhubError(
            f"'{by}' tells no group of samples from another: rank by a column such as tag or source"
        )
    streams = [(path, frames(path, by, columns, spared=("value",))) for path in paths]
    choice = Choice(by, metric)

    def chosen() -> Iterator[pl.DataFrame]:
        rows = 0
        for path, stream in streams:
            before = rows
            for frame in stream:
                tell(f"reading {path.name}: {rows:,} rows")
                _check_votes(path, frame, rows - before)
                rows += frame.height
                yield from choice.of(valued(path, frame))
        choice.check()
        tell(f"sorting {rows:,} rows")

    measurements = Measurements.from_frames(chosen(), kind=kind, direction=direction)
    if not by:
        return measurements, None
    return measurements, Parts.by("source" if by == "source" else "tag", measurements, choice.voted)


def valued(path: Path, frame: pl.DataFrame) -> pl.DataFrame:
    """Values with the rows, from their counts where the file has none; no attempts are no value."""
    if "value" in frame.columns or "model_a" in frame.columns:
        return frame
    if not {"passes", "attempts"} <= {*frame.columns}:
        raise EvalhubError(
            f"{path} has no column value, nor passes and attempts; it has {', '.join(frame.columns)}: say which "
            "is which, as in --columns value=YOURS"
        )
    passes, attempts = (_number(path, frame, name) for name in ("passes", "attempts"))
    return frame.with_columns(value=pl.when(attempts > 0).then(passes / attempts))


def _check_votes(path: Path, frame: pl.DataFrame, before: int) -> None:
    if {*COLUMNS} <= {*frame.columns}:
        try:
            check_names_of_winners(frame, before)
        except MeasurementsError as error:
            raise EvalhubError(f"{path}: {error}") from None


def _number(path: Path, frame: pl.DataFrame, name: str) -> pl.Series:
    if not (frame[name].dtype.is_numeric() or frame[name].dtype == pl.Null):
        raise EvalhubError(f"{path}: the column {name} is {frame[name].dtype}: write whole numbers")
    return frame[name].cast(pl.Float64)


class Choice:
    """Which rows are read, and which column is the tag."""

    def __init__(self, by: str, metric: str) -> None:
        self.by, self.metric = by, metric
        self.columns: dict[str, None] = {}
        self.metrics: set[str] = set()
        """All that occurred, where one is wanted."""

        self.voted: dict[str, str] = {}
        """The part of each sample that was voted on."""
        self._votes = 0

    def of(self, frame: pl.DataFrame) -> Iterator[pl.DataFrame]:
        """The rows of a frame that are wanted, if there are any."""
        self.columns.update(dict.fromkeys(frame.columns))
        if self.metric:
            if "metric" not in frame.columns:
                return
            names = frame["metric"].cast(pl.String)
            self.metrics.update(names.unique().drop_nulls())
            frame = frame.filter(names == self.metric)
        if self.by:
            frame = self._voted(frame) if "model_a" in frame.columns else self._tagged(frame)
        if not self.metric or not frame.is_empty():
            yield frame

    def _tagged(self, frame: pl.DataFrame) -> pl.DataFrame:
        if self.by == "tag" or (self.by == "source" and "tag" in frame.columns):
            return frame
        if self.by not in frame.columns:
            return frame.drop("tag", strict=False)
        return frame.with_columns(check_names(frame, self.by, nulls=True).alias("tag"))

    def _voted(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Votes with a sample each, so that what the column says of it can be found again."""
        if self.by not in frame.columns:
            return frame
        own = pl.format("vote {}", pl.int_range(self._votes, self._votes + frame.height))
        self._votes += frame.height
        given = check_names(frame, "sample", nulls=True) if "sample" in frame.columns else pl.lit(None, pl.String)
        part = check_names(frame, self.by, nulls=True)
        frame = frame.with_columns(
            sample=pl.coalesce(given.cast(pl.String), own), **{self.by: part.cast(pl.String)}
        )
        for sample, name in frame.select("sample", self.by).drop_nulls().unique().iter_rows():
            if self.voted.setdefault(sample, name) != name:
                refuse(f"sample {sample!r} is in two {self.by}s: give every sample one")
        return frame

    def check(self) -> None:
        """Whether what was asked for has occurred.

        Raises:
            EvalhubError: it has not.
        """
        if self.metric and self.metric not in self.metrics:
            there = ", ".join(sorted(self.metrics)) or "none: a column 'metric' names them"
            raise EvalhubError(f"no rows of metric '{self.metric}'; there are {there}")
        if self.by and self.by not in self.columns:
            raise EvalhubError(f"no column '{self.by}' to rank by; there are {', '.join(self.columns)}")
