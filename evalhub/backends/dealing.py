"""Which of several workers gets a request."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import TypeVar

from evalhub.backends.base import Output, Request

_UNEVEN = 8
"""Requests that one worker may have more than another for the sake of a prompt that it knows."""


class Taker:
    """What a worker has been given and not given back.

    Args:
        capacity: requests that it may have at once.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.samples: set[str] = set()
        """Whose prompts it has seen."""

        self.flying: dict[tuple[str, int], Request] = {}
        """By sample and attempt."""

        self.to_score = 0
        """Characters of the requests that are to be scored: what takes how long is known beforehand there."""

    @property
    def room(self) -> int:
        return self.capacity - len(self.flying)

    def take(self, request: Request) -> None:
        self.samples.add(request.sample_id)
        self.flying[request.sample_id, request.attempt] = request
        self.to_score += _to_score(request)

    def give_back(self, outputs: Iterable[Output]) -> None:
        for output in outputs:
            if self.flying.pop((output.request.sample_id, output.request.attempt), None):
                self.to_score -= _to_score(output.request)


T = TypeVar("T", bound=Taker)


def deal(queue: deque[Request], takers: Sequence[T]) -> list[tuple[T, list[Request]]]:
    """Take requests from the queue for takers with room: a sample's attempts for the one that knows its prompt,
    unless that one has much more to do than another and the queue is too short to make up for it."""
    batches: dict[int, tuple[T, list[Request]]] = {}
    free = [taker for taker in takers if taker.room > 0]
    while queue and free:
        request, uneven = queue.popleft(), max(_UNEVEN, len(queue))
        if request.continuations:
            taker = min(free, key=lambda one: one.to_score)
        else:
            idlest = max(free, key=lambda one: one.room)
            homes = [one for one in free if request.sample_id in one.samples and idlest.room - one.room <= uneven]
            taker = max(homes or [idlest], key=lambda one: one.room)
        taker.take(request)
        batches.setdefault(id(taker), (taker, []))[1].append(request)
        if taker.room <= 0:
            free.remove(taker)
    return list(batches.values())


def _to_score(request: Request) -> int:
    return len(request.text) + sum(map(len, request.continuations)) if request.continuations else 0
