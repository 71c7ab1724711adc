"""What an importer of results is, and what it hands over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Protocol

import polars as pl

from ingest.metrics import Scale
from ingest.records import Condition, Model, Sample


class LogError(Exception):
    """The log cannot be imported as it is; the message is one line that says what to do."""


IMPORTED = "imported"
"""Grader of a sample that only logs know: nothing here can judge an output to it."""

NAMED_IN = "known by its name in"
"""Key of the reference of a sample of which only the name within its source is known."""

ABOUT = ("source", "source_id", "cluster", "tag")
"""What a log may say of a sample beside its name."""

_MOST_DETAILS = 20

RESULTS: dict[str, pl.DataType | type[pl.DataType]] = {
    "model": pl.String,  # as the log calls it
    "sample": pl.String,  # key in `Log.samples`, else a name within `Log.source`
    "condition": pl.String,  # id of one of `Log.conditions`
    "metric": pl.String,
    "main": pl.Boolean,  # of the metrics of one output, the one that a ranking uses unless told otherwise
    "attempt": pl.Int32,  # from 0; several are tallied to one measurement
    "value": pl.Float64,  # NULL: missing
    "passes": pl.Int64,  # NULL unless the row itself stands for several attempts
    "attempts": pl.Int64,
    "reason": pl.String,  # why the value is missing; '' where there is one
    "row": pl.Int64,  # where in the log, from 1
}
"""Columns of `Log.results`. Names may be Enum in the place of String."""

VOTES: dict[str, pl.DataType | type[pl.DataType]] = {
    "model_a": pl.String,
    "model_b": pl.String,
    "sample": pl.String,  # as in `RESULTS`; '' where the log does not say
    "outcome": pl.String,  # a, b or tie; NULL: missing
    "judge": pl.String,  # '' where unknown
    "row": pl.Int64,
}
"""Columns of `Log.votes`; source, of votes on no sample, may stand beside them."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """What the user says of logs that do not say it themselves."""

    columns: Mapping[str, str] = field(default_factory=dict)
    """What a table calls a column, by our name for it; several are joined by +."""

    model: str = ""
    """The model, where the log names none."""

    source: str = ""
    """Where samples come from that have only a name."""

    scales: Mapping[str, Scale] = field(default_factory=dict)
    """By metric; '' is that of values without the name of a metric."""


@dataclass(kw_only=True)
class Log:
    """What one log holds. Made by `ingest.reading.Reading`, or by a reader of tables at once."""

    format: str
    """Name of the importer."""

    tool: str
    """What wrote it, e.g. `lm-eval`; '' where unknown."""

    tool_version: str = ""

    rows: int = 0
    """Values, missing ones included, and votes: each is kept or refused."""

    results: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=RESULTS))
    """Columns of `RESULTS`."""

    votes: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=VOTES))
    """Columns of `VOTES`."""

    samples: dict[str, Sample] = field(default_factory=dict)
    """Those whose content the log tells, by the key that the results have for them."""

    source: str = ""
    """Of the samples of which the log has only names."""

    about: pl.DataFrame | None = None
    """Of those: columns sample, and source, source_id (their names there, where these are not the keys), cluster,
    tag where the log says them."""

    conditions: dict[str, Condition] = field(default_factory=dict)
    """By id."""

    models: list[Model] = field(default_factory=list)
    """What the log says of its models beyond their names."""

    scales: dict[str, Scale] = field(default_factory=dict)
    """By metric, all that occur in the results."""

    refused: Counter[str] = field(default_factory=Counter)
    """Rows that are not kept, by reason."""

    details: list[str] = field(default_factory=list)
    """The first of what was refused, each with its place."""

    warnings: list[str] = field(default_factory=list)

    unread: dict[str, str] = field(default_factory=dict)
    """Columns of a table that were not read, each with the --columns that makes it part of the condition."""

    partial: str = ""
    """Why this is not all that the log was to hold; '' where it is."""

    def refuse(self, reason: str, rows: int = 1, details: Iterable[str] = ()) -> None:
        """Count rows that are not taken. The reason is a few words, the same for all such rows; the first details
        of a log are kept, each a row with its place."""
        if rows:
            self.refused[reason] += rows
            room = max(0, _MOST_DETAILS - len(self.details))
            self.details += [f"{reason}: {one}" for one in islice(details, room)]


def direction_unknown(metric: str) -> LogError:
    """Nobody says which way a metric is better."""
    return LogError(
        f"whether a higher '{metric}' is better is not known: say it, as in --metric '{metric}=up' (or =down; "
        "with its range, =up:0:10)"
    )


class Importer(Protocol):
    """Reads the logs of one tool. Found through the entry-point group `evalhub.importers`, made without arguments.

    It runs in a process of its own, beside others, and knows no hub.
    """

    summary: str
    """One line for `evalhub import --formats`."""

    general: bool
    """Whether others that recognise a file go before it."""

    def claim(self, path: Path, head: bytes) -> tuple[Path, ...] | None:
        """The files of the log to which this file is the key, itself first; None where it is none of this format.

        Told by content, not by name. Files beside it that make one log with it are among them, and are no logs of
        their own.

        Args:
            path: an ordinary file.
            head: its first 64 KiB.
        """
        ...

    def read(self, files: tuple[Path, ...], told: Told) -> Log:
        """Read a log.

        Raises:
            LogError: it is broken beyond use, or does not say what it must, and the user has not said it either.
        """
        ...
