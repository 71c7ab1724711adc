"""Questions made by hand, and models that answer as they are told to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from evalhub.backends.base import Request
from ingest.questions.question import Evidence, Question
from ingest.records import Condition, Model, Sample, Status
from ingest.sources.items import condition_of
from tests.questions.papers import picture
from tests.scoring.fakes import Fake

PICTURE = picture("a picture")


def question(
    place: int, *options: str, key: str, prompt: str = "", caption: str = "", writer: str = ""
) -> Question:
    """A question of a paper of its own, with a number where it has no options."""
    kind: Any = "choice" if options else "numeric"
    return Question(
        sample=Sample(
            prompt=prompt or f"Question {place:03}?",
            grader="choice" if options else "numeric",
            reference=key,
            choices=options,
            images=(PICTURE,),
            condition=condition_of(choices=True, answer="generate") if options else Condition(),
            source="live:test",
            source_id=str(place),
            cluster=f"paper {place}",
        ),
        kind=kind,
        program={"op": "written", "writer": writer, "question": str(place), "answer": key},
        content={"caption": caption},
        evidence=Evidence(item="figure", number="1", route="pdf", page=1, box=None),
    )


class Solver(Fake):
    """A model that is asked in words, and remembers it."""

    def __init__(self, answers: Callable[[Request], str | Status], name: str = "solver") -> None:
        self.seen: list[Request] = []

        def answer(request: Request) -> tuple[str, Status]:
            self.seen.append(request)
            said = answers(request)
            return ("", said) if isinstance(said, Status) else (said, Status.OK)

        super().__init__(answers=answer)
        self.model = Model(model_id=name)
        self.refuses = lambda sample, asked: "no likelihoods" if asked.answer == "likelihood" else ""  # noqa: ARG005
