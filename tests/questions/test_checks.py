"""Filters that need no model: what each removes, and that it keeps the rest."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, ImageDraw

from ingest.questions import checks
from ingest.questions.program import UNKNOWN
from ingest.questions.question import Question
from ingest.questions.write import questions_of
from tests.questions.papers import SCORES, paper, picture, table


def questions() -> list[Question]:
    return questions_of(paper(table(SCORES)), source="live").questions


def first(kind: str) -> Question:
    return next(question for question in questions() if question.kind == kind)


def changed(question: Question, **fields: Any) -> Question:
    return replace(question, sample=replace(question.sample, **fields))


def png(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("1.0", "2.0", "3.0", "3.00"), "same number"),
        (("300k", "1.0", "0.3M", "2.0"), "same number"),
        (("yes", "Yes.", "no", "1.0"), "equal"),
        (("1.0", "", "no", "yes"), "empty"),
        (("2.0", "3.0", "4.0", "5.0"), "not exactly one"),
        (("1.0", "3.0", "4.0", "5.0"), None),
    ],
)
def test_options(options: tuple[str, ...], reason: str | None) -> None:
    result = checks.unequal_options([changed(first("choice"), choices=options, reference="1.0")])
    assert bool(result.kept) == (reason is None)
    assert all(reason and reason in why for _, why in result.removed)


def test_a_free_number_has_to_be_one() -> None:
    assert checks.unequal_options([changed(first("numeric"), reference="many")]).removed
    assert checks.unequal_options([first("numeric")]).kept


def test_proofs() -> None:
    question = first("choice")
    wrong = next(option for option in question.sample.choices if option != question.sample.reference)
    lies = changed(question, reference=wrong)
    broken = replace(question, program={"op": "guess"})
    result = checks.unproven([question, lies, broken])
    assert result.kept == [question]
    assert [why for _, why in result.removed] == ["its program gives another answer", "its program does not run"]


def test_answers_in_the_question() -> None:
    question = changed(first("numeric"), reference="84.8")
    told = changed(question, prompt="Is it 84.8 or 85.5?")
    longer = changed(question, prompt="Is it 184.8, 84.81 or -84.8?")
    unknown = changed(question, reference=UNKNOWN, prompt=f"{UNKNOWN}?")
    result = checks.untold([told, longer, unknown])
    assert result.kept == [longer, unknown]


def test_references_that_were_not_resolved() -> None:
    question = first("choice")
    given = [
        question,
        changed(question, prompt="See Appendix ??. What is it?"),
        changed(question, choices=("Smith (??)", *question.sample.choices[1:])),
    ]
    assert checks.unresolved(given).kept == [question]


def test_repetitions() -> None:
    given = questions()
    question = given[0]
    near = replace(
        changed(question, prompt=question.sample.prompt.replace("Table 1", "Table  1")),
        program={**question.program, "note": 1},
    )
    result = checks.unlike([*given, question, near])
    reasons = [why for one, why in result.removed if one in (question, near)]
    assert reasons == ["the same program over the same content", "nearly the words of another question"]
    assert len(result.kept) + len(result.removed) == len(given) + 2


def noise() -> bytes:
    image = Image.new("RGB", (300, 300), "white")
    ImageDraw.Draw(image).point((5, 5), "black")
    return png(image)


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (picture("fine"), ""),
        (png(Image.new("L", (400, 30))), "too small"),
        (png(Image.new("1", (9000, 1000))), "too large"),
        (png(Image.new("L", (2000, 50))), "drawn out"),
        (png(Image.new("RGBA", (300, 300), (255, 255, 255, 255))), "nearly blank"),
        (noise(), "nearly blank"),
        (picture("cut")[:60], "cannot be opened"),
        (b"", "cannot be opened"),
    ],
)
def test_pictures(image: bytes, reason: str) -> None:
    assert checks.fault_of_image(image) == (f"the picture {'is ' * (reason[0] != 'c')}{reason}" if reason else "")
    result = checks.readable([changed(first("choice"), images=(picture("other"), image))])
    assert bool(result.kept) == (not reason)


def test_all_of_them() -> None:
    given = questions()
    blank = changed(given[0], images=(png(Image.new("L", (300, 300))),))
    result = checks.checked([*given[1:], blank, changed(given[1], reference="nothing")])
    assert len(result.removed) >= 2
    assert blank not in result.kept
    assert len(result.kept) + len(result.removed) == len(given) + 1
