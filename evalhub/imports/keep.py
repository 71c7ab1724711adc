"""A log that was read, into the hub: all of it or nothing."""

from __future__ import annotations

import polars as pl

from evalhub.imports.apart import telling_column
from evalhub.imports.find import Found
from evalhub.imports.identity import model_doubts, place_samples, sample_doubts
from evalhub.imports.rows import distinct, renamed, tallied
from evalhub.store.aliases import add_doubts
from evalhub.store.hub import Hub
from evalhub.store.imports import LogEntry, add_log
from evalhub.store.results import add_model
from evalhub.store.samples import add_conditions
from evalhub.store.told import add_told, add_votes, directions_before, not_told_before, votes_before
from ingest.importer import Log
from ingest.records import Model

MISSING = "missing: "
"""Before the reason of a row whose value is missing: it is on record, and no value."""


def keep_log(hub: Hub, import_id: str, found: Found, content: str, size: int, log: Log) -> LogEntry:
    """Bring a log in: its samples, models, conditions, measurements and votes, and its entry in the ledger."""
    with hub.transaction():
        models = _keep_models(hub, log)
        add_conditions(hub, log.conditions.values())
        keys = _keys(log)
        ids, new = place_samples(hub, log, keys)
        kept = _keep_results(hub, import_id, found, log, ids) if log.results.height else 0
        kept += _keep_votes(hub, import_id, log, ids) if log.votes.height else 0
        add_doubts(hub, import_id, [*model_doubts(hub, models), *sample_doubts(hub, new)])
        entry = LogEntry(
            path=str(found.files[0]),
            content=content,
            bytes=size,
            format=found.format,
            tool=log.tool,
            tool_version=log.tool_version,
            rows=log.rows,
            kept=kept,
            refused=dict(log.refused.most_common()),
            details=log.details,
            warnings=log.warnings,
            partial=log.partial,
        )
        add_log(hub, import_id, entry)
    return entry


def _names(frame: pl.DataFrame, column: str) -> list[str]:
    """Distinct names of a column, in order of their first row."""
    values = frame[column]
    if values.dtype == pl.Enum:
        return [str(name) for name in values.dtype.categories]
    return [str(name) for name in values.unique(maintain_order=True)]


def _keys(log: Log) -> list[str]:
    voted = [key for key in _names(log.votes, "sample") if key]
    return list(dict.fromkeys([*_names(log.results, "sample"), *voted]))


def _keep_models(hub: Hub, log: Log) -> set[str]:
    """Returns the names of those that were measured or voted on."""
    columns = ((log.results, "model"), (log.votes, "model_a"), (log.votes, "model_b"))
    names = {name for frame, column in columns for name in _names(frame, column)}
    known = {model.model_id: model for model in log.models}
    for model_id in sorted(names | known.keys()):
        add_model(hub, known.get(model_id) or Model(model_id=model_id))
    return names


def _keep_results(hub: Hub, import_id: str, found: Found, log: Log, ids: dict[str, str]) -> int:
    """Returns the number of rows kept with a value."""
    frame = log.results.with_columns(
        renamed(log.results["sample"], lambda keys: [ids[key] for key in keys]),
        *(renamed(log.results[name], lambda names: names) for name in ("model", "condition", "metric")),
        name=renamed(log.results["sample"], lambda keys: [_shown(log, key) for key in keys]),
    )
    frame, contradicting = distinct(frame, log)
    apart = None if contradicting.is_empty() else telling_column(found.files[0], log.unread, contradicting)
    if apart is not None:
        log.warnings.append(
            f"the column {apart} tells contradicting duplicates apart, as of several runs: to keep them all, "
            f"evalhub import --undo {import_id}, then import with --columns {log.unread[apart]}"
        )
    frame = not_told_before(hub, import_id, tallied(frame, log), log)
    for metric, other in directions_before(hub, log.scales):
        log.warnings.append(
            f"{metric} is better {log.scales[metric].direction} here and {other} elsewhere in the hub: two things"
        )
    for reason, rows in _missing(frame):
        log.refuse(MISSING + reason, rows)
    # Names as codes all the way: a join, or texts, would take most of the time of ten million rows.
    add_told(
        hub,
        import_id,
        frame.with_columns(
            kind=renamed(frame["metric"], lambda names: [log.scales[name].kind for name in names]),
            direction=renamed(frame["metric"], lambda names: [log.scales[name].direction for name in names]),
        ),
    )
    return int((frame["rows"] - frame["missing"]).sum())


def _shown(log: Log, key: str) -> str:
    """What a log calls a sample."""
    return log.samples[key].source_id if key in log.samples else key


def _missing(frame: pl.DataFrame) -> list[tuple[str, int]]:
    """Rows of the log without a value, by reason."""
    some = frame.filter(pl.col("missing") > 0)
    reasons = some.group_by("reason", maintain_order=True).agg(pl.col("missing").sum())
    return [(reason or "an attempt of several", count) for reason, count in reasons.iter_rows()]


def _keep_votes(hub: Hub, import_id: str, log: Log, ids: dict[str, str]) -> int:
    votes = log.votes.with_columns(
        pl.col("sample").cast(pl.String).replace(ids), pl.col("model_a", "model_b").cast(pl.String)
    )
    own = votes["model_a"] == votes["model_b"]
    log.refuse("a model against itself", int(own.sum()))
    votes = votes.filter(~own)
    if votes_before(hub, votes):
        log.refuse("votes that are all there already", votes.height)
        return 0
    for (source,), part in (
        votes.group_by("source", maintain_order=True) if "source" in votes.columns else [(("",), votes)]
    ):
        add_votes(hub, import_id, str(source) or log.source or log.format, part)
    missing = votes["outcome"].null_count()
    log.refuse(MISSING + "no outcome", missing)
    return votes.height - missing
