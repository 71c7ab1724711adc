"""Hostile programs fail and harm nothing, in every kind of jail."""

from __future__ import annotations

import os
import platform
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from evalhub.sandbox import Limits, Sandbox
from ingest.records import Status

from . import forgeries, hostile, hostile_system, hostile_use
from .conftest import LIMITS
from .helpers import HONEST, cpu_of_ended, descendants, judge

HARMED = "def check(candidate):\n    assert candidate(2) is True\n"
UNTOLD = "def check(candidate):\n    assert candidate(2) == 'known to nobody'\n"
SECRET = "a secret of the parent"

PROGRAMS = {
    name: (program, tests, detail)
    for tests, programs in (
        (HARMED, {**hostile.PROGRAMS, **hostile_system.PROGRAMS, **hostile_use.PROGRAMS}),
        (UNTOLD, forgeries.PROGRAMS),
    )
    for name, (program, detail) in programs.items()
}
"""By what each does: the program, the tests that judge it, and a part of what its judgement says."""


def told(program: str, canary: Path, port: int) -> str:
    """A hostile program with what it is told of its surroundings."""
    values = {
        "CANARY": str(canary),
        "SECRET": SECRET,
        "PORT": port,
        "PARENT": os.getpid(),
        "HOST": platform.node(),
        "COLUMN": int(platform.machine() == "aarch64"),
    }
    return "".join(f"{key} = {value!r}\n" for key, value in values.items()) + program


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
    text, tests, detail = PROGRAMS[name]
    program = told(text, canary, server.getsockname()[1])
    honest = HONEST + "left = 'left by an earlier program'\n"
    assert judge(sandbox, honest).passed is True
    before = descendants(os.getpid())
    temporary = {path.name for path in Path(tempfile.gettempdir()).iterdir()}
    used = cpu_of_ended(before)

    judgement = judge(sandbox, program, tests)

    assert judgement.passed is False
    assert judgement.status is Status.OK
    assert detail in judgement.detail
    assert len(judgement.detail) <= 200
    assert judgement.detail.isprintable()
    assert canary.read_text() == "sings"
    with pytest.raises(BlockingIOError):
        server.accept()
    after = descendants(os.getpid())
    if before == after:  # else it took its jail down, which is started again
        # The program and the tests have a limit each.
        assert cpu_of_ended(after) - used <= 2 * LIMITS.cpu_seconds + 0.3
    # At most two runs; jails that went down are started anew, on a machine that others keep busy.
    assert judgement.seconds <= 2 * LIMITS.wall_seconds + 4
    assert len(after) == len(before)
    assert not {"0", "1", "link", "harm"} & ({path.name for path in Path("/tmp").iterdir()} - temporary)
    assert judge(sandbox, honest).passed is True


@pytest.fixture(scope="module")
def impatient(kind: str) -> Iterator[Sandbox]:
    """A sandbox that waits for nobody long."""
    with Sandbox(workers=1, limits=Limits(wall_seconds=0.5), jail=kind) as made:  # type: ignore[arg-type]
        yield made


@pytest.mark.parametrize("name", forgeries.WAITING)
def test_waiting_is_a_timeout_and_never_a_pass(impatient: Sandbox, name: str) -> None:
    judgement = judge(impatient, forgeries.WAITING[name], UNTOLD)
    assert (judgement.status, judgement.passed) == (Status.TIMEOUT, None)
    assert 1 <= judgement.seconds < 10
    assert judge(impatient, HONEST).passed is True


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
