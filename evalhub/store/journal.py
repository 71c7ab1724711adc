"""What is kept of a model's runs: enough to count their attempts again."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import polars as pl

from evalhub.store.chosen import PASS_RATE
from evalhub.store.hub import Hub
from ingest.records import Condition, Status, Verdict


@dataclass(frozen=True)
class KeptRun:
    """A run that has ended."""

    run_id: str
    seed: int
    options: dict[str, Any]
    """Its plan, as it was given."""

    conditions: dict[str, str]
    """Its samples, each with the id of its condition."""


def models_tried(hub: Hub) -> list[str]:
    """Ids of the models that have attempts, by name."""
    return [row[0] for row in hub.database.execute("SELECT DISTINCT model_id FROM attempt ORDER BY 1").fetchall()]


def ended_runs(hub: Hub, model_id: str) -> list[KeptRun]:
    """A model's runs, the one that ended last at the end.

    Hubs of the first release did not note which samples a run was about: there, those that were measured with its
    seed and belong to no other run stand for them.
    """
    runs = hub.database.execute(
        """
        SELECT run_id, seed, options FROM run WHERE model_id = ? AND ended_at IS NOT NULL ORDER BY ended_at, run_id
        """,
        [model_id],
    ).fetchall()
    noted: dict[str, dict[str, str]] = {}
    for run_id, sample_id, condition_id in hub.database.execute(
        "SELECT run_id, sample_id, condition_id FROM run_sample JOIN run USING (run_id) WHERE model_id = ?",
        [model_id],
    ).fetchall():
        noted.setdefault(run_id, {})[sample_id] = condition_id
    return [
        KeptRun(run_id, seed, json.loads(options), noted.get(run_id) or _measured(hub, model_id, seed))
        for run_id, seed, options in runs
    ]


def measured_counts(hub: Hub, model_id: str) -> dict[tuple[str, str, int], tuple[int, int, int]]:
    """Passes, attempts and missing ones behind a model's measurements, by (sample id, condition id, seed)."""
    rows = hub.database.execute(
        """
        SELECT sample_id, condition_id, seed, passes, attempts, missing FROM measurement
        WHERE model_id = ? AND metric = ?
        """,
        [model_id, PASS_RATE],
    ).fetchall()
    return {row[:3]: row[3:] for row in rows}


def attempts_by_output(hub: Hub, model_id: str) -> dict[tuple[str, str], int]:
    """How many of the model's attempts said what is for a grader to judge, by (sample id, output hash)."""
    rows = hub.database.execute(
        "SELECT sample_id, output, count(*) FROM attempt WHERE model_id = ? AND status = 'ok' GROUP BY ALL",
        [model_id],
    ).fetchall()
    return {(sample, output): count for sample, output, count in rows}


def judged_outputs(hub: Hub, model_id: str, sample_ids: Iterable[str]) -> dict[tuple[str, str], Verdict | None]:
    """The model's outputs to samples that are for a grader to judge, by (sample id, output hash), with what was
    said of them; None where nothing was."""
    wanted = pl.DataFrame({"sample_id": list(sample_ids)}, schema={"sample_id": pl.String})
    rows = hub.select(
        """
        SELECT DISTINCT sample_id, output, verdict.status, value, detail
        FROM attempt JOIN given USING (sample_id) LEFT JOIN verdict USING (sample_id, output)
        WHERE model_id = ? AND attempt.status = 'ok'
        """,
        wanted,
        [model_id],
    )
    return {
        (sample, output): None if status is None else Verdict(Status(status), value, detail)
        for sample, output, status, value, detail in rows
    }


def likelihood_outputs(hub: Hub, model_id: str) -> set[tuple[str, str]]:
    """The model's outputs that are likelihoods, by (sample id, output hash): what they say follows from them."""
    rows = hub.database.execute(
        """
        SELECT DISTINCT sample_id, output FROM attempt JOIN condition USING (condition_id)
        WHERE model_id = ? AND (spec->>'answer') = 'likelihood'
        """,
        [model_id],
    ).fetchall()
    return set(rows)


def load_conditions(hub: Hub, condition_ids: Iterable[str]) -> dict[str, Condition]:
    """Conditions by their ids."""
    wanted = pl.DataFrame({"condition_id": sorted(set(condition_ids))}, schema={"condition_id": pl.String})
    rows = hub.select("SELECT condition_id, spec FROM condition JOIN given USING (condition_id)", wanted)
    return {condition_id: Condition.from_json(json.loads(spec)) for condition_id, spec in rows}


def _measured(hub: Hub, model_id: str, seed: int) -> dict[str, str]:
    """Samples of measurements that no run has noted."""
    return dict(
        hub.database.execute(
            """
            SELECT sample_id, arg_max(condition_id, measured_at) FROM measurement AS old
            WHERE model_id = ? AND seed = ? AND metric = ? AND NOT EXISTS (
                FROM run_sample JOIN run USING (run_id)
                WHERE model_id = old.model_id AND seed = old.seed AND sample_id = old.sample_id
                      AND condition_id = old.condition_id
            )
            GROUP BY sample_id
            """,
            [model_id, seed, PASS_RATE],
        ).fetchall()
    )


def stopped_runs(hub: Hub) -> list[tuple[str, str, int]]:
    """Runs that have not ended, the first one first: id, model, seed."""
    rows = hub.database.execute(
        "SELECT run_id, model_id, seed FROM run WHERE ended_at IS NULL ORDER BY started_at, run_id"
    ).fetchall()
    return [(row[0], row[1], row[2]) for row in rows]
