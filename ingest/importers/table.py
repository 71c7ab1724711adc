"""Plain tables of results: a row is a model's value on a sample, or a vote between two models."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl

from aggregate.columns import MeasurementsError, Names, check_names, floats
from ingest.importer import RESULTS, VOTES, Log, LogError, Told
from ingest.metrics import PASS, UP, Scale, known_scale
from ingest.records import Condition, Status
from ingest.tables import frames

_MODEL = ("model", "model_name", "model_id")
_SAMPLE = ("sample", "sample_id", "question_id", "item_id", "example_id", "instance_id", "task_id")
_VALUE = ("value", "score", "correct", "is_correct", "accuracy", "acc", "exact_match", "passed", "hit")
"""What tables call our columns, the first that is there; columns of ours go before."""

_VOTES = {"model_a", "model_b"}
_WINS = {
    **dict.fromkeys(("a", "model_a", "left", "1", "1.0"), "a"),
    **dict.fromkeys(("b", "model_b", "right", "0", "0.0"), "b"),
    **dict.fromkeys(("tie", "draw", "both", "0.5", "tie (bothbad)"), "tie"),
}
_PLAIN = Condition(form="plain")
_MISSING = tuple(status.value for status in Status if not status.counts)
_SUFFIXES = (".parquet", ".csv", ".jsonl")


class Table:
    """Columns model, sample, value; optional metric, attempt, status, reason, cluster, tag, source, kind,
    direction, passes, attempts (these two may stand for a value). Or votes: model_a, model_b, outcome (a, b, tie);
    optional sample, judge. Samples are known by their names within a source."""

    summary = "tables: Parquet, CSV, JSONL with model, sample, value, or model_a, model_b, outcome"
    general = True

    def claim(self, path: Path, head: bytes) -> tuple[Path, ...] | None:
        names = _columns(path, head)
        votes = names >= {*_VOTES, "outcome"}
        values = all(names & {*ours} for ours in (_MODEL, _SAMPLE, (*_VALUE, "attempts")))
        return (path,) if votes or values else None

    def read(self, files: tuple[Path, ...], told: Told) -> Log:
        path = files[0]
        columns = {**_guessed(path, told), **told.columns}
        log = Log(format="table", tool="")
        log.source = told.source or f"table:{path.stem}"
        rows = _Rows(path, log, told, columns)
        try:
            spared = [*(["model"] if told.model else []), "value"]
            for frame in frames(path, columns=columns, told=True, spared=spared):
                rows.add(frame)
        except MeasurementsError as error:
            raise LogError(f"{path}: {error}") from None
        return rows.done()


def _columns(path: Path, head: bytes) -> set[str]:
    """Names of a table's columns; none where it is no table."""
    try:
        if head.startswith(b"PAR1"):
            return {*pl.read_parquet_schema(path)}
        if path.suffix.lower() == ".csv":
            return {*pl.read_csv(head.splitlines(keepends=True)[0], n_rows=0).columns}
        if path.suffix.lower() == ".jsonl":
            first = json.loads(head.split(b"\n", 1)[0])
            return {*first} if isinstance(first, dict) else set()
    except Exception:  # whatever a reader makes of bytes that are no table
        return set()
    return set()


def _guessed(path: Path, told: Told) -> Mapping[str, str]:
    """The usual names of our columns, where the user has not said what they are called here."""
    with path.open("rb") as file:
        names = _columns(path, file.read(2**16))
    taken = {part for theirs in told.columns.values() for part in (theirs, *theirs.split("+"))}
    found = {}
    for ours in (_MODEL, _SAMPLE, _VALUE):
        name = next((name for name in ours if name in names and name not in taken), None)
        if ours[0] not in told.columns and name is not None and name != ours[0] and not names >= _VOTES:
            found[ours[0]] = name
    return found


