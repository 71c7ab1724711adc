"""A release: a slice of live samples, frozen under the hash of its questions and what proves them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from evalhub.live.ledger import Removed
from ingest.questions.question import Question
from ingest.records import content_hash

PREFIX = "live:"
"""A release's samples have this and its name as their source."""


def source_of(name: str) -> str:
    """The source of the samples of a release."""
    return PREFIX + name


@dataclass(frozen=True, kw_only=True)
class Proven:
    """A question of a release, and what it rests on."""

    sample_id: str

    proof: Mapping[str, Any]
    """Kind, program, content and evidence: see `ingest.questions.question`."""

    paper: Mapping[str, Any]
    """The hub's row of its paper: paper_id, version, title, licence, published_at, categories, url. Empty where
    the hub knows nothing of it."""


def release_id(proven: Sequence[Proven]) -> str:
    """The hash of a release: of its sample ids, their proofs and their papers, in order."""
    return content_hash([[one.sample_id, one.proof, one.paper] for one in proven])


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A release that is about to be frozen."""

    name: str
    """A month, `2026-11`, or what the user calls it."""

    questions: Sequence[Question]
    """In order."""

    removed: Sequence[Removed] = ()
    """What the filters took out."""

    recipe: Mapping[str, Any] = field(default_factory=dict)
    """How it was made: versions, writers, solvers, limits."""

    counts: Mapping[str, Any] = field(default_factory=dict)
    """What came out of each step."""

    private_until: date | None = None
    """Until that day its questions are not published."""


@dataclass(frozen=True, kw_only=True)
class Release:
    """A release that is in the hub."""

    name: str
    release_id: str
    recipe: Mapping[str, Any]
    counts: Mapping[str, Any]
    private_until: date | None
    frozen_at: datetime

    questions: int
    papers: int
    removed: int
    """Questions that the filters took out."""

    @property
    def source(self) -> str:
        """The source of its samples."""
        return source_of(self.name)

    def to_json(self) -> dict[str, Any]:
        """The fields as plain JSON."""
        return {
            "release": self.name,
            "hash": self.release_id,
            "questions": self.questions,
            "papers": self.papers,
            "removed": self.removed,
            "private_until": self.private_until.isoformat() if self.private_until else None,
            "frozen_at": self.frozen_at.isoformat(),
            "recipe": dict(self.recipe),
            "counts": dict(self.counts),
        }
