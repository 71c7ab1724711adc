"""Files of results that users bring: Parquet, CSV or JSONL in long form, read batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from evalhub.errors import EvalhubError

_NAMES = ("model", "sample", "cluster", "tag", "source", "metric", "model_a", "model_b")
"""Columns that stay as they are written: 007 is not 7."""

_NUMBERS = ("value", "passes", "attempts")

_NONE = "NA"
"""How R writes a missing value; empty fields and NaN are missing anyway."""

_BATCH = 2**20
"""Rows of a Parquet file that are read at once."""


def frames(path: Path) -> Iterator[pl.DataFrame]:
    """The rows of a file, in batches where its format allows that.

    Raises:
        EvalhubError: the file is of no such format, or cannot be read.
    """
    readers = {".parquet": _parquet, ".csv": _csv, ".jsonl": _jsonl}
    suffix = path.suffix.lower()
    if suffix not in readers:
        raise EvalhubError(f"{path}: give a file that ends in {', '.join(readers)}")
    import pyarrow as pa

    try:
        yield from readers[suffix](path)
    except (OSError, pl.exceptions.PolarsError, pa.ArrowException) as error:
        raise EvalhubError(f"{path} cannot be read: {str(error).splitlines()[0]}") from error


def _parquet(path: Path) -> Iterator[pl.DataFrame]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_BATCH):
            frame = pl.from_arrow(batch)
            assert isinstance(frame, pl.DataFrame)
            yield frame
        if not file.metadata.num_rows:
            yield pl.DataFrame(schema=dict.fromkeys(file.schema_arrow.names, pl.Null))


def _csv(path: Path) -> Iterator[pl.DataFrame]:
    """Types are told from the whole file."""
    heads = pl.read_csv(path, n_rows=0, glob=False).columns
    names = [name for name in heads if name in _NAMES]
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


def _jsonl(path: Path) -> Iterator[pl.DataFrame]:
    with path.open("rb") as file:
        yield pl.read_ndjson(file, infer_schema_length=None)