class _Rows:
    """Codes and values of the rows so far."""

    def __init__(self, path: Path, log: Log, told: Told, columns: Mapping[str, str]) -> None:
        self._path, self._log, self._told = path, log, told
        self._metric = columns.get("value", "value")
        self._models, self._samples, self._metrics = Names(), Names(), Names()
        self._parts: list[dict[str, np.ndarray | pl.Series]] = []
        self._votes: list[pl.DataFrame] = []
        self._about: list[pl.DataFrame] = []
        self._scales: dict[str, set[tuple[str, str]]] = {}
        self._sources: set[str] = set()

    def add(self, frame: pl.DataFrame) -> None:
        """Take a batch of rows."""
        if {*frame.columns} >= _VOTES:
            self._add_votes(frame)
        else:
            self._add_values(frame)
        self._log.rows += frame.height

    def _add_values(self, frame: pl.DataFrame) -> None:
        first = self._log.rows
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
            tried = pl.col("attempts") > 0
            frame = frame.with_columns(value=pl.when(tried).then(pl.col("passes") / pl.col("attempts")))
        part: dict[str, np.ndarray | pl.Series] = {
            "sample": self._samples.codes(check_names(frame, "sample")),
            "model": self._models.codes(check_names(frame, "model")),
            "value": floats(frame, "value"),
            "row": np.arange(first + 1, first + 1 + frame.height),
        }
        if "metric" in frame.columns:
            part["metric"] = self._metrics.codes(check_names(frame, "metric"))
            self._note_scales(frame)
        for name in ("attempt", "passes", "attempts"):
            if name in frame.columns and frame[name].null_count() < frame.height:
                part[name] = self._whole(frame, name)
        for name in ("status", "reason"):
            if name in frame.columns and frame[name].null_count() < frame.height:
                part[name] = frame[name].cast(pl.String).fill_null("")
        self._parts.append(part)
        if "source" in frame.columns:
            self._sources.update(frame["source"].cast(pl.String).unique().drop_nulls())
        labels = [pl.col(name).cast(pl.String) for name in ("cluster", "tag") if name in frame.columns]
        if labels:
            self._about.append(frame.select(pl.col("sample").cast(pl.String), *labels).unique())

    def _whole(self, frame: pl.DataFrame, name: str) -> pl.Series:
        try:
            return frame[name].cast(pl.Int64)
        except pl.exceptions.PolarsError:
            raise LogError(f"{self._path}: the column {name} must hold whole numbers") from None

    def _note_scales(self, frame: pl.DataFrame) -> None:
        """What the table itself says of its metrics."""
        given = [name for name in ("kind", "direction") if name in frame.columns]
        if not given:
            return
        blank = [pl.lit("").alias(name) for name in ("kind", "direction") if name not in given]
        said = frame.select(pl.col("metric", *given).cast(pl.String).fill_null(""), *blank).unique()
        for metric, kind, direction in said.select("metric", "kind", "direction").iter_rows():
            self._scales.setdefault(metric, set()).add((kind, direction))

    def _add_votes(self, frame: pl.DataFrame) -> None:
        first = self._log.rows
        outcome = frame["outcome"].cast(pl.String).str.to_lowercase()
        unknown = outcome.filter(outcome.is_not_null() & ~outcome.is_in(list(_WINS)))
        if unknown.len():
            raise LogError(
                f"{self._path}: '{unknown[0]}' is no outcome: write a, b or tie, and leave what is missing empty"
            )
        text = [
            pl.col(name).cast(pl.String).fill_null("") if name in frame.columns else pl.lit("").alias(name)
            for name in ("sample", "judge")
        ]
        votes = frame.select(
            pl.Series("model_a", check_names(frame, "model_a").cast(pl.String)),
            pl.Series("model_b", check_names(frame, "model_b").cast(pl.String)),
            *text,
            outcome.replace_strict(_WINS, default=None, return_dtype=pl.String).alias("outcome"),
            pl.int_range(first + 1, first + 1 + frame.height).alias("row"),
        )
        self._votes.append(votes.select(list(VOTES)))

    def done(self) -> Log:
        """The log of all rows."""
        log = self._log
        if not log.rows:
            raise LogError(f"{self._path} has no rows")
        if len(self._sources) == 1 and not self._told.source:
            log.source = self._sources.pop()
        elif self._sources and not self._told.source:
            raise LogError(f"{self._path} has samples of several sources: import them one by one, or say --source")
        if self._votes:
            log.votes = pl.concat(self._votes)
        if self._parts:
            log.results = self._results()
            log.conditions = {_PLAIN.condition_id: _PLAIN}
        if self._about:
            log.about = pl.concat(self._about, how="diagonal").unique("sample", keep="first", maintain_order=True)
        return log

    def _results(self) -> pl.DataFrame:
        columns = {name: self._column(name) for name in ("model", "sample", "value", "row")}
        height = columns["value"].len()
        models, samples = self._enum("model", self._models), self._enum("sample", self._samples)
        metric = (
            self._enum("metric", self._metrics)
            if any("metric" in part for part in self._parts)
            else _constant(self._metric, height)
        )
        value = columns["value"].cast(pl.Float64).fill_nan(None)
        frame = pl.DataFrame({"model": models, "sample": samples, "metric": metric, "value": value})
        frame = frame.with_columns(
            condition=_constant(_PLAIN.condition_id, height),
            main=pl.lit(True),
            attempt=self._optional("attempt", pl.Int32).fill_null(0),
            passes=self._optional("passes", pl.Int64),
            attempts=self._optional("attempts", pl.Int64),
            reason=self._reasons(value),
            row=columns["row"],
        ).with_columns(value=pl.when(pl.col("reason") == "").then("value"))
        for name in frame["metric"].dtype.categories.to_list():
            self._log.scales[name] = self._scale(name, frame)
        return self._possible(frame).select(list(RESULTS))

    def _reasons(self, value: pl.Series) -> pl.Series:
        """Why values are missing: the status that says so, the reason given, or that there is none."""
        none = pl.when(value.is_null()).then(pl.lit("no value")).otherwise(pl.lit(""))
        if not any("status" in part or "reason" in part for part in self._parts):
            return pl.select(none.cast(pl.Enum(["", "no value"]))).to_series()
        status = self._optional("status", pl.String).fill_null("").str.to_lowercase()
        unknown = status.filter(~status.is_in(["", *(one.value for one in Status)]))
        if unknown.len():
            raise LogError(
                f"{self._path}: there is no status '{unknown[0]}'; there are {', '.join(Status)}, and nothing"
            )
        reason = self._optional("reason", pl.String).fill_null("")
        said = pl.when(reason != "").then(reason).otherwise(status)
        lost = status.is_in(list(_MISSING))
        chosen = pl.when(lost).then(said).when(value.is_null() & (said != "")).then(said).otherwise(none)
        return pl.select(chosen).to_series()

    def _possible(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The rows whose values and counts can be; the others are refused."""
        scales = self._log.scales
        known = {name: (scale.low, scale.high) for name, scale in scales.items()}
        low, high = (
            pl.col("metric").replace_strict(
                {name: ends[end] for name, ends in known.items()}, return_dtype=pl.Float64
            )
            for end in (0, 1)
        )
        if all(ends == (-math.inf, math.inf) for ends in known.values()):
            beyond = pl.repeat(False, frame.height, dtype=pl.Boolean, eager=True)
        else:
            beyond = frame.select((~pl.col("value").is_between(low, high)).fill_null(False)).to_series()
        off = (pl.col("value") - pl.col("passes") / pl.col("attempts")).abs() * pl.col("attempts") > 0.5
        possible = pl.col("passes").is_between(0, pl.col("attempts")).fill_null(False)
        counted = pl.col("attempts").is_not_null() | pl.col("passes").is_not_null()
        odd = frame.select(counted & (~possible | off.fill_null(False))).to_series()
        for wrong, reason in ((beyond, "out of range"), (odd & ~beyond, "impossible counts")):
            if count := int(wrong.sum()):
                self._log.refused[reason] += count
                for row in frame.filter(wrong).head(20).iter_rows(named=True):
                    self._log.details.append(f"{reason}: row {row['row']}: {row['metric']} is {row['value']}")
        return frame.filter(~(beyond | odd)) if self._log.refused else frame

    def _scale(self, metric: str, frame: pl.DataFrame) -> Scale:
        """As the user says, or the table, or everyone knows; values that are all 0 or 1 are passes."""
        unnamed = not any("metric" in part for part in self._parts)
        told = self._told.scales.get(metric) or (self._told.scales.get("") if unnamed else None)
        said = self._scales.get(metric, set()) - {("", "")}
        if len(said) > 1:
            raise LogError(f"{self._path}: '{metric}' is of two kinds or directions")
        if told is not None:
            return told
        known = known_scale(metric)
        kind, direction = next(iter(said), ("", ""))
        if direction not in ("", "up", "down") or kind not in ("", "binary", "numeric", "ordinal"):
            raise LogError(
                f"{self._path}: '{metric}' is '{kind}' and '{direction}': a kind is binary, numeric or ordinal, a "
                "direction up or down"
            )
        values = frame["value"] if unnamed else frame.filter(pl.col("metric") == metric)["value"]
        bits = values.drop_nulls().is_in([0.0, 1.0]).all()
        counted = frame["attempts"].null_count() < frame.height
        if direction:
            return Scale(direction=direction, kind=kind or ("binary" if bits else "numeric"))  # type: ignore[arg-type]
        if known in (None, UP) and (bits or (counted and unnamed)):
            return PASS
        if known is None:
            raise LogError(
                f"{self._path}: whether a higher '{metric}' is better is not known: say it, as in "
                f"--metric '{metric}=up' (or =down; with its range, =up:0:10)"
            )
        return known

    def _column(self, name: str) -> pl.Series:
        return pl.concat([pl.Series(name, part[name]) for part in self._parts])

    def _optional(self, name: str, kind: type[pl.DataType]) -> pl.Series:
        heights = [len(part["value"]) for part in self._parts]
        given = [
            pl.Series(name, part[name]).cast(kind)
            if name in part
            else pl.Series(name, [None], kind).new_from_index(0, n)
            for part, n in zip(self._parts, heights, strict=True)
        ]
        return pl.concat(given)

    def _enum(self, name: str, names: Names) -> pl.Series:
        codes = self._column(name).to_numpy()
        used, _ = names.used(codes := codes.copy())
        if "" in used[:1]:
            raise LogError(f"{self._path}: the column {name} has rows without a name: fill or drop them")
        return pl.Series(name, codes.astype(np.uint32)).cat.to(pl.Enum(list(used)))


def _constant(text: str, height: int) -> pl.Series:
    return pl.repeat(text, height, dtype=pl.Enum([text]), eager=True)
