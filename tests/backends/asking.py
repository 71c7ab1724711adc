"""Asking a stub of a server through the backend."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from evalhub.backends.base import Backend, Output, Request
from evalhub.backends.openai import OpenAIBackend
from ingest.records import Condition
from tests.backends.stub_server import (
    Stub,
)

KEY = "sk-do-not-show-this-to-anybody"
ASKED = Condition(temperature=0.7, top_p=0.9, max_tokens=50, stop=("\n\n",))
PNG = b"\x89PNG\r\n\x1a\n and so on"


@contextmanager
def opened(stub: Stub, **more: Any) -> Iterator[OpenAIBackend]:
    backend = OpenAIBackend(stub.name, **more)
    try:
        yield backend
    finally:
        backend.close()


def ask(backend: Backend, requests: list[Request], seconds: float = 10) -> list[Output]:
    """The outputs of requests, in the requests' order."""
    backend.submit(requests)
    outputs: list[Output] = []
    ends = time.monotonic() + seconds
    while len(outputs) < len(requests):
        assert time.monotonic() < ends, f"{len(outputs)} of {len(requests)} came"
        outputs += backend.collect(0.5)
    places = {(request.sample_id, request.attempt): place for place, request in enumerate(requests)}
    return sorted(outputs, key=lambda output: places[output.request.sample_id, output.request.attempt])


def one(backend: OpenAIBackend, asked: Condition = ASKED, **more: Any) -> Output:
    """The output of one request."""
    request = Request("s", 0, 0, "What?", backend.condition(asked), **more)
    return ask(backend, [request])[0]


def attempts(backend: OpenAIBackend, count: int, sample: str = "s", asked: Condition = ASKED) -> list[Request]:
    return [Request(sample, number, 0, "What?", backend.condition(asked)) for number in range(count)]


@contextmanager
def behind_a_public_address(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The stub is on this machine; let it pass for a server that sends bills."""
    with monkeypatch.context() as patch:
        patch.setattr("evalhub.backends.address._is_own", lambda _: False)
        yield
