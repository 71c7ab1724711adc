"""The votes of a table."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from aggregate.columns import check_names
from ingest.importer import VOTES, Log, LogError

_WINS = {
    **dict.fromkeys(("a", "model_a", "left", "1", "1.0"), "a"),
    **dict.fromkeys(("b", "model_b", "right", "0", "0.0"), "b"),
    **dict.fromkeys(("tie", "draw", "both", "0.5", "tie (bothbad)"), "tie"),
}


class Votes:
    """Gathers them for a log."""

    def __init__(self, path: Path, log: Log) -> None:
        self._path, self._log = path, log
        self._parts: list[pl.DataFrame] = []

    def add(self, frame: pl.DataFrame) -> None:
        """Take a batch of rows."""
        if "outcome" not in frame.columns:
            raise LogError(f"{self._path} has no column outcome; it has {', '.join(frame.columns)}")
        outcome = frame["outcome"].cast(pl.String).str.to_lowercase()
        unknown = outcome.filter(outcome.is_not_null() & ~outcome.is_in(list(_WINS)))
        if unknown.len():
            raise LogError(
                f"{self._path}: '{unknown[0]}' is no outcome: write a, b or tie, and leave what is missing empty"
            )
        first = self._log.rows
        votes = frame.select(
            pl.Series("model_a", check_names(frame, "model_a").cast(pl.String)),
            pl.Series("model_b", check_names(frame, "model_b").cast(pl.String)),
            *(
                pl.col(name).cast(pl.String).fill_null("") if name in frame.columns else pl.lit("").alias(name)
                for name in ("sample", "judge", "source")
            ),
            outcome.replace_strict(_WINS, default=None, return_dtype=pl.String).alias("outcome"),
            pl.int_range(first + 1, first + 1 + frame.height).alias("row"),
        )
        self._parts.append(votes.select(*VOTES, "source"))

    def finish(self) -> None:
        """Put them into the log."""
        if self._parts:
            self._log.votes = pl.concat(self._parts)
