"""One model that runs in several places at once, as one backend."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import fields
from typing import Protocol

from evalhub.backends.base import Output, Request
from evalhub.backends.dealing import Taker, deal
from evalhub.errors import EvalhubError
from evalhub.runtime.roofline import Architecture
from evalhub.wording import counted
from ingest.records import Condition, Model, Sample, Status

_LOOK = 0.005
"""Seconds between looks at whether somebody has an output."""

_log = logging.getLogger(__name__)


class Place(Protocol):
    """Where the model runs."""

    @property
    def name(self) -> str: ...

    @property
    def capacity(self) -> int:
        """Requests that it takes at once; 0 until it has started."""
        ...

    def condition(self, asked: Condition) -> Condition: ...

    def refuses(self, sample: Sample, asked: Condition) -> str: ...

    def submit(self, requests: Sequence[Request]) -> None:
        """Take requests; returns at once.

        Raises:
            EvalhubError: it is lost.
        """
        ...

    def collect(self) -> list[Output]:
        """Outputs that are there; returns at once.

        Raises:
            EvalhubError: it is lost.
        """
        ...

    def again(self) -> Place | None:
        """Another one where it was, once it is lost; None where there can be none."""
        ...

    def close(self) -> None:
        """Free what it holds."""
        ...


class Unlike(EvalhubError):
    """The model does not run alike in all places."""


class Spread:
    """A model in several places that answer alike: a request goes to any of them, and to another one where the
    first is lost or fails at it. So outputs are those of one place, as far as each depends on its request alone.

    Args:
        model: as rankings show it.
        places: at least one; those that have not started yet join later.
        notes: what the user should know.
    """

    def __init__(
        self,
        model: Model,
        places: Sequence[Place],
        notes: tuple[str, ...] = (),
        architecture: Architecture | None = None,
    ) -> None:
        self.model, self.notes, self.architecture = model, notes, architecture
        self._places = [_Placed(place) for place in places]
        self._queue: deque[Request] = deque()
        self._conditions: dict[Condition, Condition] = {}
        self._failed: dict[tuple[str, int], set[str]] = {}
        """Names of the places that failed at a request, by sample and attempt."""

    @property
    def capacity(self) -> int:
        return max(1, sum(placed.place.capacity for placed in self._places))

    def refuses(self, sample: Sample, asked: Condition) -> str:
        return self._started()[0].place.refuses(sample, asked)

    def condition(self, asked: Condition) -> Condition:
        """What all places say.

        Raises:
            Unlike: they do not say the same.
        """
        if asked not in self._conditions:
            first, *others = self._started()
            self._conditions[asked] = first.place.condition(asked)
            for other in others:
                self._compare(other, asked)
        return self._conditions[asked]

    def submit(self, requests: Sequence[Request]) -> None:
        self._queue.extend(requests)
        self._hand_out()

    def collect(self, seconds: float) -> list[Output]:
        until = time.monotonic() + seconds
        while True:
            self._hand_out()
            outputs = [output for placed in list(self._places) for output in self._from(placed)]
            left = until - time.monotonic()
            if outputs or left <= 0:
                self._hand_out()
                return outputs
            time.sleep(min(_LOOK, left))

    def close(self) -> None:
        for placed in self._places:
            placed.place.close()

    def _started(self) -> list[_Placed]:
        return [placed for placed in self._places if placed.place.capacity]

    def _hand_out(self) -> None:
        for placed in self._started():
            if not placed.known:
                self._admit(placed)
        for placed, batch in deal(self._queue, [placed for placed in self._places if placed.known]):
            try:
                placed.place.submit(batch)
            except EvalhubError as error:
                self._lose(placed, error)

    def _admit(self, placed: _Placed) -> None:
        """Let a place take part, once it is known to answer like the others."""
        try:
            for asked in self._conditions:
                self._compare(placed, asked)
        except Unlike:
            raise
        except EvalhubError as error:
            self._lose(placed, error)
            return
        placed.capacity, placed.known = placed.place.capacity, True

    def _compare(self, placed: _Placed, asked: Condition) -> None:
        known, found = self._conditions[asked], placed.place.condition(asked)
        if found != known:
            unlike = [
                one.name for one in fields(Condition) if getattr(found, one.name) != getattr(known, one.name)
            ]
            told = ", ".join(f"{name} {getattr(found, name)!r}, not {getattr(known, name)!r}" for name in unlike)
            raise Unlike(f"the model does not run alike in all places: {placed.place.name} has {told}")

    def _from(self, placed: _Placed) -> list[Output]:
        """Outputs of a place that are final."""
        try:
            outputs = placed.place.collect()
        except Unlike:
            raise
        except EvalhubError as error:
            self._lose(placed, error)
            return []
        placed.give_back(outputs)
        return [output for output in outputs if not self._elsewhere(placed, output)]

    def _elsewhere(self, placed: _Placed, output: Output) -> bool:
        """Give a request at which a place failed to one that has not."""
        request = output.request
        key = request.sample_id, request.attempt
        if output.status not in (Status.ERROR, Status.TIMEOUT):
            self._failed.pop(key, None)
            return False
        tried = self._failed.setdefault(key, set())
        tried.add(placed.place.name)
        for other in self._places:
            if other.known and other.place.name not in tried:
                other.take(request)
                try:
                    other.place.submit([request])
                except EvalhubError as error:
                    self._lose(other, error)
                return True
        del self._failed[key]
        return False

    def _lose(self, placed: _Placed, error: EvalhubError) -> None:
        """Go on without a place: what it had goes to others, and to the one that takes its stead."""
        if placed not in self._places:
            return
        self._places.remove(placed)
        placed.place.close()
        fresh = placed.place.again()
        if fresh:
            self._places.append(_Placed(fresh))
        if not self._places:
            raise error
        self._queue.extendleft(reversed(placed.flying.values()))
        requests = counted(len(placed.flying), "request")
        stead = "is started anew" if fresh else f"is left out, {len(self._places)} left"
        _log.warning("%s is lost and %s; others go on with its %s", placed.place.name, stead, requests)
        _log.info("what it said: %s", error)


class _Placed(Taker):
    """A place, and what it was given."""

    def __init__(self, place: Place) -> None:
        super().__init__(place.capacity)
        self.place = place
        self.known = False
        """It answers like the others, so that it is given requests."""
