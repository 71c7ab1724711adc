"""What a grader is."""

from __future__ import annotations

from typing import Protocol

from ingest.records import Sample, Status, Verdict


class Grader(Protocol):
    """Judges outputs. Found through the entry-point group `evalhub.graders`, made without arguments.

    A verdict depends on the sample and the text alone, so it is given once for all equal outputs. `grade`
    may be called from several threads.
    """

    version: str
    """Another one where it may judge otherwise than before: verdicts of other versions are given anew. '1' where a
    grader does not say."""

    def refuses(self) -> str:
        """Why nothing can be judged here (no sandbox), in one line that says what to do; '' where it can."""
        ...

    def grade(self, sample: Sample, text: str) -> Verdict:
        """Judge one output."""
        ...

    def close(self) -> None:
        """Free what the grader held."""
        ...


def version_of(grader: Grader) -> str:
    """The version that a grader says it is."""
    return str(getattr(grader, "version", "1"))


def judged(passed: bool, detail: str = "") -> Verdict:
    """A verdict that counts."""
    return Verdict(Status.OK, float(passed), detail)
