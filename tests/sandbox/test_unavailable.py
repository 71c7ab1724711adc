"""Without a jail that holds nothing runs: one line says what to install."""

from __future__ import annotations

import subprocess
import sys

import pytest

from evalhub.sandbox import Sandbox, SandboxUnavailable
from evalhub.sandbox import sandbox as module
from evalhub.sandbox.builders import BUILDERS, bubblewrap
from evalhub.sandbox.view import View


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was found out about this machine before."""
    monkeypatch.setattr(module, "_found", {})


def _refused(view: View, command: list[str], proc: int) -> list[str]:  # noqa: ARG001
    return [sys.executable, "-c", "import sys; print('unshare: Operation\\nnot permitted', file=sys.stderr)"]


def _with_an_open_door(view: View, command: list[str], proc: int) -> list[str]:
    line = bubblewrap(view, command, proc)
    before_closing = line.index("--chdir") - len(["--remount-ro", "/"])
    return [*line[:before_closing], "--proc", "/proc", *line[before_closing:]]


def test_neither_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setitem(BUILDERS, "namespaces", _refused)
    with pytest.raises(SandboxUnavailable) as raised:
        Sandbox()
    message = str(raised.value)
    assert "apt install bubblewrap" in message
    assert "not permitted" in message
    assert message.isprintable()


def test_without_bubblewrap_namespaces_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        Sandbox(jail="namespaces").close()
    except SandboxUnavailable as error:
        pytest.skip(str(error))
    monkeypatch.setenv("PATH", "/nonexistent")
    with Sandbox() as sandbox:
        assert sandbox.kind == "namespaces"
    with pytest.raises(SandboxUnavailable, match="bubblewrap is not installed"):
        Sandbox(jail="bubblewrap")


def test_a_jail_with_an_open_door_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        Sandbox(jail="bubblewrap").close()
    except SandboxUnavailable as error:
        pytest.skip(str(error))
    monkeypatch.setattr(module, "_found", {})
    monkeypatch.setitem(BUILDERS, "bubblewrap", _with_an_open_door)
    with pytest.raises(SandboxUnavailable, match="self-check found open: the folder of processes"):
        Sandbox(jail="bubblewrap")


def test_what_was_found_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[str] = []

    def counted(view: View, command: list[str], proc: int) -> list[str]:
        tries.append("")
        return _refused(view, command, proc)

    monkeypatch.setitem(BUILDERS, "bubblewrap", counted)
    for _ in range(2):
        with pytest.raises(SandboxUnavailable):
            Sandbox(jail="bubblewrap")
    assert len(tries) == 1


def test_other_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(SandboxUnavailable, match="Linux"):
        Sandbox()


def test_importing_is_cheap() -> None:
    code = "import sys, evalhub.sandbox; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"numpy", "polars", "torch", "duckdb", "asyncio"} & set(run.stdout.split())
