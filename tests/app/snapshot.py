"""A small realistic snapshot, written with the store's own schema.

Two sources with samples and one without; four models, of which one was never run and one was measured on
few samples; a chance baseline; outputs that attack whoever shows them.
"""

from __future__ import annotations

import base64
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from evalhub.store.model_tables import write_models
from ingest.records import Condition, bytes_hash

MIGRATIONS = Path(__file__).parents[2] / "evalhub" / "store" / "migrations"
NOW = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
HOSTILE = (
    "# Heading\n<script>alert('x')</script>\n\x1b[31mred\x1b[0m \x07bell ![i](http://example.org/i.png) \u202egnp"
)
LONG = "la " * 10_000
ALPHA, BETA, GAMMA, IDLE, CHANCE = (
    "acme/alpha-7b",
    "acme/beta_1b",
    "gamma:red[<b>x</b>]",
    "acme/idle",
    "baseline:random",
)
ASKED = Condition()
COLD = Condition().changed(temperature=0.0)

Rows = dict[str, list[tuple[Any, ...]]]


def write(folder: Path, snapshot_id: str = "2026-11-03-a", *, many: int = 0, bare: bool = False) -> Path:
    """Write a snapshot and publish it. `many` adds that many models; `bare` leaves out everything."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{snapshot_id}.duckdb"
    connection = duckdb.connect(str(path))
    for migration in sorted(MIGRATIONS.glob("*.sql")):
        connection.execute(migration.read_text("utf-8"))
    # Published as it is seen under the models' own names.
    connection.execute("CREATE TABLE seen AS SELECT * FROM named_measurement")
    connection.execute("DROP VIEW named_measurement; DROP VIEW measurement")
    connection.execute("ALTER TABLE seen RENAME TO measurement")
    connection.execute("CREATE TABLE output (output VARCHAR, text VARCHAR)")
    connection.execute("CREATE TABLE image (image VARCHAR, bytes BLOB)")
    connection.execute(
        "CREATE TABLE snapshot"
        " (snapshot_id VARCHAR, published_at TIMESTAMPTZ, hub_version INTEGER, evalhub VARCHAR)"
    )
    rows = {} if bare else _rows(many)
    rows["snapshot"] = [(snapshot_id, NOW, 1, "0.1.0")]
    for table, values in rows.items():
        marks = ", ".join("?" * len(values[0]))
        columns = _columns(connection, table)[: len(values[0])]
        connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", values)
    connection.close()
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{path}' AS board")
        write_models(connection)
        connection.execute(
            "CREATE TABLE board.model_replaced (model_id VARCHAR, told VARCHAR, before BIGINT, now BIGINT)"
        )
    publish(folder, snapshot_id)
    return path


def _columns(connection: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    """A table's columns in order; those that later migrations added come last and keep their defaults."""
    return [row[0] for row in connection.execute(f"DESCRIBE {table}").fetchall()]


def publish(folder: Path, snapshot_id: str) -> None:
    """Swap the pointer to a snapshot, as the store does."""
    (folder / "current.new").write_text(snapshot_id + "\n", "utf-8")
    (folder / "current.new").replace(folder / "current")


def _rows(many: int) -> Rows:
    rows: Rows = {
        "model": [
            (ALPHA, 7_240_000_000, "apache-2.0", date(2026, 3, 1), date(2025, 12, 1), NOW),
            (BETA, 1_000_000_000, "mit", None, None, NOW),
            (GAMMA, None, "", None, None, NOW),
            (IDLE, None, "", None, None, NOW),
            (CHANCE, None, "", None, None, NOW),
        ],
        "condition": [(c.condition_id, c.variant, json.dumps(c.to_json())) for c in (ASKED, COLD)],
        "image": [(bytes_hash(PNG), PNG)],
    }
    rows["sample"], rows["origin"] = _samples()
    _answers(rows)
    _rankings(rows, many)
    return rows


def _samples() -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    samples: list[tuple[Any, ...]] = []
    for place in range(6):
        prompt = f"How many letters has the word number {place}? <i>Think</i>"
        samples.append(("words", f"w{place}", prompt, [], json.dumps("4"), "numeric", [], "text"))
    for place in range(2):
        prompt = f"What shape is in picture {place}?"
        image = bytes_hash(PNG) if place == 0 else "lost"
        samples.append(
            (
                "pictures",
                f"p{place}",
                prompt,
                ["circle", "square"],
                json.dumps("circle"),
                "choice",
                [image],
                "image",
            )
        )
    rows = [
        (
            f"id-{s[1]}",
            *s,
            f"cluster-{s[0]}",
            ["counting"],
            "cc0-1.0",
            date(2026, 10, 1),
            ASKED.condition_id,
            NOW,
        )
        for s in samples
    ]
    origins = [(f"id-{s[1]}", s[0], s[1]) for s in samples] + [("id-w0", "pictures", "also-w0")]
    return rows, origins


