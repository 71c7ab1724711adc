"""How filters and writers put many requests to a model; options in another order each time."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace

from evalhub.backends.base import Backend, Output, Request
from ingest.records import Sample
from kernels.sampling import stream_key

_WAIT = 1.0
"""Seconds of one look at what came back."""


def outputs_of(backend: Backend, requests: Iterable[Request]) -> Iterator[Output]:
    """What a model makes of requests, as it comes; as many are in flight as the model takes.

    Raises:
        EvalhubError: the model died.
    """
    waiting, flying = deque(requests), 0
    while waiting or flying:
        sent = [waiting.popleft() for _ in range(min(backend.capacity - flying, len(waiting)))]
        if sent:
            backend.submit(sent)
        outputs = backend.collect(_WAIT)
        flying += len(sent) - len(outputs)
        yield from outputs


def reshuffled(sample: Sample, seed: int, run: int) -> Sample:
    """The sample with its options in the order of one run: drawn anew for each run, the same for the same seed."""
    options = list(sample.choices)
    random.Random(stream_key(seed, sample.sample_id, run)).shuffle(options)
    return replace(sample, choices=tuple(options))
