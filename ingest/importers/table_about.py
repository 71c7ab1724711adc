"""What the rows of a table say of their samples, beside their values and votes."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from ingest.importer import ABOUT, Log, LogError


class About:
    """Gathers it for a log."""

    def __init__(self, path: Path, log: Log) -> None:
        self._path, self._log = path, log
        self._parts: list[pl.DataFrame] = []

    def add(self, frame: pl.DataFrame) -> None:
        """Take a batch of rows; those without a sample say nothing."""
        labels = [pl.col(name).cast(pl.String) for name in ABOUT if name in frame.columns]
        if labels and "sample" in frame.columns:
            sample = pl.col("sample").cast(pl.String)
            self._parts.append(frame.select(sample, *labels).filter(sample.fill_null("") != "").unique())

    def finish(self) -> None:
        """Put it into the log.

        Raises:
            LogError: two rows say different things of one sample.
        """
        if not self._parts:
            return
        about = pl.concat(self._parts, how="diagonal").unique(maintain_order=True)
        twice = about.filter(pl.col("sample").is_duplicated())
        if not twice.is_empty():
            raise LogError(
                f"{self._path}: the sample {twice['sample'][0]} has two sources, clusters or tags: give it one, "
                "or make its name of several columns, as in --columns sample=part+question"
            )
        if "source_id" in about.columns:
            # What two samples of a source are called is the name of neither.
            where = [name for name in ("source", "source_id") if name in about.columns]
            shared = pl.struct(where).is_duplicated()
            about = about.with_columns(source_id=pl.when(~shared).then("source_id"))
        self._log.about = about
