"""Models that know nothing: what chance alone would score."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Sequence

from evalhub.backends.base import Output, Request
from evalhub.errors import EvalhubError
from ingest.records import Condition, Model, Sample, Status
from kernels.sampling import stream_key

RANDOM = "baseline:random"
_NAMES = (RANDOM, "baseline:empty")


class BaselineBackend:
    """`baseline:random` picks an option, or a whole number up to the largest in the question (at least 10);
    `baseline:empty` says nothing."""

    capacity = 4096
    notes: tuple[str, ...] = ()

    @classmethod
    def handles(cls, name: str) -> bool:
        return name.startswith("baseline:")

    def __init__(self, name: str, *, device: str = "auto", dtype: str = "auto") -> None:
        del device, dtype
        if name not in _NAMES:
            raise EvalhubError(f"unknown baseline '{name}': there are {' and '.join(_NAMES)}")
        self.model = Model(model_id=name, parameters=0)
        self._queue: list[Request] = []

    def refuses(self, sample: Sample, asked: Condition) -> str:
        del sample, asked
        return ""

    def condition(self, asked: Condition) -> Condition:
        """Prompt form and decoding are lost on a baseline, so one condition stands for all of them."""
        del asked
        return Condition(form="plain", engine="baseline/1")

    def submit(self, requests: Sequence[Request]) -> None:
        self._queue.extend(requests)

    def collect(self, seconds: float) -> list[Output]:
        del seconds
        outputs = [self._answer(request) for request in self._queue]
        self._queue = []
        return outputs

    def close(self) -> None:
        self._queue = []

    def _answer(self, request: Request) -> Output:
        started = time.perf_counter()
        if self.model.model_id != RANDOM:
            return Output(request, "", Status.NO_ANSWER, 0, 0.0)
        stream = random.Random(stream_key(request.seed, request.sample_id, request.attempt))
        if request.choices:
            text = stream.choice(request.choices)
        else:
            largest = max([int(digits) for digits in re.findall(r"\d{1,18}", request.text)], default=10)
            text = str(stream.randint(0, max(largest, 10)))
        return Output(request, text, Status.OK, 1, time.perf_counter() - started)
