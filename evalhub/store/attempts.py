"""Attempts and their verdicts. An attempt is on disk before anything judges it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from evalhub.store.hub import Hub
from ingest.records import Attempt, Status, Verdict


@dataclass(frozen=True)
class Kept:
    """An attempt as the store keeps it: the text is in the blobs, under its hash."""

    sample_id: str
    attempt: int
    status: Status
    output: str
    """Hash of the text."""


def add_attempts(hub: Hub, attempts: Sequence[Attempt]) -> list[Kept]:
    """Keep attempts and their texts. When this returns, a kill loses none of them."""
    hashes = hub.blobs.put(attempt.output.encode("utf-8", "surrogatepass") for attempt in attempts)
    frame = pl.DataFrame(
        [
            (
                attempt.model_id,
                attempt.condition_id,
                attempt.seed,
                attempt.sample_id,
                attempt.attempt,
                attempt.status.value,
                output,
                attempt.tokens,
                attempt.seconds,
            )
            for attempt, output in zip(attempts, hashes, strict=True)
        ],
        schema={
            "model_id": pl.String,
            "condition_id": pl.String,
            "seed": pl.Int64,
            "sample_id": pl.String,
            "attempt": pl.Int32,
            "status": pl.String,
            "output": pl.String,
            "tokens": pl.Int32,
            "seconds": pl.Float64,
        },
        orient="row",
    )
    hub.insert("INSERT OR IGNORE INTO attempt SELECT *, now() FROM given", frame)
    return [
        Kept(attempt.sample_id, attempt.attempt, attempt.status, output)
        for attempt, output in zip(attempts, hashes, strict=True)
    ]


def load_attempts(hub: Hub, model_id: str, seed: int, conditions: dict[str, str]) -> list[Kept]:
    """Attempts of a model with a seed, for each sample under the condition given: {sample id: condition id}."""
    wanted = pl.DataFrame(
        {"sample_id": list(conditions), "condition_id": list(conditions.values())},
        schema={"sample_id": pl.String, "condition_id": pl.String},
    )
    rows = hub.select(
        """
        SELECT sample_id, attempt, status, output FROM attempt JOIN given USING (sample_id, condition_id)
        WHERE model_id = ? AND seed = ? ORDER BY sample_id, attempt
        """,
        wanted,
        [model_id, seed],
    )
    return [Kept(sample_id, attempt, Status(status), output) for sample_id, attempt, status, output in rows]


def add_verdicts(hub: Hub, verdicts: Iterable[tuple[str, str, Verdict]]) -> None:
    """Keep verdicts, each with its sample id and output hash; one that was missing is replaced."""
    frame = pl.DataFrame(
        [
            (sample, output, said.status.value, said.value, said.detail.encode("utf-8", "replace").decode())
            for sample, output, said in verdicts
        ],
        schema={
            "sample_id": pl.String,
            "output": pl.String,
            "status": pl.String,
            "value": pl.Float64,
            "detail": pl.String,
        },
        orient="row",
    )
    hub.insert("INSERT OR REPLACE INTO verdict SELECT * FROM given", frame)


def load_verdicts(hub: Hub, sample_ids: Iterable[str]) -> dict[tuple[str, str], Verdict]:
    """Verdicts on all outputs to these samples, by (sample id, output hash). Missing ones are judged anew."""
    wanted = pl.DataFrame({"sample_id": list(sample_ids)}, schema={"sample_id": pl.String})
    rows = hub.select(
        """
        SELECT sample_id, output, status, value, detail FROM verdict JOIN given USING (sample_id)
        WHERE value IS NOT NULL
        """,
        wanted,
    )
    return {
        (sample, output): Verdict(Status(status), value, detail) for sample, output, status, value, detail in rows
    }
