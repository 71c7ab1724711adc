"""What a window holds, with licences: asked for once a day, since arXiv's answers change no more often."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

from ingest.arxiv.client import Client
from ingest.arxiv.files import write_whole
from ingest.arxiv.harvest import Licensed, licences
from ingest.arxiv.records import Found, Window
from ingest.arxiv.search import query_of, search

_DAY = 86_400.0

Progress = Callable[[str, int, int], None]
"""Gets what is being done (`search`, `licences`, `files`), how much of it is done, and of how much."""


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A paper of the window, and what OAI-PMH says of it."""

    paper: Found

    licensed: Licensed | None
    """None where there is no record of it."""


def listed(client: Client, window: Window, progress: Progress) -> list[Listed]:
    """All papers of a window, by date of submission and identifier.

    Raises:
        SourceDown, SourceError: as `search` and `licences`.
    """
    name = sha256(f"{client.at.search} {query_of(window)}".encode()).hexdigest()[:16]
    path = client.folder / "windows" / f"{name}.json"
    kept = _kept(path, client.clock.now())
    if kept is not None:
        return kept
    papers = search(client, window, progress=lambda done, total: progress("search", done, total))
    told = licences(
        client,
        window,
        {paper.arxiv_id for paper in papers if not paper.withdrawn},
        progress=lambda done, total: progress("licences", done, total),
    )
    all_of_them = [Listed(paper=paper, licensed=told.get(paper.arxiv_id)) for paper in papers]
    path.parent.mkdir(exist_ok=True)
    content = {"at": client.clock.now(), "papers": [asdict(one) for one in all_of_them]}
    write_whole(path, json.dumps(content, default=date.isoformat))
    return all_of_them


def _kept(path: Path, now: float) -> list[Listed] | None:
    """What was found out less than a day ago."""
    try:
        content = json.loads(path.read_text("utf-8"))
        if not 0 <= now - content["at"] < _DAY:
            return None
        return [
            Listed(paper=_found(one["paper"]), licensed=one["licensed"] and _licensed(one["licensed"]))
            for one in content["papers"]
        ]
    except (FileNotFoundError, ValueError, KeyError, TypeError):  # none, or another version of evalhub wrote it
        return None


def _found(kept: dict[str, Any]) -> Found:
    days = {name: date.fromisoformat(kept[name]) for name in ("first_published_at", "published_at")}
    return Found(**kept | days | {"categories": tuple(kept["categories"])})


def _licensed(kept: dict[str, Any]) -> Licensed:
    return Licensed(**kept | {"of": date.fromisoformat(kept["of"]) if kept["of"] else None})
