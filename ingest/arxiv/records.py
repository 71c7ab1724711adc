"""What is asked of arXiv, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ingest.arxiv.ids import oai_set
from ingest.source import SourceError


@dataclass(frozen=True, kw_only=True)
class Window:
    """Which papers: first submitted from `since` on and before `until`, in any of the categories."""

    categories: tuple[str, ...]
    """As arXiv writes them: `cs.CL`, `hep-th`. A paper that is only cross-listed in one counts."""

    since: date
    """In UTC."""

    until: date
    """In UTC, the first day that is not in it any more."""

    def __post_init__(self) -> None:
        if not self.categories:
            raise SourceError("name at least one category, such as cs.CL")
        if self.since >= self.until:
            raise SourceError(f"no day lies between {self.since} and {self.until}: give an earlier date as since")
        for category in self.categories:
            oai_set(category)


@dataclass(frozen=True, kw_only=True)
class Found:
    """A paper as the search tells of it, in its latest version."""

    arxiv_id: str
    """`2401.01234`, `hep-th/9901001`."""

    version: str
    """`v2`."""

    title: str

    first_published_at: date
    """When its first version was submitted, in UTC."""

    published_at: date
    """When this version was."""

    categories: tuple[str, ...]
    """The primary one first."""

    withdrawn: bool
    """Whether its comment or abstract says so."""


@dataclass(frozen=True, kw_only=True)
class FetchedPaper:
    """A paper of the window that may be used, and where its files are. Metadata in the words of `Paper`."""

    paper_id: str
    """`arXiv:2401.01234`."""

    version: str
    """`v2`."""

    title: str

    licence: str
    """SPDX name."""

    published_at: date
    """When this version was submitted, in UTC; it is public some days later."""

    first_published_at: date
    """When the first version was: from then on a model may have seen it."""

    categories: tuple[str, ...]
    """The primary one first."""

    url: str
    """Its page, of this version."""

    source: Path | None
    """`source.tar.gz`, or `source.tex.gz` for a single file; None where arXiv has no TeX of it."""

    pdf: Path | None
    """None where arXiv has none of it."""

    missing: tuple[str, ...] = ()
    """Why a file is None, a line each."""


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """A paper of the window that is not used."""

    paper_id: str

    version: str

    reason: str
    """A few words, the same for all such papers."""

    detail: str = ""
    """What else is known, such as the licence."""
