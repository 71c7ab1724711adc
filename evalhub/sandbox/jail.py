"""One running jail: its processes, the channel to its fork server, and one program at a time."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from typing import IO, Any

from .builders import Builder
from .inside import wire
from .terms import SandboxUnavailable
from .view import view

_START_SECONDS = 60
_REPORT_SECONDS = 15
_REPORT_BYTES = 4096
_GREETING = b"\x05\0\0\0hello"
_SERVER = "import sys; sys.path.append('/code'); from inside import server; server.main()"


@dataclass(frozen=True)
class Report:
    """How the process that ran the program ended, as its keeper saw it."""

    signal: int
    """The signal that killed it; 0 where it exited."""

    exit: int
    """Its exit status; 0 where a signal killed it."""

    cpu: float
    """CPU seconds it used."""

    stopped: bool
    """Whether it was still there when it was told to stop."""

    problem: str
    """Why its cell could not be built; empty where it was."""


class JailBroke(Exception):
    """The jail does not answer; it has to be started anew."""


class Jail:
    """A jail with a fork server in it, for the role `candidate` or `judge`.

    The thread that makes it must outlive it: the jail dies with that thread.
    """

    def __init__(self, builder: Builder, role: str) -> None:
        self._channel, theirs = socket.socketpair()
        proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        shown = view()
        server = [shown.python, "-I", "-S", "-B", "-c", _SERVER, role, str(theirs.fileno()), str(proc)]
        try:
            with tempfile.TemporaryFile() as errors:
                try:
                    self._process = subprocess.Popen(
                        builder(shown, server, proc),
                        stdin=subprocess.DEVNULL,
                        stdout=subprocess.DEVNULL,
                        stderr=errors,
                        env={"LD_LIBRARY_PATH": f"{sys.base_prefix}/lib"},
                        pass_fds=(theirs.fileno(), proc),
                    )
                except BaseException:
                    self._channel.close()
                    raise
                theirs.close()
                self._channel.settimeout(_START_SECONDS)
                if self._channel.recv(len(_GREETING), socket.MSG_WAITALL) != _GREETING:
                    self.close()
                    raise SandboxUnavailable(_last_line(errors))
        except OSError as error:
            raise SandboxUnavailable(str(error)) from error
        finally:
            theirs.close()
            os.close(proc)

    def run(self, request: dict[str, Any], files: list[int]) -> None:
        """Begin a program; `stop` must follow."""
        try:
            wire.send_request(self._channel, request, files)
        except OSError as error:
            raise JailBroke from error

    def stop(self, leaving: bool = False) -> Report:
        """End the program, if it still runs, and say how it ended.

        One that is seen `leaving` is given a moment to end by itself.
        """
        self._channel.settimeout(_REPORT_SECONDS)
        try:
            word = wire.LEAVING if leaving else b""
            self._channel.sendall(len(word).to_bytes(wire.HEADER, "little") + word)
            size = int.from_bytes(self._receive(wire.HEADER), "little")
            if size > _REPORT_BYTES:
                raise JailBroke
            return Report(**json.loads(self._receive(size)))
        except (OSError, ValueError, TypeError) as error:
            raise JailBroke from error

    def _receive(self, size: int) -> bytes:
        data = self._channel.recv(size, socket.MSG_WAITALL)
        if len(data) != size:
            raise JailBroke
        return data

    def close(self) -> None:
        """Kill everything in the jail and wait for it."""
        self._channel.close()
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self._process.wait()


def _last_line(file: IO[bytes]) -> str:
    file.seek(0)
    lines = file.read().decode(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "the jail ended at once")
