"""Hubs with something of everything, for exports."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from evalhub.store.hub import Hub
from evalhub.store.measurements import put_measurements
from evalhub.store.results import add_model
from evalhub.store.samples import add_conditions, add_samples
from ingest.records import Condition, Model, Sample
from tests.cli.helpers import Done, evalhub, written

WARM = Condition().changed(temperature=1.0)
NEW = Condition(template="Q: {prompt}\nA:")
CHOSEN = "{prompt}\n{choices}\nAnswer with one of the options and nothing else."


def questions(count: int = 12, source: str = "sums") -> list[Sample]:
    """Samples of several kinds: numbers, choices and texts, some with a tag, a cluster and a licence."""
    made = []
    for n in range(count):
        kinds: list[dict[str, Any]] = [
            {"prompt": f"{n} + {n}?", "reference": 2 * n, "grader": "numeric"},
            {
                "prompt": f"Which is {n}?",
                "choices": (f"{n}", f"{n + 1}", f"{n + 2} or {{more}}"),
                "reference": f"{n}",
                "grader": "choice",
                "condition": Condition(template=CHOSEN),
            },
            {"prompt": f"Say {{{{ {n} }}}} %%", "reference": f"Ok, {n}.", "grader": "exact"},
        ]
        made.append(
            Sample(
                source=source,
                source_id=f"q{n}",
                cluster=f"book {n // 4}" if n % 2 else "",
                tags=(("odd", "sum") if n % 2 else ()),
                licence="CC-BY-4.0" if n % 2 else "",
                published_at=date(2026, 11, 1 + n) if n % 3 else None,
                **kinds[n % 3],
            )
        )
    return made


def measure(hub: Hub, model: str, samples: list[Sample], seed: int, **how: Any) -> None:
    """Put pass rates of attempts that end at two passes in the hub; every seventh is missing.

    how: columns in the place of the usual ones; `condition` is one for all, None that of each sample.
    """
    condition = how.pop("condition", None)
    rng = np.random.default_rng(how.pop("draw", seed))
    add_model(hub, Model(model_id=model))
    rows = []
    for n, sample in enumerate(samples):
        asked = condition or sample.condition
        add_conditions(hub, [asked])
        attempts = int(rng.integers(2, 17))
        missing = n % 7 == 6
        rows.append(
            {
                "model_id": model,
                "sample_id": sample.sample_id,
                "metric": "pass rate",
                "main": True,
                "condition_id": asked.condition_id,
                "seed": seed,
                "kind": "binary",
                "direction": "up",
                "value": None if missing else 1 / (attempts - 1),
                "low": 0.0,
                "high": 1.0,
                "passes": 0 if missing else 2,
                "attempts": 0 if missing else attempts,
                "missing": 3 if missing else 0,
                "reason": "timeout" if missing else "",
                **how,
            }
        )
    schema = {"value": pl.Float64, "passes": pl.Int64, "attempts": pl.Int64}
    put_measurements(hub, pl.DataFrame(rows, schema_overrides=schema))


def fill(path: Path, folder: Path) -> None:
    """A hub with values of two sources and several metrics, missing ones, two seeds, a variant, an older prompt
    form, two models that are one, and votes with and without a sample."""
    samples = questions()
    with Hub(path) as hub:
        add_samples(hub, samples)
        for n, model in enumerate(("org/a", "org/b", "c")):
            measure(hub, model, samples, 0, draw=n)
            measure(hub, model, samples, 0, draw=n + 9, metric="f1", main=False, kind="numeric", passes=None)
        measure(hub, "org/a", samples[:8], 1, draw=4)
        measure(hub, "c", samples[:6], 0, condition=NEW, draw=5)
        measure(hub, "org/b", samples, 0, condition=WARM, draw=6)
    rng = np.random.default_rng(0)
    cells = [(m, s) for m in ("org/a", "org/b", "ORG/A", "d") for s in range(20) if (m == "ORG/A") == (s > 17)]
    table = pl.DataFrame(
        {
            "model": [m for m, _ in cells],
            "sample": [f"t{s}" for _, s in cells],
            "cluster": [f"p{s // 3}" for _, s in cells],
            "tag": [["x", "y"][s % 2] for _, s in cells],
            "metric": ["score"] * len(cells),
            "direction": ["down"] * len(cells),
            "value": rng.integers(0, 90, len(cells)) / 10,
        }
    ).with_columns(value=pl.when(pl.col("sample") != "t3").then("value"))
    done(evalhub("import", written(table, folder / "table.csv"), "--hub", path, "--source", "theirs"))
    done(evalhub("model", "alias", "ORG/A", "org/a", "--hub", path))
    pairs = [("org/a", "org/b"), ("org/b", "c"), ("c", "d"), ("d", "org/a")] * 8
    votes = pl.DataFrame(
        {
            "model_a": [a for a, _ in pairs],
            "model_b": [b for _, b in pairs],
            "sample": [f"v{n % 5}" if n % 3 else None for n in range(len(pairs))],
            "outcome": [["a", "b", "tie", None][n % 4 if n % 8 else 1] for n in range(len(pairs))],
            "judge": [["x", "y"][n % 2] for n in range(len(pairs))],
        }
    )
    done(evalhub("import", written(votes, folder / "votes.jsonl"), "--hub", path, "--source", "arena"))


def done(command: Done) -> Done:
    """A command that went well."""
    assert command.code == 0, command.err
    return command