def _answers(rows: Rows) -> None:
    outputs: dict[str, str] = {}
    verdicts: dict[tuple[str, str], tuple[Any, ...]] = {}
    for table in ("attempt", "measurement"):
        rows[table] = []

    def answer(model: str, sample: str, results: str, *texts: str, condition: Condition = ASKED) -> None:
        """One letter per attempt: p passes, f fails, t is truncated."""
        for attempt, result in enumerate(results):
            text = texts[attempt % len(texts)] if texts else f"{result} by {model}, attempt {attempt}"
            blob = bytes_hash(text.encode())
            outputs[blob] = text
            status = "truncated" if result == "t" else "ok"
            rows["attempt"].append(
                (model, condition.condition_id, 0, f"id-{sample}", attempt, status, blob, 12, 0.5, NOW, 30, None)
            )
            if result != "t":
                verdict = (1.0, "the answer is 4") if result == "p" else (0.0, "no 4 in <b>it</b>")
                verdicts[f"id-{sample}", blob] = (f"id-{sample}", blob, "ok", *verdict, "1")
        passes, counted, missing = results.count("p"), len(results.replace("t", "")), results.count("t")
        value = passes / counted if counted else None
        ends = (None, None) if value is None else (max(0.0, value - 0.2), min(1.0, value + 0.2))
        reason = "every attempt was truncated" if value is None else ""
        rows["measurement"].append(
            (
                *(model, f"id-{sample}", value, *ends, passes, counted, missing, reason),
                *("pass rate", True, condition.condition_id, 0, "binary", "up", "", NOW),
            )
        )

    answer(ALPHA, "w0", "pp")
    answer(ALPHA, "w1", "fpff", HOSTILE, "4", "5", "6")
    answer(ALPHA, "w2", "ff", LONG)
    answer(ALPHA, "w3", "tt")
    answer(ALPHA, "w4", "f" * 24 + "p")
    answer(ALPHA, "w5", "p")
    answer(ALPHA, "w0", "f", condition=COLD)
    for sample in ("p0", "p1"):
        answer(ALPHA, sample, "pf")
    for place in range(6):
        answer(BETA, f"w{place}", "pf" if place % 2 else "f")
        answer(CHANCE, f"w{place}", "f")
    answer(GAMMA, "w0", "p")
    rows["output"] = list(outputs.items())
    rows["verdict"] = list(verdicts.values())


def _rankings(rows: Rows, many: int) -> None:
    rows["ranking"], rows["ranking_row"], rows["ranking_group"] = [], [], []

    def ranked(
        ranking: str, source: str, method: str, samples: int, *models: tuple[Any, ...], day: int = 2
    ) -> None:
        assumes = {
            "mean": "every sample weighs the same",
            "auto": "one scale of strength fits all samples",
        }
        unit = {"mean": "mean pass rate", "auto": "expected pass rate"}
        warnings = ["gamma:red[<b>x</b>] covers 1 of 8 samples"] if source == "" else []
        ranked_at = datetime(2026, 11, day, tzinfo=UTC)
        rows["ranking"].append(
            (
                *(ranking, source, method, assumes[method], unit[method]),
                *(0.95, samples, samples // 2, warnings, ranked_at),
            )
        )
        rows["ranking_row"].extend((ranking, *model) for model in models)
        rows["ranking_group"].append((ranking, 1, len(models), rows["ranking"][-1][4], []))

    cold = f"{ALPHA} [{COLD.variant}]"
    pool = [
        (ALPHA, ALPHA, 0.51234567, 0.41, 0.61, 1, 1, 2, 1, 8, 1.0),
        (GAMMA, GAMMA, 0.48, 0.2, 0.8, 2, 1, 3, 1, 1, 0.125),
        (BETA, BETA, 0.25, 0.15, 0.35, 3, 2, 3, 2, 6, 0.75),
        (cold, ALPHA, 0.1, 0.05, 0.16, 4, 4, 4, 3, 8, 1.0),
        (CHANCE, CHANCE, 0.05, 0.01, 0.1, 5, 5, 5, 4, 8, 1.0),
    ]
    for place in range(many):
        name, score = f"lab-{place % 7}/model-{place:03d}-instruct", 0.5 - place / (3 * many)
        rank = (place + 6, max(1, place + 2), min(many + 5, place + 10))
        pool.append((name, name, score, score - 0.05, score + 0.05, *rank, 5 + place // 4, 8, 1.0))
        rows["model"].append((name, 10**9, "mit", None, None, NOW))
    ranked("old", "", "mean", 8, (BETA, BETA, 0.9, 0.8, 1.0, 1, 1, 1, 1, 8, 1.0), day=1)
    ranked("pool-mean-0123456789", "", "mean", 8, *pool)
    ranked("pool-bt", "", "auto", 8, *[(*row[:2], row[2] + 0.1, *row[3:]) for row in pool[:3]])
    ranked(
        "words-mean",
        "words",
        "mean",
        6,
        (ALPHA, ALPHA, 0.52, 0.4, 0.64, 1, 1, 1, 1, 6, 1.0),
        (BETA, BETA, 0.25, 0.15, 0.35, 2, 2, 2, 2, 6, 1.0),
        (CHANCE, CHANCE, 0.0, 0.0, 0.1, 3, 3, 3, 3, 6, 1.0),
    )
    ranked("void-mean", "void", "mean", 0)
