"""Recorded attempts, served as if a model made them: any stop rule can be tried without one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from evalhub.backends.base import Output, Request
from evalhub.errors import EvalhubError
from ingest.recorded import read_recording
from ingest.records import Condition, Model, Sample, Status, bytes_hash
from ingest.source import SourceError
from kernels.sampling import stream_key

_PREFIX = "replay:"


class ReplayBackend:
    """`replay:FILE` gives the attempts of a file in their order; another seed than 0 gives each sample's attempts
    in another order, always the same one for that seed. An attempt beyond the recorded ones is an error, which is
    missing: keep --max-attempts within them.

    A sample is found in the file by its id in the hub or by its name within its source.
    """

    capacity = 4096
    notes: tuple[str, ...] = ()

    @classmethod
    def handles(cls, name: str) -> bool:
        return name.startswith(_PREFIX)

    def __init__(self, name: str, *, device: str = "auto", dtype: str = "auto") -> None:
        del device, dtype
        if name == _PREFIX:
            raise EvalhubError("name the file of recorded attempts: replay:FILE")
        path = Path(name.removeprefix(_PREFIX)).expanduser()
        try:
            self._recording = read_recording(path)
        except SourceError as error:
            raise EvalhubError(str(error)) from error
        self.model = Model(model_id=f"{_PREFIX}{path.stem}")
        self._revision = bytes_hash(path.read_bytes())[:16]
        self._names: dict[str, str] = {}
        self._order = lru_cache(maxsize=None)(_order)
        self._queue: list[Request] = []

    def refuses(self, sample: Sample, asked: Condition) -> str:
        """Also notes under which name the sample is recorded, for the requests that follow."""
        if asked.answer == "likelihood":
            return "a recording has no log-likelihoods"
        if self._recording.outcomes and sample.grader != "outcome":
            return "the recording has only outcomes: evalhub ingest recorded:FILE makes samples for them"
        for name in (sample.sample_id, sample.source_id):
            if name in self._recording.places:
                self._names[sample.sample_id] = name
                return ""
        return "it is not recorded"

    def condition(self, asked: Condition) -> Condition:
        """The recorded attempts are what they are, however they are asked for, so one condition stands for all."""
        del asked
        return Condition(form="plain", engine="replay/1", revision=self._revision)

    def submit(self, requests: Sequence[Request]) -> None:
        self._queue.extend(requests)

    def collect(self, seconds: float) -> list[Output]:
        del seconds
        outputs = [self._recall(request) for request in self._queue]
        self._queue = []
        return outputs

    def close(self) -> None:
        self._queue = []

    def _recall(self, request: Request) -> Output:
        name = self._names.get(request.sample_id, request.sample_id)
        first, count = self._recording.places.get(name, (0, 0))
        if request.attempt >= count:
            why = f"not recorded: there are {count} attempts of it, keep --max-attempts within them"
            return Output(request, why, Status.ERROR, 0, 0.0)
        row = first + int(self._order(request.seed, name, count)[request.attempt])
        return Output(
            request,
            self._recording.texts[row],
            Status(self._recording.statuses[row]),
            self._recording.tokens[row],
            0.0,
        )


def _order(seed: int, name: str, count: int) -> np.ndarray:
    """The order in which a seed takes a sample's attempts; seed 0 takes them as they were recorded."""
    if seed == 0:
        return np.arange(count)
    return np.random.Generator(np.random.Philox(key=stream_key(seed, name, 0))).permutation(count)
