"""The votes of a table."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import polars as pl
import polars.selectors as cs

from aggregate.columns import check_names
from aggregate.comparisons import check_names_of_winners, outcomes
from ingest.importer import VOTES, Log, LogError

_WINS = {1.0: "a", 0.0: "b", 0.5: "tie"}


class Votes:
    """Gathers them for a log."""

    def __init__(self, path: Path, log: Log) -> None:
        self._path, self._log = path, log
        self._parts: list[pl.DataFrame] = []
        self._clustered = False

    def add(self, frame: pl.DataFrame) -> None:
        """Take a batch of rows."""
        if "outcome" not in frame.columns:
            raise LogError(f"{self._path} has no column outcome; it has {', '.join(frame.columns)}")
        first = self._log.rows
        frame = frame.with_columns((cs.by_name("model_a", "model_b") & cs.string()).replace("", None))
        check_names_of_winners(frame, first)
        outcome = pl.Series(outcomes(frame, first)).fill_nan(None)
        votes = frame.select(
            *(check_names(frame, name, before=first).cast(pl.String) for name in ("model_a", "model_b")),
            *(
                pl.col(name).cast(pl.String).fill_null("") if name in frame.columns else pl.lit("").alias(name)
                for name in ("sample", "judge", "source")
            ),
            outcome.replace_strict(_WINS, default=None, return_dtype=pl.String).alias("outcome"),
            pl.int_range(first + 1, first + 1 + frame.height).alias("row"),
        )
        self._parts.append(votes.select(*VOTES, "source"))
        if "cluster" in frame.columns:
            self._clustered |= bool((frame["cluster"].is_not_null() & (votes["sample"] == "")).any())

    def finish(self) -> None:
        """Put them into the log."""
        if self._parts:
            self._log.votes = pl.concat(self._parts)

    def warnings(self, unread: Collection[str]) -> list[str]:
        """That votes without a sample count each by itself, where a column may say more."""
        of = "say what was voted on by a column sample, as in --columns sample=YOURS"
        if self._clustered:
            return [f"votes without a sample keep no cluster, and intervals come out too narrow: {of}"]
        if unread and self._parts and (self._log.votes["sample"] == "").all():
            own = "each vote counts as a sample of its own"
            return [f"{own}: if several were given to one prompt, intervals come out too narrow; {of}"]
        return []
