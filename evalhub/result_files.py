"""Files of results that users bring: Parquet, CSV or JSONL in long form, read batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl

from evalhub.errors import EvalhubError

_NAMES = ("model", "sample", "cluster", "tag", "source", "metric", "model_a", "model_b")
"""Columns that stay as they are written: 007 is not 7."""

_NUMBERS = ("value", "passes", "attempts")

_OTHERS = ("kind", "direction", "outcome")

_NONE = "NA"
"""How R writes a missing value; empty fields and NaN are missing anyway."""

_BATCH = 2**20
"""Rows of a Parquet file that are read at once."""


def frames(path: Path, by: str = "") -> Iterator[pl.DataFrame]:
    """The rows of a file, in batches where its format allows that.

    by: a further column that is to be read.

    Raises:
        EvalhubError: there is no such file, or it is of no such format (both at once, before anything is read), or
            it cannot be read.
    """
    readers = {".parquet": _parquet, ".csv": _csv, ".jsonl": _jsonl}
    suffix = path.suffix.lower()
    if path.is_dir():
        raise EvalhubError(f"{path} is a folder: give the files in it that end in {', '.join(readers)}")
    if suffix not in readers:
        raise EvalhubError(f"{path}: give a file that ends in {', '.join(readers)}")
    if not path.exists():
        raise EvalhubError(f"{path} cannot be read: there is no such file")
    return _read(path, by, readers[suffix])


_Reader = Callable[[Path, str], Iterator[pl.DataFrame]]


def _read(path: Path, by: str, reader: _Reader) -> Iterator[pl.DataFrame]:
    try:
        yield from reader(path, by)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise EvalhubError(f"{path} cannot be read: {str(error).splitlines()[0]}") from error


def _parquet(path: Path, by: str) -> Iterator[pl.DataFrame]:
    """Columns that nobody reads, such as whole outputs, are there by name only."""
    rows = pl.scan_parquet(path, glob=False)
    used = {*_NAMES, *_NUMBERS, *_OTHERS, by}
    rows = rows.select(
        pl.col(name) if name in used else pl.lit(None).alias(name) for name in rows.collect_schema().names()
    )
    empty = True
    for frame in rows.collect_batches(chunk_size=_BATCH, maintain_order=True):
        empty = False
        yield frame
    if empty:
        yield rows.collect()


def _csv(path: Path, by: str) -> Iterator[pl.DataFrame]:
    """Types are told from the whole file."""
    heads = pl.read_csv(path, n_rows=0, glob=False).columns
    names = [name for name in heads if name in (*_NAMES, by)]
    frame = pl.read_csv(
        path,
        glob=False,  # results[1].csv is a name, not a pattern
        infer_schema_length=None,
        schema_overrides=dict.fromkeys(names, pl.String),
        null_values={name: _NONE for name in _NUMBERS if name in heads},
    )
    filled = {name for name in frame.columns if frame[name].null_count() < frame.height}
    empty = [name for name in frame.columns if name not in filled and name not in names]
    yield frame.with_columns(pl.col(empty).cast(pl.Null))


def _jsonl(path: Path, by: str) -> Iterator[pl.DataFrame]:
    del by  # all columns are read
    with path.open("rb") as file:
        yield pl.read_ndjson(file, infer_schema_length=None)
