"""Plain tables of results: a row is a model's value on a sample, or a vote between two models."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Set
from pathlib import Path

import polars as pl

from aggregate.columns import MeasurementsError
from ingest.importer import Log, LogError, Told
from ingest.importers.table_about import About
from ingest.importers.table_values import Values
from ingest.importers.table_votes import Votes
from ingest.table_text import HEAD, first_line, separator_of, stem_of, suffix_of
from ingest.tables import COLUMNS, READ, by_case, frames, is_table

_MODEL = ("model", "model_name", "model_id")
_SAMPLE = ("sample", "sample_id", "question_id", "item_id", "example_id", "instance_id", "task_id", "id")
_VALUE = ("value", "score", "correct", "is_correct", "accuracy", "acc", "exact_match", "passed", "hit")
"""What tables call our columns, the first that is there; columns of ours go before."""

_VOTES = {"model_a", "model_b"}


class Table:
    """Columns model, sample, value; optional metric, main, judge, condition, attempt, status, reason, cluster,
    tag, source, source_id, kind, direction, passes, attempts (these two may stand for a value). Or votes: model_a,
    model_b, outcome (a, b, tie); optional sample, judge, cluster, tag, source, source_id. Samples are known by
    their names within a source: source_id where the table has it, else sample. Values by two judges are two
    metrics; a condition is a row of its own in a ranking, and so is none."""

    summary = "tables: Parquet, CSV, TSV, JSONL with model, sample, value, or model_a, model_b, outcome"
    general = True

    def claim(self, path: Path, head: bytes) -> tuple[Path, ...] | None:
        names = {name.lower() for name in columns_of(path, head)}
        votes = names >= {*_VOTES, "outcome"}
        values = all(names & {*ours} for ours in (_SAMPLE, (*_VALUE, "attempts")))
        return (path,) if votes or values else None

    def read(self, files: tuple[Path, ...], told: Told) -> Log:
        path = files[0]
        with path.open("rb") as file:
            names = {*columns_of(path, file.read(HEAD))}
        taken = {part for theirs in told.columns.values() for part in (theirs, *theirs.split("+"))}
        guessed = _guessed(names - taken, {*told.columns})
        columns = {**guessed, **told.columns}
        log = Log(format="table", tool="")
        log.source = told.source or f"table:{stem_of(path)}"
        metric = columns.get("value", "value")
        metric = "value" if metric.lower() == "value" else metric
        values, votes = Values(path, log, told, metric), Votes(path, log)
        about = About(path, log)
        try:
            spared = [*(["model"] if told.model else []), "value"]
            for frame in frames(path, columns=columns, told=True, spared=spared):
                (votes if {*frame.columns} >= _VOTES else values).add(frame)
                about.add(frame)
                log.rows += frame.height
        except MeasurementsError as error:
            raise LogError(f"{path}: {error}") from None
        if not log.rows:
            raise LogError(f"{path} has no rows")
        values.finish()
        votes.finish()
        about.finish()
        left = names - taken - {*guessed.values()} - COLUMNS
        condition = columns.get("condition", "condition" if "condition" in names else "")
        log.unread = {one: _with_condition(told.columns, f"{condition}+{one}".lstrip("+")) for one in sorted(left)}
        log.warnings += [*_unsaid(guessed, left, told, log), *votes.warnings(left), *_numbered(log)]
        return log


def columns_of(path: Path, head: bytes) -> tuple[str, ...]:
    """Names of a table's columns, in order; none where it is no table."""
    try:
        if head.startswith(b"PAR1"):
            import pyarrow.parquet as pq  # polars would panic at a damaged footer

            return tuple(pq.read_schema(path).names)
        if not is_table(path):
            return ()
        line = first_line(head)
        if suffix_of(path) == ".jsonl":
            first = json.loads(line)
            return tuple(first) if isinstance(first, dict) else ()
        return tuple(pl.read_csv(line, n_rows=0, separator=separator_of(path, head)).columns)
    except Exception:  # whatever a reader makes of bytes that are no table
        return ()
    return ()


def _guessed(names: Set[str], told: Set[str]) -> dict[str, str]:
    """The usual names of our columns among theirs, where the user has not said what they are called here."""
    found = by_case(sorted(names), READ - told)
    if {*names, *found} >= _VOTES:
        return found
    several = Counter(map(str.lower, names))
    lower = {name.lower(): name for name in names if name.lower() not in names and several[name.lower()] == 1}
    lower |= {name: name for name in names}
    for ours in (_MODEL, _SAMPLE, _VALUE):
        name = next((lower[name] for name in ours if name in lower), None)
        if ours[0] not in told and name is not None and name != ours[0]:
            found[ours[0]] = name
    return found


def _with_condition(told: Mapping[str, str], theirs: str) -> str:
    """What the user said of columns, with another condition."""
    return ",".join(f"{ours}={name}" for ours, name in {**told, "condition": theirs}.items())


def _unsaid(guessed: Mapping[str, str], left: Set[str], told: Told, log: Log) -> list[str]:
    """What was taken for what, what was not looked at, and what the user said of things that are not there."""
    taken = [f"{theirs} for {ours}" for ours, theirs in guessed.items()]
    absent = sorted(set(told.scales) - {"", *log.scales, *(name.rpartition("/")[2] for name in log.scales)})
    unread = ", ".join(sorted(left))
    return [
        *([f"took {', '.join(taken)}"] if taken else []),
        *([f"columns that were not read: {unread} (--columns OURS=YOURS)"] if left else []),
        *([f"there is no metric {', '.join(absent)} here; there are {', '.join(log.scales)}"] if absent else []),
    ]


def _numbered(log: Log) -> list[str]:
    """That models are called by numbers, which are likely places in a list of names that is elsewhere."""
    columns = (log.results["model"], log.votes["model_a"], log.votes["model_b"])
    names = sorted(
        {str(name) for column in columns for name in column.unique()}, key=lambda name: (len(name), name)
    )
    if not names or not all(name.isascii() and name.isdigit() for name in names):
        return []
    which = f"the models are called by bare numbers, {names[0]} to {names[-1]}"
    return [f"{which}: if another column has their names, --columns model=YOURS takes it"]
