"""Questions from a server that writes them: what it is asked, what is taken over, and what is dropped and why."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from evalhub.backends import http_client
from evalhub.backends.opening import open_backend
from evalhub.errors import EvalhubError
from evalhub.live.ledger import structural
from evalhub.live.structured import LONGEST, Unusable, found
from evalhub.live.writer import write
from ingest.papers.records import Paper
from ingest.questions.write import Written
from tests.backends.stub_server import Stub, fails, says
from tests.live.writing_server import Say, choice, number, serving, written
from tests.questions.papers import figure, paper


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No time is lost between tries."""
    monkeypatch.setattr(http_client, "FIRST_PAUSE", 0.001)


def a_paper(figures: int = 1) -> Paper:
    made = [figure(str(place), f"Curves of run {place}. Lower is better.") for place in range(1, figures + 1)]
    return paper(figures=made)


def describes(text: str, count: int) -> str:
    del text, count
    return "Two curves that cross."


@contextmanager
def server(write: Say, describe: Say = describes) -> Iterator[Stub]:
    with serving(describe, write) as stub:
        yield stub


def written_by(stub: Stub, papers: list[Paper] | None = None, *, choices: int = 1, numbers: int = 1) -> Written:
    backend = open_backend(stub.name)
    try:
        (result,) = write(
            papers or [a_paper()], [backend], source="live:test", choices=choices, numbers=numbers
        ).values()
    finally:
        backend.close()
    return result


def test_two_stages_make_questions_that_say_who_wrote_them() -> None:
    """First a description of picture and caption, then questions on all three; they pass the filters of form."""
    with server(lambda *_: written()) as stub:
        result = written_by(stub)
        describing, writing = [body for body in stub.asked if body["max_tokens"] != 8]
    assert not result.refused
    one, two = result.questions
    assert (one.kind, one.sample.reference, set(one.sample.choices)) == (
        "choice",
        "ours",
        {"ours", "theirs", "random", "oracle"},
    )
    assert (two.kind, two.sample.reference, two.sample.choices, two.sample.grader) == (
        "numeric",
        "12",
        (),
        "numeric",
    )
    assert one.sample.prompt.endswith("Which curve is on top?") and "Figure 1" in one.sample.prompt
    assert one.program["writer"] == "openai:tiny" and one.program["revision"] == "tiny-2026-01-01/fp_1"
    assert one.content == {"caption": "Curves of run 1. Lower is better.", "description": "Two curves that cross."}
    assert one.answer().text == "ours"
    assert (one.sample.licence, one.sample.cluster, one.evidence.number) == ("CC-BY-4.0", "arXiv:2401.01234", "1")
    assert structural(result.questions).kept == result.questions

    (picture, text) = describing["messages"][0]["content"]
    assert picture["image_url"]["url"].startswith("data:image/png;base64,")
    assert "Curves of run 1." in text["text"] and "response_format" not in describing
    assert "Two curves that cross." in writing["messages"][0]["content"][1]["text"]
    assert set(writing["response_format"]["json_schema"]["schema"]["properties"]) == {"choice", "numeric"}


def test_several_writers_stand_side_by_side() -> None:
    """Each writes on everything, under its name."""
    with server(lambda *_: written()) as one:
        backends = [open_backend(one.name), open_backend(one.name.replace("tiny", "tiny:latest", 1))]
        try:
            results = write([a_paper(2)], backends, source="live:test", choices=1, numbers=1)
        finally:
            for backend in backends:
                backend.close()
    assert list(results) == ["openai:tiny", "openai:tiny:latest"]
    assert [len(result.questions) for result in results.values()] == [4, 4]
    names = {question.sample.source_id for result in results.values() for question in result.questions}
    assert len(names) == 8


def test_writers_of_one_name_are_refused() -> None:
    with server(lambda *_: written()) as stub:
        backend = open_backend(stub.name)
        try:
            with pytest.raises(EvalhubError, match="openai:tiny is named as a writer twice"):
                write([a_paper()], [backend, backend], source="live:test")
        finally:
            backend.close()
        assert not stub.asked


FAULTS: list[tuple[dict[str, Any], str]] = [
    (choice(wrong=["theirs", "random"]), "not 3 wrong options"),
    (choice(wrong=["theirs", "random", "oracle", "none"]), "not 3 wrong options"),
    (choice(wrong="theirs, random, oracle"), "not 3 wrong options"),
    (choice(wrong=["theirs", "random", "Ours."]), "two options are equal"),
    (choice(wrong=["theirs", "random", " "]), "the option is empty"),
    (choice(wrong=["theirs", "random", ["oracle"]]), "the option is no text"),
    (choice(wrong=["theirs", "random", "x" * 300]), "the option is too long"),
    (choice(wrong=["theirs", "random", "none of the above"]), "an option speaks of other options"),
    (choice(wrong=["B) theirs", "C) random", "D) oracle"]), "an option begins with a letter that numbers it"),
    (choice(""), "the question is empty"),
    (choice("Why?"), "the question is too short"),
    (choice("Why? " * 200), "the question is too long"),
    (choice("What does the caption say of it?"), "it asks about the caption or the description"),
    (choice(answer=None), "the option is no text"),
    ("Which curve?", "no question of the form that was asked for"),  # type: ignore[list-item]
]


