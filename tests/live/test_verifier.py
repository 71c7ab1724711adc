"""Models that answer written questions without the key: what they are asked, who counts, what is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from evalhub.backends import http_client
from evalhub.backends.base import Backend, Request
from evalhub.backends.opening import open_backend
from evalhub.errors import EvalhubError
from evalhub.live.ledger import reasons
from evalhub.live.verifier import NONE_RIGHT, Quorum, Verified, self_preference, verify
from ingest.records import Status
from tests.backends.stub_server import Stub, fails
from tests.live.made import Solver, question
from tests.live.writing_server import letter_of, verifying

OPTIONS = ("red", "green", "blue", "grey")
RED = question(0, *OPTIONS, key="red", writer="writer")
NUMBER = question(1, key="12.5", writer="writer")


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No time is lost between tries."""
    monkeypatch.setattr(http_client, "FIRST_PAUSE", 0.001)


@contextmanager
def opened(*stubs: Stub) -> Iterator[list[Backend]]:
    with ExitStack() as stack:
        backends = []
        for stub in stubs:
            stack.enter_context(stub)
            backends.append(open_backend(stub.name))
            stack.callback(backends[-1].close)
        yield backends


def said(answer: str, name: str = "verifier") -> Verified:
    """What comes of a verifier that says this of both questions."""
    return verify([RED, NUMBER], [Solver(lambda _: answer, name)])


def test_a_server_is_asked_without_the_key_one_question_at_a_time_in_other_orders() -> None:
    """With the picture, and held to the letters of the options."""
    stub = verifying(lambda _, options: letter_of(options, "red") if options else '{"answer": 12.50}')
    with opened(stub) as backends:
        result = verify([RED, NUMBER], backends, Quorum(runs=6, need=4))
    assert result.kept == [RED, NUMBER] and not result.removed
    assert result.verified_by(RED.sample.sample_id) == ["openai:tiny"]
    bodies = [body for body in stub.asked if "response_format" in body]
    assert len(bodies) == 12
    texts = [body["messages"][0]["content"][-1]["text"] for body in bodies]
    assert all(("Question 000?" in text) != ("Question 001?" in text) for text in texts)
    assert len({text for text in texts if "Question 000?" in text}) > 3, "orders"
    assert all("12.5" not in text for text in texts)
    assert all(body["messages"][0]["content"][0]["type"] == "image_url" for body in bodies)
    schemas = [body["response_format"]["json_schema"]["schema"]["properties"]["answer"] for body in bodies]
    assert {json.dumps(schema) for schema in schemas} == {
        json.dumps({"type": "string", "enum": ["A", "B", "C", "D", NONE_RIGHT]}),
        json.dumps({"type": "number"}),
    }


def test_another_answer_or_none_takes_a_question_out() -> None:
    def answer(request: Request) -> str:
        return '{"answer": "green"}' if request.choices else '{"answer": 13}'

    result = verify([RED, NUMBER], [Solver(answer, "verifier")])
    assert reasons(result.removed) == {"agreement": {"verifier answers otherwise": 2}}
    assert [gone.question for gone in said(f'{{"answer": "{NONE_RIGHT}"}}').removed] == [RED, NUMBER]
    assert not result.verified_by(RED.sample.sample_id)


@pytest.mark.parametrize("answer", ['{"answer": "red"}', "red", "The answer is red.", 'Sure: {"answer": "red"}!'])
def test_an_answer_is_read_as_graders_read_it(answer: str) -> None:
    assert said(answer).kept == [RED]


def test_so_many_runs_have_to_agree() -> None:
    """Two of three by default."""
    for agreeing in range(4):
        solver = Solver(lambda request, n=agreeing: "red" if request.attempt < n else "blue")  # type: ignore[misc]
        vote = verify([RED], [solver]).votes[0]
        assert (vote.agreed, vote.answered) == (agreeing, 3)
        assert vote.said == ("agrees" if agreeing >= 2 else "differs")


def test_missing_answers_are_neither_yes_nor_no() -> None:
    """But without a quorum nothing is verified."""
    lost = verify([RED], [Solver(lambda request: "red" if request.attempt == 0 else Status.TIMEOUT)])
    assert lost.votes[0].said == "undecided" and lost.votes[0].missing == 2
    assert reasons(lost.removed) == {"agreement": {"too few answers to verify it": 1}}

    sick, well = Solver(lambda _: Status.ERROR, "sick"), Solver(lambda _: "red", "well")
    result = verify([RED], [sick, well])
    assert result.kept == [RED] and result.verified_by(RED.sample.sample_id) == ["well"]


def test_one_that_differs_outweighs_others() -> None:
    result = verify([RED], [Solver(lambda _: "red", "one"), Solver(lambda _: "grey", "two")])
    assert reasons(result.removed) == {"agreement": {"two answers otherwise": 1}}


def test_a_writers_own_word_does_not_count() -> None:
    """It is asked for and recorded; whoever wants it to count says so."""
    own, other = Solver(lambda _: "red", "writer"), Solver(lambda _: "blue", "other")
    assert not verify([RED], [own, other]).kept
    with pytest.raises(EvalhubError, match="nobody but writer itself"):
        verify([RED], [own])
    alone = verify([RED], [own], trust_writers=True)
    assert alone.kept == [RED] and alone.verified_by(RED.sample.sample_id) == []


def test_who_favours_its_own_is_seen() -> None:
    """Two models write ten questions each; one gives its own keys nine times of ten, others half the time."""
    made = [
        question(place, *OPTIONS, key="red", writer="proud" if place < 10 else "modest") for place in range(20)
    ]

    def proud(request: Request) -> str:
        place = int(request.text.split("?")[0][-3:])
        return "red" if place < 9 or place >= 15 else "blue"

    result = verify(
        made, [Solver(proud, "proud"), Solver(lambda _: "red", "modest"), Solver(lambda _: "red", "x")]
    )
    shares = {one.model: (one.own.mean, one.others.mean) for one in self_preference(result.votes)}
    assert shares == {"proud": (0.9, 0.5), "modest": (1.0, 1.0)}
    for one in self_preference(result.votes):
        assert one.own.low <= one.own.mean <= one.own.high and one.own.n == 10
    told = result.to_json(Quorum())
    assert told["votes"]["proud"] == {"agrees": 14, "differs": 6}
    assert told["by_luck"] == pytest.approx(10 / 64), "two or three of three at a quarter"


def test_a_verifier_without_eyes_is_refused() -> None:
    with (
        opened(Stub(fails(400, "no images here"))) as backends,
        pytest.raises(EvalhubError, match="cannot verify"),
    ):
        verify([RED], backends)


def test_a_server_that_only_makes_trouble_verifies_nothing() -> None:
    """Junk, cut-off and overlong answers are missing or wrong, never right."""
    answers = iter(["{" * 70_000, "{}", '{"answer": {"A": 1}}', '{"answer": null}', "[]", "no idea"] * 3)
    with opened(verifying(lambda *_: next(answers, ""))) as backends:
        result = verify([RED], backends, Quorum(runs=6, need=2))
    assert not result.kept
    assert result.votes[0].agreed == 0
