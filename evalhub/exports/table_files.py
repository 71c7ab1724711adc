"""Tables written batch by batch: Parquet, CSV, JSONL."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import polars as pl

from ingest.tables import SUFFIXES


def write_table(frames: Iterable[pl.DataFrame], path: Path, suffix: str) -> None:
    """Write frames of the same columns, one below the other, into a file. Where there is none, there is no file.

    suffix: one of `SUFFIXES`, which says what is written.
    """
    write = dict(zip(SUFFIXES, (_write_parquet, _write_csv, _write_jsonl), strict=True))[suffix]
    stream = iter(frames)
    first = next(stream, None)
    if first is not None:
        write(first, stream, path)


def _write_parquet(first: pl.DataFrame, rest: Iterable[pl.DataFrame], path: Path) -> None:
    import pyarrow.parquet as parquet

    table = first.to_arrow(compat_level=pl.CompatLevel.oldest())
    with parquet.ParquetWriter(path, table.schema, compression="zstd") as writer:
        writer.write_table(table)
        for frame in rest:
            writer.write_table(frame.to_arrow(compat_level=pl.CompatLevel.oldest()))


def _write_csv(first: pl.DataFrame, rest: Iterable[pl.DataFrame], path: Path) -> None:
    with path.open("wb") as file:
        first.write_csv(file)
        for frame in rest:
            frame.write_csv(file, include_header=False)


def _write_jsonl(first: pl.DataFrame, rest: Iterable[pl.DataFrame], path: Path) -> None:
    with path.open("wb") as file:
        first.write_ndjson(file)
        for frame in rest:
            frame.write_ndjson(file)
