"""Outputs of one place on their way home: a Parquet file in memory, which runs nothing when it is read."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping

import polars as pl

from evalhub.backends.base import Output, Request, Score
from ingest.records import Status

_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "sample_id": pl.String,
    "attempt": pl.Int64,
    "text": pl.Binary,  # models' words need not be Unicode
    "status": pl.String,
    "tokens": pl.Int64,
    "seconds": pl.Float64,
    "prompt_tokens": pl.Int64,
    "cost": pl.Float64,
    "logprob": pl.List(pl.Float64),
    "score_tokens": pl.List(pl.Int64),
    "greedy": pl.List(pl.Boolean),
}


def to_part(outputs: Iterable[Output]) -> bytes:
    """A row for each output; what was asked stays behind, but for sample and attempt."""
    rows = [
        (
            output.request.sample_id,
            output.request.attempt,
            output.text.encode("utf-8", "surrogatepass"),
            output.status.value,
            output.tokens,
            output.seconds,
            output.prompt_tokens,
            output.cost,
            [score.logprob for score in output.scores],
            [score.tokens for score in output.scores],
            [score.greedy for score in output.scores],
        )
        for output in outputs
    ]
    part = io.BytesIO()
    pl.DataFrame(rows, schema=_SCHEMA, orient="row").write_parquet(part)
    return part.getvalue()


def of_part(part: bytes, flying: Mapping[tuple[str, int], Request]) -> list[Output]:
    """Outputs of a part for the requests that are waited for, by sample and attempt. One that comes a second time,
    or that nobody asked for, is left out: however often a part is read, each request has one output."""
    outputs: dict[tuple[str, int], Output] = {}
    for row in pl.read_parquet(part).iter_rows(named=True):
        key = row["sample_id"], row["attempt"]
        if key in flying:
            scores = zip(row["logprob"], row["score_tokens"], row["greedy"], strict=True)
            outputs[key] = Output(
                flying[key],
                row["text"].decode("utf-8", "surrogatepass"),
                Status(row["status"]),
                row["tokens"],
                row["seconds"],
                row["prompt_tokens"],
                row["cost"],
                tuple(Score(*score) for score in scores),
            )
    return list(outputs.values())
