"""The papers of a replay: a folder with `papers.jsonl`, a line each, and the files that the lines name."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ingest.arxiv.ids import split_id
from ingest.source import SourceError

LIST = "papers.jsonl"


@dataclass(frozen=True, kw_only=True)
class ReplayPaper:
    """What the server knows of a paper: its latest version only, as arXiv's interfaces do."""

    id: str
    """`2401.01234`, `hep-th/9901001`."""

    submitted: str
    """When its first version was, in ISO 8601; without a zone it is UTC."""

    categories: tuple[str, ...]
    """The primary one first."""

    title: str = "Untitled"

    licence: str = ""
    """Its address, as arXiv gives it; empty: none was chosen."""

    version: int = 1

    updated: str = ""
    """When this version was submitted; empty: with the first."""

    datestamp: str = ""
    """The day of OAI-PMH's record; empty: when this version was submitted."""

    comment: str = ""

    abstract: str = "An abstract."

    source: str = ""
    """A folder or a file below the list's; a folder is packed. Empty: the PDF was submitted."""

    pdf: str = ""
    """A file below the list's; empty: there is none."""

    withdrawn: bool = False
    """Whether a page that says so comes instead of its files."""

    deleted: bool = False
    """Whether OAI-PMH tells only that it is gone."""

    @property
    def first(self) -> datetime:
        return _time(self.submitted)

    @property
    def latest(self) -> datetime:
        return _time(self.updated or self.submitted)

    @property
    def changed(self) -> str:
        return self.datestamp or f"{self.latest:%Y-%m-%d}"


def read_papers(folder: Path) -> list[ReplayPaper]:
    """The papers that a folder's list names.

    Raises:
        SourceError: there is no list, or a line of it is broken.
    """
    path = folder / LIST
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    papers = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            told = json.loads(line)
            paper = ReplayPaper(**told | {"categories": tuple(told["categories"])})
            split_id(paper.id)
            _ = paper.first, paper.latest
        except (ValueError, TypeError, KeyError) as error:
            raise SourceError(f"{path}, line {number}: {type(error).__name__}: {error}") from None
        for name in filter(None, (paper.source, paper.pdf)):
            if not (folder / name).exists():
                raise SourceError(f"{path}, line {number}: there is no {name} beside it")
        papers.append(paper)
    return papers


def packed(path: Path) -> bytes:
    """A source as arXiv sends it: a folder as a tar file packed with gzip, a single file packed with gzip; what is
    packed already as it is."""
    if path.is_file():
        content = path.read_bytes()
        return content if content.startswith(b"\x1f\x8b") else gzip.compress(content, mtime=0)
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        for file in sorted(path.rglob("*")):
            archive.add(file, arcname=str(file.relative_to(path)), recursive=False)
    return gzip.compress(tar.getvalue(), mtime=0)


def _time(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
