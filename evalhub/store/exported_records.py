"""What stands behind the cells of an export: questions, outputs, conditions, and the tools that measured."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from evalhub.store.hub import Hub
from ingest.reading import named_sample
from ingest.records import JSON, Condition

RECORD = """
    source, model_id AS model, variant, coalesce((
        SELECT min(tool || chr(10) || tool_version) FROM import_log AS log WHERE log.import_id = cell.import_id
        HAVING count(DISTINCT (tool, tool_version)) = 1
    ), '') AS tool, import_id = '' AS own, metric, kind, direction, main, condition_id AS condition,
    sample_id AS sample, source_id, cluster, value, passes, attempts, reason, measured_at, measurements
"""
"""Columns of the cells of an export by records: tool is its name and version on two lines, '' where unknown."""

IN_RECORDS = "source, model, variant, own, tool, place, main DESC, metric, condition"
"""Their order: what makes one record follows each other."""


@dataclass(frozen=True)
class Question:
    """What was asked."""

    prompt: str
    """'' where only the sample's name is known, or may be told."""

    choices: tuple[str, ...]
    reference: JSON
    tags: tuple[str, ...]


def questions(hub: Hub, sample_ids: Iterable[str], private: Collection[str]) -> dict[str, Question]:
    """What samples ask, by id; of private ones only their tags."""
    given = pl.DataFrame({"sample_id": list(sample_ids)}, schema={"sample_id": pl.String})
    rows = hub.select(
        """
        SELECT sample_id, source, source_id, prompt, choices, reference, tags
        FROM sample JOIN (SELECT DISTINCT sample_id FROM given) USING (sample_id)
        """,
        given,
    )
    found = {}
    for sample_id, source, name, prompt, choices, reference, tags in rows:
        if sample_id in private or named_sample(source, name).sample_id == sample_id:
            found[sample_id] = Question("", (), None, tuple(tags))
        else:
            found[sample_id] = Question(prompt, tuple(choices), json.loads(reference), tuple(tags))
    return found


def outputs(
    hub: Hub, asked: Sequence[tuple[str, str, str]], private: Collection[str]
) -> dict[tuple[str, str, str], list[str]]:
    """The texts that were judged, by (model id, sample id, condition id), in order of seed and attempt; none to
    what is private."""
    given = pl.DataFrame(
        [one for one in asked if one[1] not in private],
        schema=dict.fromkeys(("model_id", "sample_id", "condition_id"), pl.String),
        orient="row",
    )
    rows = hub.select(
        """
        SELECT model_id, sample_id, condition_id, list(output ORDER BY seed, attempt)
        FROM named_attempt JOIN (SELECT DISTINCT * FROM given) USING (model_id, sample_id, condition_id)
        WHERE status IN ('ok', 'no answer') GROUP BY ALL
        """,
        given,
    )
    texts = hub.blobs.get(name for row in rows for name in row[3])
    return {
        (model, sample, condition): [texts[name].decode("utf-8", "replace") for name in names]
        for model, sample, condition, names in rows
    }


def conditions(hub: Hub) -> dict[str, Condition]:
    """All of them, by id."""
    rows = hub.database.execute("SELECT condition_id, spec FROM condition").fetchall()
    return {condition_id: Condition.from_json(json.loads(spec)) for condition_id, spec in rows}


def parameters(hub: Hub) -> dict[str, int]:
    """Numbers of weights, by model, where they are known."""
    rows = hub.database.execute("SELECT model_id, parameters FROM model WHERE parameters IS NOT NULL").fetchall()
    return dict(rows)


def shared_names(hub: Hub) -> set[tuple[str, str]]:
    """Names that several samples of a source have, as (source, name)."""
    return set(
        hub.database.execute("SELECT source, source_id FROM sample GROUP BY ALL HAVING count(*) > 1").fetchall()
    )
