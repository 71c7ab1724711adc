"""A model in an actor: the same backend as in a process of one's own."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version

from evalhub.backends.base import Backend, Request
from evalhub.backends.kinds import kind_of, start
from evalhub.cluster.parts import to_part
from evalhub.errors import EvalhubError
from evalhub.runtime.roofline import Architecture
from ingest.records import Condition, Model, Sample


@dataclass(frozen=True)
class About:
    """What a replica says of itself once the model is loaded."""

    model: Model
    capacity: int
    notes: tuple[str, ...]
    architecture: Architecture | None
    host: str
    pid: int


class Replica:
    """Runs in an actor of its own, which makes it at once, so that it is known to have a place before it loads."""

    def __init__(self) -> None:
        self._backend: Backend

    def load(self, name: str, device: str, dtype: str, cores: int, release: str) -> About:
        """Load the model.

        Args:
            cores: at most so many are used.
            release: evalhub's, at home.

        Raises:
            EvalhubError: it cannot be run here, or evalhub is another one here.
        """
        host = socket.gethostname()
        if (here := version("evalhub")) != release:
            raise EvalhubError(f"evalhub is {here} on {host} and {release} where it was started: install one")
        os.environ["EVALHUB_CORES"] = str(cores)
        self._backend = start(kind_of(name), name, device=device, dtype=dtype, price=None)
        architecture = getattr(self._backend, "architecture", None)
        return About(
            self._backend.model,
            self._backend.capacity,
            tuple(self._backend.notes),
            architecture,
            host,
            os.getpid(),
        )

    def condition(self, asked: Condition) -> Condition:
        return self._backend.condition(asked)

    def refuses(self, sample: Sample, asked: Condition) -> str:
        return self._backend.refuses(sample, asked)

    def step(self, requests: Sequence[Request], seconds: float) -> bytes:
        """Take more requests, and wait so long at most for outputs: a part, see `evalhub.cluster.parts`."""
        if requests:
            self._backend.submit(requests)
        return to_part(self._backend.collect(seconds))
