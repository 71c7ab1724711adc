"""Attempts and their verdicts. An attempt is on disk before anything judges it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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

    tokens: int = 0
    cost: float | None = None
    """US dollars; None where no price is known."""


_AGAIN = "('error', 'timeout')"
"""Statuses of attempts that are made again by the next run: what went wrong may be mended by then."""


def add_attempts(hub: Hub, attempts: Sequence[Attempt]) -> list[Kept]:
    """Keep attempts and their texts. When this returns, a kill loses none of them.

    One that is there already stays as it is, unless it is one of those that failed.
    """
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
                attempt.prompt_tokens,
                attempt.cost,
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
            "prompt_tokens": pl.Int32,
            "cost": pl.Float64,
        },
        orient="row",
    )
    changed = ("status", "output", "tokens", "seconds", "made_at", "prompt_tokens", "cost")
    hub.insert(
        f"""
        INSERT INTO attempt BY NAME SELECT *, now() AS made_at FROM given
        ON CONFLICT DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in changed)}
        WHERE attempt.status IN {_AGAIN}
        """,
        frame,
    )
    return [
        Kept(attempt.sample_id, attempt.attempt, attempt.status, output, attempt.tokens, attempt.cost)
        for attempt, output in zip(attempts, hashes, strict=True)
    ]


def load_attempts(
    hub: Hub, model_id: str, seed: int, conditions: Mapping[str, str], *, failed: bool = False
) -> list[Kept]:
    """Attempts of a model with a seed, for each sample under the condition given: {sample id: condition id}.

    failed: also those that ended in an error or a timeout, which the next run makes again.
    """
    wanted = pl.DataFrame(
        {"sample_id": list(conditions), "condition_id": list(conditions.values())},
        schema={"sample_id": pl.String, "condition_id": pl.String},
    )
    rows = hub.select(
        f"""
        SELECT sample_id, attempt, status, output, tokens, cost
        FROM attempt JOIN given USING (sample_id, condition_id)
        WHERE model_id = ? AND seed = ? AND (? OR status NOT IN {_AGAIN}) ORDER BY sample_id, attempt
        """,
        wanted,
        [model_id, seed, failed],
    )
    return [Kept(row[0], row[1], Status(row[2]), *row[3:]) for row in rows]


def add_verdicts(hub: Hub, verdicts: Iterable[tuple[str, str, Verdict, str]]) -> None:
    """Keep verdicts, each with its sample id, output hash and the grader's version; an older one is replaced."""
    frame = pl.DataFrame(
        [
            (
                sample,
                output,
                said.status.value,
                said.value,
                said.detail.encode("utf-8", "replace").decode(),
                grader,
            )
            for sample, output, said, grader in verdicts
        ],
        schema={
            "sample_id": pl.String,
            "output": pl.String,
            "status": pl.String,
            "value": pl.Float64,
            "detail": pl.String,
            "grader_version": pl.String,
        },
        orient="row",
    )
    hub.insert("INSERT OR REPLACE INTO verdict BY NAME SELECT * FROM given", frame)


def load_verdicts(hub: Hub, versions: Mapping[str, str]) -> dict[tuple[str, str], Verdict]:
    """Verdicts on all outputs to samples, by (sample id, output hash), of the grader's version given for each:
    {sample id: version}. Those that are missing or another version's are left out: they are given anew."""
    wanted = pl.DataFrame(
        {"sample_id": list(versions), "grader_version": list(versions.values())},
        schema={"sample_id": pl.String, "grader_version": pl.String},
    )
    rows = hub.select(
        """
        SELECT sample_id, output, status, value, detail FROM verdict JOIN given USING (sample_id, grader_version)
        WHERE value IS NOT NULL
        """,
        wanted,
    )
    return {
        (sample, output): Verdict(Status(status), value, detail) for sample, output, status, value, detail in rows
    }