@pytest.mark.parametrize(("given", "reason"), FAULTS)
def test_a_question_that_will_not_do_is_dropped_by_reason_and_asked_for_once_more(given: Any, reason: str) -> None:
    """The others of the same answer stay."""
    with server(lambda _, count: written([given if count == 0 else choice("Which is it then?")])) as stub:
        result = written_by(stub)
        assert len([body for body in stub.asked if "response_format" in body]) == 2
    assert result.refused[reason] == 1
    assert [one.sample.prompt.rpartition("”. ")[2] for one in result.questions] == [
        "At which epoch do the curves cross?",
        "Which is it then?",
    ]


def test_what_is_no_number_is_no_free_answer() -> None:
    with server(lambda *_: written(numbers=[number(answer="twelve or so")])) as stub:
        result = written_by(stub)
    assert result.refused["the answer is no number"] == 2, "it was asked twice"
    assert [one.kind for one in result.questions] == ["choice"]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("I would ask which curve is on top.", "no JSON of the form that was asked for"),
        (written()[:-20], "no JSON of the form that was asked for"),
        ('{"questions": []}', "no JSON of the form that was asked for"),
        ("[" * 5_000, "no JSON of the form that was asked for"),
        ('{"choice": ' + "[" * 60_000, "no JSON of the form that was asked for"),
        ('{"choice": 3, "numeric": null}', "no list of questions"),
        ("x" * (LONGEST + 1), "too long an answer"),
        (" ", "an empty answer"),
        (says("{", reason="length"), "the answer was cut off"),
        (says("no", reason="content_filter"), "the model refused"),
        (fails(400, "no"), "the server gave an error"),
    ],
)
def test_an_answer_that_is_none_is_counted_and_asked_for_once_more(answer: Any, reason: str) -> None:
    """Never a third time, and nothing of it gets in."""
    with server(lambda *_: answer) as stub:
        result = written_by(stub, [a_paper(2)])
    assert not result.questions
    assert result.refused == {reason: 4 if reason != "no list of questions" else 8}


def test_a_description_that_never_comes_is_counted() -> None:
    """Nothing is written without one; the other figure is not held up."""
    with server(
        lambda *_: written(),
        lambda text, _: says("Sorry", reason="content_filter") if "run 1" in text else "A curve.",
    ) as stub:
        result = written_by(stub, [a_paper(2)])
    assert result.refused == {"description: the model refused": 2, "no description": 1}
    assert {one.evidence.number for one in result.questions} == {"2"}


def test_text_around_the_json_is_left_out_and_counted() -> None:
    with server(lambda *_: f"<think>{{choice}}?</think> Here:\n```json\n{written()}\n```\nEnjoy!") as stub:
        result = written_by(stub)
    assert result.refused == {"text around the JSON, which was left out": 1}
    assert len(result.questions) == 2


def test_more_and_fewer_than_asked_for() -> None:
    """What is too much is dropped; what is too little is asked for once more, without taking one twice."""
    many = [choice(f"Which curve is on top at {place}?") for place in range(5)]
    with server(lambda *_: written(many)) as stub:
        result = written_by(stub, choices=3)
    assert result.refused == {"more questions than asked for": 2}
    assert len(result.questions) == 4

    with server(
        lambda _, count: written([choice()] if count == 0 else [choice(), choice("And below it?")])
    ) as stub:
        result = written_by(stub, choices=2)
    assert result.refused == {
        "fewer questions than asked for": 1,
        "the same question twice": 1,
        "more questions than asked for": 1,
    }, "the number was there already"
    assert len(result.questions) == 3


def test_a_writer_without_eyes_is_refused() -> None:
    with Stub(fails(400, "this model takes no image")) as stub, pytest.raises(EvalhubError, match="cannot write"):
        written_by(stub)


def test_a_paper_without_pictures_asks_nobody() -> None:
    with server(lambda *_: written()) as stub:
        assert written_by(stub, [paper()]) == Written()
        assert not stub.asked


def test_the_object_with_the_fields_is_found() -> None:
    """Not the first brace."""
    assert found('{"a": 1} {"b": {"c": 2}}', ["b"]).fields == {"b": {"c": 2}}
    assert not found(json.dumps({"b": 1}), ["b"]).around
    with pytest.raises(Unusable):
        found("{" * 1_000, ["b"])
