"""Files of recorded attempts: what a model said, or only whether it passed, attempt by attempt."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ingest.records import Status
from ingest.source import SourceError

PASS, FAIL, TIMEOUT = "pass", "fail", "timeout"
"""What stands for the output where only the outcome was recorded. A timeout says how slow the machine was, not
that the program was wrong."""

_LETTERS = {"P": PASS, "F": FAIL, "T": TIMEOUT}

_SAMPLE = ("sample", "task_id")
_LONG = ("attempt", "output")
_FORMS = "sample, attempt, output (optional status, tokens), or sample, outcomes (one letter an attempt: P, F, T)"


@dataclass(frozen=True, eq=False)
class Recording:
    """Attempts of many samples, those of a sample one behind the other in the order in which they were made."""

    texts: pl.Series
    statuses: pl.Series
    tokens: pl.Series
    """Generated tokens of each attempt; 0 where they were not recorded."""

    places: dict[str, tuple[int, int]]
    """By a sample's name: where its attempts begin, and how many they are."""

    outcomes: bool
    """Whether the texts are only `PASS`, `FAIL` and `TIMEOUT`."""


def read_recording(path: Path) -> Recording:
    """Read a CSV, Parquet or JSONL file of recorded attempts, in long form (a row an attempt) or with the outcomes
    of a sample in one text, in order.

    Raises:
        SourceError: there is no such file, or it is not one of recorded attempts.
    """
    frame = _frame(path)
    sample = next((name for name in _SAMPLE if name in frame.columns), None)
    wide = next((name for name in frame.columns if name.startswith("outcomes")), None)
    if sample is None or (wide is None and not set(_LONG) <= set(frame.columns)):
        raise SourceError(
            f"{path} is no recording: give it the columns {_FORMS}; it has {', '.join(frame.columns)}"
        )
    frame = frame.rename({sample: "sample"}).with_columns(pl.col("sample").cast(pl.String))
    if frame["sample"].null_count():
        raise SourceError(f"{path}: every row needs the name of its sample")
    rows = _long(path, frame) if wide is None else _wide(path, frame, wide)
    if rows.is_empty():
        raise SourceError(f"{path} holds no attempts")
    counts = rows.group_by("sample", maintain_order=True).len()
    ends = counts["len"].cum_sum().to_list()
    places = {name: (end - count, count) for (name, count), end in zip(counts.iter_rows(), ends, strict=True)}
    return Recording(rows["text"], rows["status"], rows["tokens"], places, wide is not None)


def _frame(path: Path) -> pl.DataFrame:
    if path.suffix.lower() not in (".csv", ".parquet", ".jsonl"):
        raise SourceError(f"{path}: give a file that ends in .csv, .parquet or .jsonl")
    try:
        if path.suffix.lower() == ".parquet":
            return pl.read_parquet(path, glob=False)
        if path.suffix.lower() == ".jsonl":
            return pl.read_ndjson(path.read_bytes(), infer_schema_length=None)
        return pl.read_csv(path, glob=False, infer_schema=False)  # 007 is a name, not 7
    except (OSError, pl.exceptions.PolarsError) as error:
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise SourceError(f"{path} cannot be read: {reason}") from error


def _long(path: Path, frame: pl.DataFrame) -> pl.DataFrame:
    text = pl.col("output").cast(pl.String).fill_null("")
    said = pl.when(text == "").then(pl.lit(Status.NO_ANSWER.value)).otherwise(pl.lit(Status.OK.value))
    status = pl.coalesce(pl.col("status").cast(pl.String), said) if "status" in frame.columns else said
    tokens = pl.col("tokens").cast(pl.Int64).fill_null(0) if "tokens" in frame.columns else pl.lit(0, pl.Int64)
    try:
        rows = frame.select(
            "sample",
            pl.col("attempt").cast(pl.Int64),
            text.alias("text"),
            status.alias("status"),
            tokens.alias("tokens"),
        )
    except pl.exceptions.PolarsError as error:
        raise SourceError(
            f"{path}: attempt and tokens must be whole numbers ({str(error).splitlines()[0]})"
        ) from error
    unknown = sorted(set(rows["status"].unique()) - {status.value for status in Status})
    if unknown:
        raise SourceError(f"{path}: there is no status '{unknown[0]}'; there are {', '.join(Status)}")
    if rows["attempt"].null_count() or rows.select("sample", "attempt").is_duplicated().any():
        raise SourceError(f"{path}: number the attempts of each sample, every one with a number of its own")
    first_seen = pl.col("row").min().over("sample")
    return rows.with_row_index("row").sort(first_seen, "attempt").drop("row", "attempt")


def _wide(path: Path, frame: pl.DataFrame, column: str) -> pl.DataFrame:
    if frame["sample"].is_duplicated().any():
        raise SourceError(f"{path}: a sample has one row where its outcomes are one text")
    _check_counts(path, frame, column)
    letters = pl.col(column).cast(pl.String).fill_null("").str.split("")
    rows = frame.select("sample", letters.alias("letter")).explode("letter").filter(pl.col("letter") != "")
    unknown = sorted(set(rows["letter"].unique()) - _LETTERS.keys())
    if unknown:
        raise SourceError(f"{path}: '{unknown[0]}' is no outcome: P passed, F failed, T ran out of time")
    return rows.select(
        "sample",
        pl.col("letter").replace_strict(_LETTERS).alias("text"),
        pl.lit(Status.OK.value).alias("status"),
        pl.lit(0, pl.Int64).alias("tokens"),
    )


def _check_counts(path: Path, frame: pl.DataFrame, column: str) -> None:
    """Refuse outcomes that are not as many as the same row says elsewhere."""
    outcomes = pl.col(column).cast(pl.String).fill_null("")
    for name, counted in (("attempts", outcomes.str.len_chars()), ("passes", outcomes.str.count_matches("P"))):
        if name in frame.columns:
            said = pl.col(name).cast(pl.Int64, strict=False)
            wrong = frame.filter(said != counted).select("sample", said.alias("said"), counted.alias("there"))
            for sample, number, there in wrong.head(1).iter_rows():
                raise SourceError(
                    f"{path}: {sample} is said to have {number} {name}, and its outcomes tell {there}"
                )
