"""A model and graders made for the tests: what they say depends on the request alone, when is by chance."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from evalhub.backends.base import Output, Request
from evalhub.graders.base import judged
from evalhub.scoring.plan import Plan
from evalhub.scoring.schedule import Schedule
from evalhub.scoring.score import Scored, score
from evalhub.store.attempts import Verdict
from evalhub.store.hub import Hub
from evalhub.store.samples import add_samples
from ingest.records import Condition, Model, Sample, Status


class Boom(Exception):
    """The interruption."""


def samples(number: int) -> list[Sample]:
    """Samples of different difficulty: the prompt is the chance to pass."""
    return [
        Sample(
            source="fake",
            source_id=str(place),
            prompt=f"{place / number:.3f}",
            reference="yes",
            grader="exact",
            tags=(f"t{place % 2}",),
        )
        for place in range(number)
    ]


def answer(request: Request, truncated: float = 0.1) -> tuple[str, Status]:
    """What the model says: a pass with the chance that the prompt names, now and then cut off."""
    stream = random.Random(f"{request.seed}/{request.sample_id}/{request.attempt}")
    if stream.random() < truncated:
        return "ye", Status.TRUNCATED
    if stream.random() < float(request.text):
        return "yes", Status.OK
    return ("", Status.NO_ANSWER) if stream.random() < 0.2 else (f"no {stream.randrange(5)}", Status.OK)


class Fake:
    """A backend whose outputs come in any order and in batches of any size.

    Args:
        chance: seed of the order.
        dies_after: raise `Boom` when so many outputs were given.
        answers: what the model says.
        refused: says why a sample cannot be asked.
        price: of an attempt, in dollars.
    """

    def __init__(
        self,
        chance: int = 0,
        *,
        dies_after: int | None = None,
        answers: Callable[[Request], tuple[str, Status]] = answer,
        refused: Callable[[Sample], str] = lambda _: "",
        capacity: int = 7,
        price: float | None = None,
    ) -> None:
        self.model = Model(model_id="fake")
        self.capacity = capacity
        self.notes: tuple[str, ...] = ()
        self._price = price
        self.refuses = lambda sample, asked: refused(sample)  # noqa: ARG005
        self._answers = answers
        self._chance = random.Random(chance)
        self._left = dies_after
        self._flying: list[Request] = []
        self.asked: Counter[tuple[str, int]] = Counter()

    def condition(self, asked: Condition) -> Condition:
        return asked

    def submit(self, requests: Sequence[Request]) -> None:
        self._flying += requests
        assert len(self._flying) <= self.capacity
        self.asked.update((request.sample_id, request.attempt) for request in requests)

    def collect(self, seconds: float) -> list[Output]:
        del seconds
        self._chance.shuffle(self._flying)
        number = self._chance.randint(0, len(self._flying))
        if self._left is not None:
            self._left -= number
            if self._left < 0:
                raise Boom
        done, self._flying = self._flying[:number], self._flying[number:]
        return [Output(request, *self._answers(request), 1, 0.0, 3, self._price) for request in done]

    def close(self) -> None:
        pass


class Silent:
    """A watcher that remembers."""

    def __init__(self) -> None:
        self.began: tuple[int, int, int] | None = None
        self.last: tuple[int, int, int, int] | None = None

    def begin(self, schedule: Schedule, samples: Mapping[str, Sample], attempts: int) -> None:
        self._schedule = schedule
        self.began = (len(samples), schedule.settled, attempts)

    def advance(self, tokens: int) -> None:
        schedule = self._schedule
        self.last = (schedule.settled, schedule.made, schedule.remaining(), tokens)


class Judge:
    """A grader that counts what it is asked."""

    def __init__(self, grade: Callable[[Sample, str], Verdict] | None = None, refusal: str = "") -> None:
        self._grade = grade or (lambda sample, text: judged(text == sample.reference))
        self._refusal = refusal
        self._guard = threading.Lock()
        self.asked: Counter[tuple[str, str]] = Counter()
        self.closed = False

    def refuses(self) -> str:
        return self._refusal

    def grade(self, sample: Sample, text: str) -> Verdict:
        with self._guard:
            self.asked[sample.sample_id, text] += 1
        return self._grade(sample, text)

    def close(self) -> None:
        self.closed = True


def run(hub: Hub, backend: Fake, given: Sequence[Sample], **plan: Any) -> Scored:
    """Score the fake model on samples."""
    add_samples(hub, given)
    return score(hub, backend, [sample.sample_id for sample in given], Plan(**plan), Silent())


def table(hub: Hub, name: str) -> list[tuple[object, ...]]:
    """All rows of a table but their times, in order."""
    times = {"attempt": "made_at, seconds", "measurement": "measured_at", "verdict": ""}[name]
    exclude = f"EXCLUDE ({times})" if times else ""
    return sorted(hub.database.execute(f"SELECT * {exclude} FROM {name}").fetchall(), key=repr)
