"""From papers to a frozen release: extract, write, filter, freeze. Each step keeps what it made for the next."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote

from evalhub.backends.base import Backend
from evalhub.backends.kinds import kind_of
from evalhub.backends.opening import open_backend
from evalhub.errors import EvalhubError
from evalhub.live.blind import blind
from evalhub.live.doubles import doubles
from evalhub.live.files import keep, keep_questions, load_paper, load_questions
from evalhub.live.ledger import reasons, structural
from evalhub.live.release import Draft, source_of
from evalhub.live.settings import Settings
from evalhub.live.verifier import Quorum, verify
from evalhub.live.writer import write
from evalhub.store.hub import Hub
from evalhub.store.refresh_stages import forget
from evalhub.store.releases import known_elsewhere, put_release, told_otherwise
from evalhub.telling import Tell
from evalhub.wording import counted, tallied
from ingest.papers.limits import PaperError
from ingest.papers.read import PaperFiles, read_papers
from ingest.papers.records import Paper
from ingest.questions.question import WRITTEN
from ingest.questions.write import questions_of

_NAMED = 20
"""Refused papers that are named; the others are counted."""


class Making:
    """A release in the making, in a folder of the hub that goes when it is frozen.

    Args:
        name: of the release.
        tell: is told what is being done.
    """

    def __init__(self, hub: Hub, name: str, settings: Settings, tell: Tell) -> None:
        self._hub = hub
        self._name = name
        self._settings = settings
        self._tell = tell
        self.folder: Path = hub.path / "live" / "making" / name
        self._mark = self.folder / "asked.txt"
        self._papers = self.folder / "papers"
        self._written = self.folder / "written.msgpack"
        self._filtered = self.folder / "filtered.msgpack"

    def begin(self, asked: str) -> None:
        """Begin anew, unless what an earlier call left is of the same papers and settings, by their hash.

        Raises:
            EvalhubError: no backend runs a model that takes part.
        """
        for name in (*self._settings.solvers, *self._settings.writers, *self._settings.verifiers):
            kind_of(name)
        if self._mark.is_file() and self._mark.read_text() == asked:
            return
        self.clear()
        forget(self._hub, self._name)
        self.folder.mkdir(parents=True)
        self._mark.write_text(asked)

    def extract(
        self, files: Sequence[PaperFiles], known: Mapping[str, Sequence[str]] | None = None
    ) -> dict[str, Any]:
        """Figures and tables out of the papers' files. Papers that were read before a kill are not read again; of
        those that are one paper under two names, the one with more in it counts.

        Args:
            files: `about` says which paper they are.
            known: captions of papers that are not to be taken again under another name, by paper.

        Raises:
            EvalhubError: not one paper can be read.
        """
        refused: dict[str, str] = {}
        left = [one for one in files if not self._kept(one.about).exists()]
        for done, (one, paper) in enumerate(read_papers(left), 1):
            self._tell(f"reading papers: {done:,} of {len(left):,}")
            if isinstance(paper, PaperError):
                refused[_called(one)] = str(paper)
            else:
                keep(self._kept(one.about), paper)
        papers = self._read()
        names = {one.about.paper_id: _called(one) for one in files if one.about}
        fullest = sorted(papers, key=lambda paper: (-len(paper.tables) - len(paper.figures), paper.paper_id))
        again = doubles(fullest, known)
        for paper in papers:
            if paper.paper_id in again:
                refused[names[paper.paper_id]] = (
                    f"the same paper as {names.get(same := again[paper.paper_id], same)}"
                )
                self._kept(paper).unlink()
        papers = [paper for paper in papers if paper.paper_id not in again]
        if not papers:
            why = "; ".join(f"{which}: {reason}" for which, reason in list(refused.items())[:3])
            raise EvalhubError(f"not one of {len(files):,} papers can be read: {why}")
        return {
            "papers": len(papers),
            "figures": sum(len(paper.figures) for paper in papers),
            "tables": sum(len(paper.tables) for paper in papers),
            "warnings": sum(len(paper.warnings) for paper in papers),
            "refused": len(refused),
            "why": dict(list(refused.items())[:_NAMED]),
        }

    def write(self) -> dict[str, Any]:
        """Questions on what was extracted.

        Raises:
            EvalhubError: there is not one.
        """
        questions, refused = [], Counter[str]()
        papers, source = self._read(), source_of(self._name)
        for paper in papers:
            written = questions_of(
                paper,
                source=source,
                per_table=self._settings.per_table,
                per_figure=self._settings.per_figure,
            )
            questions += written.questions
            refused += written.refused
        with _opened(self._settings.writers) as writers:
            if writers:
                self._tell("letting models write")
            for made in write(papers, writers, source=source).values():
                questions += made.questions
                refused += made.refused
        if not questions:
            raise EvalhubError(f"no question can be written on these papers: {_reasons(refused)}")
        keep_questions(self._written, questions, [])
        return {
            "questions": len(questions),
            "kinds": dict(Counter(question.kind for question in questions)),
            "operations": dict(Counter(question.operation for question in questions).most_common()),
            "given_up": dict(refused.most_common()),
        }

    def filter(self) -> dict[str, Any]:
        """Take out what a filter finds fault with.

        Raises:
            EvalhubError: nothing is left.
        """
        written, removed = load_questions(self._written)
        sound = structural(written)
        removed += sound.removed
        kept, counts = sound.kept, dict[str, Any]()
        quorum = Quorum()
        with _opened(self._settings.verifiers) as verifiers:
            if verifiers:
                self._tell("having the written questions verified")
            verified = verify([one for one in kept if one.operation == WRITTEN], verifiers, quorum)
        gone = {one.question.sample.sample_id for one in verified.removed}
        kept = [one for one in kept if one.sample.sample_id not in gone]
        removed += verified.removed
        if verified.votes:
            counts["verified"] = verified.to_json(quorum)
        with _opened(self._settings.solvers) as solvers:
            if solvers and kept:
                self._tell(f"asking {counted(len(kept), 'question')} without the pictures")
                found = blind(kept, solvers, tell=self._tell)
                kept, counts["blind"] = found.kept, found.to_json()
                removed += found.removed
        why = reasons(removed)
        if not kept:
            raise EvalhubError(f"the filters left none of {len(written):,} questions: {why}")
        keep_questions(self._filtered, kept, removed)
        return {"kept": len(kept), "removed": why, **counts}

    def freeze(self, counts: dict[str, Any], recipe: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Put the release into the hub.

        Args:
            counts: of all steps before.
            recipe: what there is to say of how the papers were chosen.
        """
        questions, removed = load_questions(self._filtered)
        days = self._settings.private_days
        frozen = put_release(
            self._hub,
            Draft(
                name=self._name,
                questions=questions,
                removed=removed,
                recipe={
                    "evalhub": version("evalhub"),
                    "per_table": self._settings.per_table,
                    "per_figure": self._settings.per_figure,
                    "solvers": list(self._settings.solvers),
                    "writers": list(self._settings.writers),
                    "verifiers": list(self._settings.verifiers),
                    **(recipe or {}),
                },
                counts=counts,
                private_until=datetime.now(UTC).date() + timedelta(days=days) if days else None,
            ),
            self._read(),
        )
        return {
            "hash": frozen.release_id,
            "questions": frozen.questions,
            "papers": frozen.papers,
            "known": known_elsewhere(self._hub, self._name),
            "why": dict(list(told_otherwise(self._hub, self._read()).items())[:_NAMED]),
        }

    def clear(self) -> None:
        """Remove what was kept between the steps."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _kept(self, about: Paper | None) -> Path:
        """The file of a paper: by its name, so that the order in which papers are given does not matter."""
        assert about is not None
        return self._papers / f"{quote(about.paper_id + about.version, safe='')}.msgpack"

    def _read(self) -> list[Paper]:
        return [load_paper(path) for path in sorted(self._papers.glob("*.msgpack"))]


@contextmanager
def _opened(names: Sequence[str]) -> Iterator[list[Backend]]:
    """Models, while they are needed."""
    with ExitStack() as models:
        yield [models.enter_context(closing(open_backend(name))) for name in names]


def _called(files: PaperFiles) -> str:
    """What a user calls a paper."""
    if files.about and files.about.url:
        return files.about.paper_id
    return ", ".join(path.name for path in files.paths)


def _reasons(counts: Counter[str]) -> str:
    return tallied(dict(counts.most_common(5))) or "they hold no item"
