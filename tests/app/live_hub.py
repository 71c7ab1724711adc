"""A hub with three live releases, as `evalhub refresh` leaves it: the second is harder, the third is private and
could not be scored in full. Titles, reasons and contents attack whoever shows them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from evalhub.backends.base import Request
from evalhub.live.ledger import Removed
from evalhub.live.release import Draft
from evalhub.store.hub import Hub
from evalhub.store.refresh_stages import STAGES, begin, end
from evalhub.store.releases import put_release
from evalhub.store.snapshot import folder, publish
from ingest.papers.records import Paper
from ingest.questions.question import Evidence, Question
from ingest.records import Model, Sample, Status
from tests.scoring.fakes import Fake, run

EASY, HARD, PRIVATE, NEXT = "2026-08", "2026-09", "2026-10", "2026-11"
PASSED = {EASY: 18, HARD: 6, PRIVATE: 10}
"""Of 20 questions, those that every model passes."""

UNTIL = date(2999, 1, 1)
ATTACK = "<script>alert(1)</script> ![i](http://example.org/i.png) [x](javascript:alert(1))"
SECRET = "the private cell"


def published(hub_path: Path) -> Path:
    """Make the hub, publish it; returns its folder of snapshots."""
    with Hub(hub_path) as hub:
        for month in PASSED:
            _release(hub, month)
        for model, months in {"alpha": (EASY, HARD, PRIVATE), "beta": (EASY, HARD), "new": (PRIVATE,)}.items():
            backend = Fake(answers=_answer)
            backend.model = Model(model_id=model)
            for month in months:
                run(hub, backend, [one.sample for one in questions(month)], passes=1, max_attempts=1)
        for month in (EASY, HARD):
            for stage in STAGES[:-1]:
                begin(hub, month, stage)
                end(hub, month, stage, "done", {})
        begin(hub, HARD, "publish")  # as where the refresh itself publishes
        begin(hub, EASY, "publish")
        end(hub, EASY, "publish", "done", {})
        begin(hub, PRIVATE, "collect")
        end(hub, PRIVATE, "collect", "done", {})
        begin(hub, PRIVATE, "score")
        end(hub, PRIVATE, "score", "failed", {"why": f"no answer to {SECRET}"})
        begin(hub, NEXT, "collect")
        end(hub, NEXT, "collect", "failed", {"why": f"openai:m@http://10.0.0.7:8000/v1 is down {ATTACK}"})
        publish(hub)
    return folder(hub_path)


def questions(month: str) -> list[Question]:
    """Two on each of ten papers; the first was written by a model, on a paper that is not arXiv's."""
    return [_question(month, place) for place in range(20)]


def _question(month: str, place: int) -> Question:
    program: dict[str, Any] = {"op": "lookup", "row": "Falcon", "column": "Alpha"}
    if place == 0:
        program = {"op": "written", "writer": "openai:writer", "revision": "r1", "question": "?", "answer": "yes"}
    return Question(
        sample=Sample(
            prompt=f"{month}, question {place}: {'easy' if place < PASSED[month] else 'hard'}? {ATTACK}",
            reference="yes",
            grader="exact",
            source=f"live:{month}",
            source_id=str(place),
            cluster=_paper(month, place // 2).paper_id,
            licence="CC-BY-4.0",
            tags=(ATTACK,),
        ),
        kind="numeric",
        program=program,
        content={"cells": [[SECRET if month == PRIVATE else ATTACK]]},
        evidence=Evidence(item="table", number="3", route="latex", page=4, box=(72.0, 90.4, 300.0, 200.0)),
    )


def _paper(month: str, place: int) -> Paper:
    number = f"arXiv:{month[2:4]}{month[5:]}.{place:05}"
    return Paper(
        paper_id="arXiv:1](http://example.org)" if place == 0 else number,
        version="v2",
        title=f"{SECRET if month == PRIVATE else 'Birds'} {place} {ATTACK}",
        licence="CC-BY-4.0",
        url="http://example.org/not-this",
    )


def _release(hub: Hub, month: str) -> None:
    gone = [Removed(_question(month, 0), "blind", "right without the picture")] * (2 if month == HARD else 1)
    put_release(
        hub,
        Draft(
            name=month,
            questions=questions(month),
            removed=[*gone, Removed(_question(month, 1), "unlike", SECRET if month == PRIVATE else ATTACK)],
            recipe={"writers": ["openai:writer@http://10.0.0.7:8000/v1"]},
            counts={"filter": {"kept": 20, "why": SECRET if month == PRIVATE else ""}},
            private_until=UNTIL if month == PRIVATE else None,
        ),
        [_paper(month, place) for place in range(10)],
    )


def _answer(request: Request) -> tuple[str, Status]:
    return ("yes" if "easy" in request.text else "no"), Status.OK
