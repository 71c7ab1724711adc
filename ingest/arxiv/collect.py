"""The papers of a window that may be used, with their files; and what was left out, with the reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from hashlib import sha256

from ingest.arxiv.client import Client
from ingest.arxiv.files import Files
from ingest.arxiv.licences import OPEN, checked
from ingest.arxiv.listing import Listed, Progress, listed
from ingest.arxiv.records import FetchedPaper, Found, LeftOut, Window
from ingest.source import SourceError

WITHDRAWN = "withdrawn"
DELETED = "deleted by arXiv"
NOT_OPEN = "licence does not allow it"
UNKNOWN = "licence unknown"
OTHER = "licence of another version"
TAKEN = "taken before"
TOO_LARGE = "too large"
NO_FILES = "neither source nor PDF"
BEYOND = "beyond the limit of its category"


def _nothing_taken(paper_id: str, version: str) -> bool:
    del paper_id, version
    return False


def _silent(what: str, done: int, total: int) -> None:
    del what, done, total


class Collection:
    """Yields papers as their files come. What is there from before is not fetched again.

    The order depends on the identifiers alone and goes all over the window, so that the first papers of each
    category are a fair sample of it, and the same ones in every run.
    """

    def __init__(
        self,
        window: Window,
        client: Client,
        *,
        licences: Iterable[str] = OPEN,
        limit: int | None = None,
        taken: Callable[[str, str], bool] = _nothing_taken,
        progress: Progress = _silent,
    ) -> None:
        """
        Args:
            licences: SPDX names of those that are good enough.
            limit: papers for each category of the window; one in several counts for the first of its own.
            taken: says of a paper's id and version whether its files are not needed any more.
            progress: is told what goes on.

        Raises:
            SourceError: there is no such licence, or the limit is below 1.
        """
        if limit is not None and limit < 1:
            raise SourceError(f"a limit of {limit} papers: give 1 or more")
        self._window = window
        self._client = client
        self._licences = checked(licences)
        self._limit = limit
        self._taken = taken
        self._progress = progress
        self.left_out: list[LeftOut] = []
        """Complete when the iteration has ended."""

    def counts(self) -> dict[str, int]:
        """How many were left out, by reason."""
        return dict(Counter(one.reason for one in self.left_out).most_common())

    def __iter__(self) -> Iterator[FetchedPaper]:
        """Yield each paper once.

        Raises:
            SourceDown: arXiv does not answer; what was fetched so far is kept.
            SourceError: it refuses what is asked, or nothing can be written.
        """
        self.left_out = []
        usable = []
        for one in listed(self._client, self._window, self._progress):
            reason, detail = self._unusable(one)
            if reason:
                self._leave(one.paper, reason, detail)
            else:
                usable.append(one)
        usable.sort(key=lambda one: sha256(one.paper.arxiv_id.encode()).digest())
        files = Files(self._client)
        got: Counter[str] = Counter()
        for place, one in enumerate(usable):
            paper = one.paper
            self._progress("files", place, len(usable))
            category = next((name for name in paper.categories if name in self._window.categories), "")
            if self._limit is not None and got[category] >= self._limit:
                self._leave(paper, BEYOND, category)
            elif self._taken(_paper_id(paper), paper.version):
                got[category] += 1
                self._leave(paper, TAKEN)
            elif (came := self._fetched(one, files)) is not None:
                got[category] += 1
                yield came
        self._progress("files", len(usable), len(usable))

    def _unusable(self, one: Listed) -> tuple[str, str]:
        """Why a paper is of no use, and more about it; empty where it is."""
        paper, told = one.paper, one.licensed
        if paper.withdrawn:
            return WITHDRAWN, ""
        if told is None:
            return UNKNOWN, "no record in OAI-PMH"
        if told.deleted:
            return DELETED, ""
        # Versions can have different licences, and search and records are not renewed at the same moment. A day
        # apart is the same version, seen from another time zone.
        if told.of is not None and abs(told.of - paper.published_at) > timedelta(days=1):
            return OTHER, f"the licence is that of {told.of}, {paper.version} is of {paper.published_at}"
        if not told.licence:
            return UNKNOWN, "the record names none"
        return ("", "") if told.licence in self._licences else (NOT_OPEN, told.licence)

    def _fetched(self, one: Listed, files: Files) -> FetchedPaper | None:
        paper = one.paper
        source, pdf, missing = files.fetch(paper)
        if source is None and pdf is None:
            why = "; ".join(missing)
            reason = WITHDRAWN if "withdrawn" in why else TOO_LARGE if "too large" in why else NO_FILES
            self._leave(paper, reason, why)
            return None
        assert one.licensed is not None  # by _unusable
        return FetchedPaper(
            paper_id=_paper_id(paper),
            version=paper.version,
            title=paper.title,
            licence=one.licensed.licence,
            published_at=paper.published_at,
            first_published_at=paper.first_published_at,
            categories=paper.categories,
            url=f"https://arxiv.org/abs/{paper.arxiv_id}{paper.version}",
            source=source,
            pdf=pdf,
            missing=tuple(missing),
        )

    def _leave(self, paper: Found, reason: str, detail: str = "") -> None:
        self.left_out.append(
            LeftOut(paper_id=_paper_id(paper), version=paper.version, reason=reason, detail=detail)
        )


def _paper_id(paper: Found) -> str:
    return f"arXiv:{paper.arxiv_id}"
