"""Damaged tables: an error in one line, or a log that adds up."""

from __future__ import annotations

import random
from pathlib import Path

import polars as pl
import pytest

from ingest.importer import Log, LogError, Told
from ingest.importers.table import Table

ROWS = pl.DataFrame(
    {
        "model": [f"lab/model-{k % 5}" for k in range(200)],
        "sample": [f"question {k // 5}" for k in range(200)],
        "value": [float(k % 3 == 0) for k in range(200)],
        "attempt": [0] * 200,
        "status": ["ok", "timeout", "no answer", "ok"] * 50,
        "cluster": [f"c{k // 20}" for k in range(200)],
    }
)


def read(path: Path) -> Log | None:
    importer = Table()
    importer.claim(path, path.read_bytes()[:65536])
    try:
        log = importer.read((path,), Told())
    except LogError as error:
        assert str(error) and "\n" not in str(error)
        return None
    assert log.rows == log.results.height + log.votes.height + log.refused.total()
    assert log.results.filter((log.results["reason"] == "") == log.results["value"].is_null()).is_empty()
    assert set(log.results["metric"].unique()) <= set(log.scales)
    return log


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["parquet", "csv", "jsonl"])
def test_cut_short_and_with_turned_bits(suffix: str, tmp_path: Path) -> None:
    """At 50 places and 400 bits. Of a table cut short nothing is read that the whole one does not say, but for
    the last row of a text."""
    rng = random.Random(3)
    path = tmp_path / f"rows.{suffix}"
    {"parquet": ROWS.write_parquet, "csv": ROWS.write_csv, "jsonl": ROWS.write_ndjson}[suffix](path)
    content = path.read_bytes()
    columns = ["model", "sample", "value", "reason"]
    whole = read(path)
    assert whole is not None and whole.results.height == 200
    known = whole.results.select(pl.col(columns).cast(pl.String)).rows()
    for place in (0, *rng.choices(range(len(content)), k=49)):
        path.write_bytes(content[:place])
        log = read(path)
        if log is not None:
            rows = log.results.select(pl.col(columns).cast(pl.String)).rows()
            assert rows[:-1] == known[: len(rows) - 1]
    for _ in range(400):
        damaged = bytearray(content)
        damaged[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
        path.write_bytes(damaged)
        read(path)
