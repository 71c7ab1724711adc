"""Outputs on their way home."""

from __future__ import annotations

from evalhub.backends.base import Output, Request, Score
from evalhub.cluster.parts import of_part, to_part
from ingest.records import Condition, Status


def request(sample: str, attempt: int) -> Request:
    return Request(sample, attempt, 0, "What?", Condition(), continuations=("a", "b"))


def test_a_part_gives_back_what_was_put_into_it() -> None:
    """Whatever a model says, and where nothing is known."""
    outputs = [
        Output(request("s", 0), "half of a pair: \ud83d, a zero: \0, \x1b[31m", Status.OK, 7, 0.5, 3, 0.25),
        Output(request("s", 1), "", Status.ERROR, 0, 0.0),
        Output(request("t", 0), "", Status.OK, 0, 0.1, scores=(Score(-1.5, 2, True), Score(-9.0, 1, False))),
    ]
    flying = {(one.request.sample_id, one.request.attempt): one.request for one in outputs}
    assert of_part(to_part(outputs), flying) == outputs
    assert of_part(to_part([]), flying) == []


def test_a_part_that_comes_again_adds_nothing() -> None:
    """Nor does an output that nobody waits for, or one that is in it twice."""
    first, second = (Output(request("s", number), f"{number}", Status.OK, 1, 0.1) for number in range(2))
    part = to_part([first, second, first])
    flying = {("s", 0): first.request, ("s", 1): second.request}
    assert of_part(part, flying) == [first, second]
    del flying["s", 0]
    assert of_part(part, flying) == [second]
    assert of_part(part, {}) == []
