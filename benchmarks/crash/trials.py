"""The commands that are put to the test, each with a hub to begin from."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from evalhub.store import migrate
from ingest.arxiv.replay.papers import LIST


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A command."""

    name: str

    base: Path | None
    """The hub that it begins from, which nobody changes; None where it makes one."""

    command: Sequence[str]
    """Its words; {out} is a path beside the hub that is not there yet."""

    makes: tuple[str, ...] = ()
    """Files of the hub that are to be there at its end."""

    whole: bool = False
    """Whether a hub is either as it was before or as it is afterwards, never in between."""

    environment: dict[str, str] = field(default_factory=dict)

    def words(self, hub: Path) -> list[str]:
        """The command on a hub."""
        words = [word.format(out=hub.with_name("out")) for word in self.command]
        return [sys.executable, "-m", "evalhub", *words, "--hub", str(hub)]

    def begin(self, place: Path) -> Path:
        """A copy of its hub in an empty folder."""
        hub = place / "hub"
        if self.base is not None:
            shutil.copytree(self.base, hub)
        return hub

    def run(self, hub: Path, *before: str, **options: Any) -> subprocess.Popen[str]:
        """Start it."""
        return subprocess.Popen(
            [*before, *self.words(hub)],
            text=True,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "2", **self.environment},
            start_new_session=True,
            **options,
        )


def trials(place: Path, arxiv: str) -> dict[str, Trial]:
    """All of them by name.

    Args:
        place: a folder for what they begin from.
        arxiv: address of a replay of `papers`.
    """
    pool, scored, other = place / "pool", place / "scored", place / "other"
    _evalhub(pool, "ingest", "easy-vqa", "--limit", "200")
    shutil.copytree(pool, scored)
    for seed in ("0", "1"):
        _evalhub(scored, "score", "baseline:random", "--seed", seed, "--max-attempts", "6", "--passes", "2")
    _evalhub(scored, "score", "baseline:empty")
    _evalhub(scored, "bench", "new", "all", "--where", "source = 'easy-vqa'")
    shutil.copytree(scored, other)
    _evalhub(scored, "publish")
    logs = _tables(place / "logs")
    _evalhub(other, "import", str(logs))
    _evalhub(other, "backup", str(place / "backup"))
    old = _as_of_the_first_version(scored, place / "old")
    live = place / "live"
    live.mkdir()
    (live / "live.toml").write_text(
        'categories = ["cs.CL"]\nmodels = ["baseline:random"]\nsolvers = []\nattempts = 2\n'
    )
    score = ["score", "baseline:random", "--seed", "5", "--passes", "3", "--max-attempts", "25"]
    every = [
        Trial(name="score", base=pool, command=score),
        Trial(name="import", base=scored, command=["import", str(logs)]),
        Trial(name="ingest", base=None, command=["ingest", "easy-vqa", "--limit", "4000"]),
        Trial(
            name="refresh",
            base=live,
            command=["refresh", "--month", "2026-10"],
            makes=("snapshots/current",),
            environment={"EVALHUB_ARXIV": arxiv},
        ),
        Trial(name="rank", base=other, command=["rank", "--method", "bradley-terry"]),
        Trial(name="publish", base=scored, command=["publish"], makes=("snapshots/current",)),
        Trial(name="migrate", base=old, command=["model", "list"]),
        Trial(name="backup", base=other, command=["backup", "{out}", "--force"], whole=True),
        Trial(name="restore", base=scored, command=["restore", str(place / "backup"), "--force"], whole=True),
    ]
    return {one.name: one for one in every}


def papers(place: Path) -> Path:
    """A folder for a replay of arXiv: a month with two papers of one table each."""
    dice = random.Random(7)
    lines = []
    for number in (1, 2):
        name = f"paper-{number}"
        (place / name).mkdir(parents=True)
        rows = "\n".join(
            f"{model} & " + " & ".join(f"{dice.uniform(20, 95):.1f}" for _ in range(4)) + r" \\"
            for model in ("Falcon", "Kestrel", "Merlin", "Osprey", "Harrier", "Condor")
        )
        (place / name / "main.tex").write_text(_PAPER.replace("ROWS", rows).replace("NUMBER", str(number)))
        lines.append(
            {
                "id": f"2610.{number:05}",
                "submitted": f"2026-10-{10 + number}T12:00:00Z",
                "categories": ["cs.CL"],
                "title": f"Birds of prey, part {number}",
                "licence": "http://creativecommons.org/licenses/by/4.0/",
                "source": name,
            }
        )
    (place / LIST).write_text("\n".join(map(json.dumps, lines)))
    return place


_PAPER = r"""\documentclass{article}
\title{Birds of prey, part NUMBER}
\begin{document}
Table~\ref{tab:main} compares models.
\begin{table}
\begin{tabular}{lrrrr}
\toprule
Model & Alpha & Beta & Gamma & Delta \\
\midrule
ROWS
\bottomrule
\end{tabular}
\caption{Accuracy on four data sets in study NUMBER.}
\label{tab:main}
\end{table}
\end{document}
"""


def _evalhub(hub: Path, *words: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "evalhub", *words, "--hub", str(hub)], check=True, capture_output=True, text=True
    )


def _tables(place: Path) -> Path:
    """Logs: tables of results, and one of votes."""
    place.mkdir()
    dice = random.Random(3)
    for number in range(4):
        rows = [
            {"model": f"model {model}", "sample": f"{number}-{sample}", "value": float(dice.random() < 0.5)}
            for model in range(4)
            for sample in range(200)
        ]
        pl.DataFrame(rows).write_parquet(place / f"results-{number}.parquet")
    votes = [
        {"model_a": "model 1", "model_b": f"model {dice.randint(2, 3)}", "outcome": dice.choice(["a", "b", "tie"])}
        for _ in range(500)
    ]
    pl.DataFrame(votes).write_parquet(place / "votes.parquet")
    return place


def _as_of_the_first_version(hub: Path, target: Path) -> Path:
    """The same hub as the first release would have kept it."""
    target.mkdir()
    shutil.copyfile(hub / "blobs.sqlite", target / "blobs.sqlite")
    known: Callable[[], list[tuple[int, str]]] = migrate.migrations
    with closing(duckdb.connect(str(target / "hub.duckdb"))) as database:
        migrate.migrations = lambda: known()[:1]
        try:
            migrate.migrate(database)
        finally:
            migrate.migrations = known
        database.execute(f"ATTACH '{hub / 'hub.duckdb'}' AS newer (READ_ONLY)")
        tables = database.execute(
            "SELECT table_name FROM duckdb_tables() WHERE database_name = 'hub' AND table_name <> 'migration'"
        ).fetchall()
        for (table,) in tables:
            columns = database.execute(
                "SELECT string_agg(column_name, ', ' ORDER BY column_index) FROM duckdb_columns() "
                "WHERE database_name = 'hub' AND table_name = ?",
                [table],
            ).fetchall()[0][0]
            database.execute(f"INSERT INTO hub.{table} SELECT {columns} FROM newer.{table}")
        database.execute("DETACH newer")
    return target
