"""A question with everything that proves its answer."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from ingest.papers.records import Route
from ingest.questions import figure_program, program
from ingest.questions.draft import Kind
from ingest.questions.program import Answer
from ingest.records import Sample

WRITTEN = "written"
"""The operation of questions that a model wrote. Nothing computes their answer: the program holds what the writer
said it is, `answer`, beside `writer`, `revision` and `question`."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Where the answer stands."""

    item: Literal["figure", "table"]

    number: str
    """As printed."""

    route: Route
    """How its content was read."""

    page: int | None
    """From 1; None where it was not found in a PDF."""

    box: tuple[float, float, float, float] | None
    """Left, top, right, bottom in points from the page's top left corner."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """An item of a live release."""

    sample: Sample

    kind: Kind

    program: dict[str, Any]
    """What was run for the answer, as plain JSON."""

    content: dict[str, Any]
    """What it was run on, as plain JSON: the table's cells, the figure's words, captions or citations."""

    evidence: Evidence

    @property
    def operation(self) -> str:
        """Which operation of the language the program is."""
        return str(self.program["op"])

    def answer(self) -> Answer:
        """What its program gives, run again."""
        return answer_of(self.program, self.content)

    def proof(self) -> dict[str, Any]:
        """What is kept beside the sample, as plain JSON; `answer_of` takes its program and content."""
        return {
            "kind": self.kind,
            "program": self.program,
            "content": self.content,
            "evidence": asdict(self.evidence),
        }


def answer_of(ran: dict[str, Any], content: dict[str, Any]) -> Answer:
    """The answer of a stored program, run again over its stored content; of a written question, its writer's.

    Raises:
        Refused: the program is none, or has no single answer over this content.
    """
    if ran.get("op") == WRITTEN:
        return Answer(str(ran["answer"]))
    return (program if ran.get("op") in program.OPERATIONS else figure_program).run(ran, content)
