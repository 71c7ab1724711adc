"""Hostile programs fail and harm nothing, in every kind of jail."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from evalhub.sandbox import Sandbox
from ingest.records import Status

from .helpers import HONEST, descendants, judge
from .hostile import PROGRAMS

HARMED = "def check(candidate):\n    assert candidate(2) is True\n"
SECRET = "a secret of the parent"


@pytest.fixture(scope="module")
def canary() -> Iterator[Path]:
    """A file in the home folder (or, where that is closed to us, beside it)."""
    home = Path.home() if os.access(Path.home(), os.W_OK) else None
    with tempfile.NamedTemporaryFile("w", prefix="evalhub-canary-", dir=home) as file:
        file.write("sings")
        file.flush()
        yield Path(file.name)


@pytest.fixture(scope="module")
def server() -> Iterator[socket.socket]:
    """A server on this machine that nobody should reach."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the environment of the parent."""
    monkeypatch.setenv("EVALHUB_SECRET", SECRET)


@pytest.mark.parametrize("name", PROGRAMS)
def test_fails_and_harms_nothing(sandbox: Sandbox, canary: Path, server: socket.socket, name: str) -> None:
    text, detail = PROGRAMS[name]
    values = {"CANARY": str(canary), "SECRET": SECRET, "PORT": server.getsockname()[1], "PARENT": os.getpid()}
    program = "".join(f"{key} = {value!r}\n" for key, value in values.items()) + text
    honest = HONEST + "left = 'left by an earlier program'\n"
    assert judge(sandbox, honest).passed is True
    before = descendants(os.getpid())
    temporary = {path.name for path in Path(tempfile.gettempdir()).iterdir()}

    judgement = judge(sandbox, program, HARMED)

    assert judgement.passed is False
    assert judgement.status is Status.OK
    assert detail in judgement.detail
    assert len(judgement.detail) <= 200
    assert judgement.detail.isprintable()
    assert canary.read_text() == "sings"
    with pytest.raises(BlockingIOError):
        server.accept()
    assert descendants(os.getpid()) == before
    assert not {"0", "1", "link", "harm"} & ({path.name for path in Path("/tmp").iterdir()} - temporary)
    assert judge(sandbox, honest).passed is True


def test_sleeping_is_a_timeout_and_never_a_pass(sandbox: Sandbox) -> None:
    judgement = judge(sandbox, "import time\ndef f(x):\n    time.sleep(3600)\n    return x * x\n")
    assert (judgement.status, judgement.passed) == (Status.TIMEOUT, None)
    assert judge(sandbox, HONEST).passed is True


def test_a_reply_cannot_answer_a_later_program(sandbox: Sandbox) -> None:
    eager = """
import os
os.write(3, (b'\\x05\\0\\0\\0ready' + b'\\x05\\0\\0\\0=true') * 50)
def f(x):
    return x
"""
    for _ in range(3):
        judge(sandbox, eager)
        assert judge(sandbox, HONEST).passed is True
        assert judge(sandbox, "def f(x):\n    return -1\n").passed is False
