"""A paper's files, in a folder of its own for each version: fetched once, and there whole or not at all.

`/e-print/…` is asked for the source, not `/src/…`: for a paper that was submitted as a PDF it gives the PDF, which
saves the second request.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from filelock import FileLock

from ingest.arxiv.client import Client
from ingest.arxiv.contents import Kind, kind_of
from ingest.arxiv.errors import BadAnswer, NotThere, SourceDown
from ingest.arxiv.records import Found
from ingest.source import SourceError

_SOURCES = ("source.tar.gz", "source.tex.gz")
_PDF = "paper.pdf"
_NONE = "none.json"
"""What arXiv does not have, and why; so that it is not asked again."""

_COMING = "coming"

_MOST_FAILURES = 5
"""Files in a row that come broken, until it is arXiv that is broken."""


class Files:
    """Fetches them. One for each run."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._failures = 0

    def fetch(self, paper: Found) -> tuple[Path | None, Path | None, list[str]]:
        """The source, the PDF, and why one is None; from the folder where they are there.

        Raises:
            SourceDown: arXiv does not answer, or sends one broken file after the other.
            SourceError: the folder cannot be written, or there is no room on the disk.
        """
        folder = self._client.folder / "papers" / (paper.arxiv_id.replace("/", "_") + paper.version)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            return self._fetched(paper, folder)
        except OSError as error:
            raise SourceError(f"{folder} cannot be written: {error.strerror or error}") from error

    def _fetched(self, paper: Found, folder: Path) -> tuple[Path | None, Path | None, list[str]]:
        name = paper.arxiv_id + paper.version
        # Another process may be at the same paper.
        with FileLock(folder / "lock"):
            none: dict[str, str] = {}
            if (folder / _NONE).exists():
                none = json.loads((folder / _NONE).read_text("utf-8"))
            passing: dict[str, str] = {}
            for what, path in (("source", f"/e-print/{name}"), ("PDF", f"/pdf/{name}")):
                if what in none or _kept(folder, what):
                    continue
                try:
                    kind = self._client.file(path, folder / _COMING, kind_of, decoded=what == "PDF")
                    _name(folder, kind)
                    self._failures = 0
                    if not _kept(folder, what):
                        none[what] = f"arXiv sent a {kind} for it"
                except NotThere as error:
                    none[what] = str(error)
                except BadAnswer as error:
                    passing[what] = str(error)
                    self._failures += 1
                    if self._failures >= _MOST_FAILURES:
                        raise SourceDown(
                            f"{self._failures} files in a row came broken; try again later"
                        ) from error
                finally:
                    (folder / _COMING).unlink(missing_ok=True)
                if what in none:
                    write_whole(folder / _NONE, json.dumps(none))
            why = [f"no {what}: {reason}" for what, reason in (none | passing).items()]
            return _kept(folder, "source"), _kept(folder, "PDF"), why


def _kept(folder: Path, what: str) -> Path | None:
    """A file that is there from before."""
    names = _SOURCES if what == "source" else (_PDF,)
    return next((folder / name for name in names if (folder / name).exists()), None)


def _name(folder: Path, kind: Kind) -> None:
    """Give a file that has come, and is on the disk, its name."""
    (folder / _COMING).replace(folder / (_PDF if kind == "pdf" else f"source.{kind}"))
    _sync(folder)


def write_whole(path: Path, text: str) -> None:
    """A small file, whole or not at all."""
    fresh = path.with_suffix(".fresh")
    fresh.write_text(text, "utf-8")
    fresh.replace(path)


def _sync(folder: Path) -> None:
    """See a folder's names on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
