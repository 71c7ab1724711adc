"""What the tests of arXiv share: a folder of papers to replay, a clock that costs no time, and a client."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from ingest.arxiv.addresses import addresses
from ingest.arxiv.client import Client
from ingest.arxiv.pace import SECONDS, Clock
from ingest.arxiv.records import Window
from ingest.arxiv.replay.papers import LIST
from ingest.arxiv.replay.server import Replay

BY = "http://creativecommons.org/licenses/by/4.0/"
ONLY_ARXIV = "http://arxiv.org/licenses/nonexclusive-distrib/1.0/"

JANUARY = Window(categories=("cs.CL", "hep-th"), since=date(2026, 1, 1), until=date(2026, 2, 1))

TEX = "\\documentclass{article}\\begin{document}Hello.\\end{document}\n" * 50
PDF = b"%PDF-1.4\n" + b"1 0 obj << >> endobj\n" * 200 + b"trailer << >>\n%%EOF\n"


class FakeClock(Clock):
    """Time passes only while someone sleeps."""

    def __init__(self) -> None:
        self.time = 1_770_000_000.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds


def paper(arxiv_id: str, day: int = 10, **more: Any) -> dict[str, Any]:
    """A line of the list: a paper of January under CC BY, with source and PDF."""
    return {
        "id": arxiv_id,
        "submitted": f"2026-01-{day:02d}T12:00:00",
        "categories": ["cs.CL"],
        "title": f"On {arxiv_id}",
        "licence": BY,
        "source": "source",
        "pdf": "paper.pdf",
    } | more


def folder_of(folder: Path, *papers: dict[str, Any]) -> Path:
    """A folder to replay."""
    (folder / "source/figures").mkdir(parents=True)
    (folder / "source/main.tex").write_text(TEX)
    (folder / "source/figures/a.png").write_bytes(b"\x89PNG")
    (folder / "single.tex").write_text(TEX)
    (folder / "paper.pdf").write_bytes(PDF)
    (folder / LIST).write_text("".join(json.dumps(one) + "\n" for one in papers))
    return folder


def client_of(replay: Replay, folder: Path, clock: Clock, **more: Any) -> Client:
    """One that asks a replay at arXiv's pace, by the clock."""
    return Client(folder, at=addresses(replay.url), seconds=SECONDS, clock=clock, **more)


def paths(replay: Replay) -> list[str]:
    """What was asked for."""
    return [asked.path for asked in replay.asked]
