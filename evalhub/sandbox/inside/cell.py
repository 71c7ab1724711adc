"""One program's cell: namespaces, a small writable folder, limits, and nothing that outlives it.

The process that enters it is the first of a process namespace of its own, so when it dies the kernel kills
whatever it started. It reads the request itself: the fork server, whose memory every later program inherits,
never holds a program's text.
"""

from __future__ import annotations

import os
import resource
import socket
import sys
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

from . import linux, seccomp, wire

Role = Callable[[dict[str, Any], list[int]], None]

FOLDER = "/tmp"
INNER_ID = 65534
READY = b"ready"
_FIRST_PASSED = 3
_SIGNALS = 64
"""Signals that wait and timers; each takes memory of the kernel's."""


def occupy(channel: socket.socket, proc: int, keeper: int, role: Role) -> NoReturn:
    """Read the request, build the cell, tell the keeper READY or what went wrong, and run the program."""
    request, files = wire.receive_request(channel, 2)
    limits: dict[str, Any] = request["limits"]
    try:
        _enter_namespaces(proc, limits)
        *files, keeper = _close_all_but([*files, keeper], limits)
        _confine(limits)
    except OSError as error:
        os.write(keeper, str(error).encode())
        os._exit(1)
    os.write(keeper, READY)
    os.close(keeper)
    try:
        role(request, files)
    except wire.Closed:
        pass
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _enter_namespaces(proc: int, limits: dict[str, Any]) -> None:
    uid, gid = os.geteuid(), os.getegid()
    linux.unshare(linux.CLONE_NEWUSER | linux.CLONE_NEWNS | linux.CLONE_NEWIPC)
    linux.map_only(INNER_ID, INNER_ID, uid, gid, proc)
    linux.mount(
        "cell",
        FOLDER,
        "tmpfs",
        linux.MS_NOSUID | linux.MS_NODEV | linux.MS_NOEXEC,
        f"size={limits['file_bytes']},nr_inodes=1024,mode=0700",
    )


def _close_all_but(files: list[int], limits: dict[str, Any]) -> list[int]:
    """Renumber these descriptors from 3 on, print into a file of the cell, and close everything else."""
    os.chdir(FOLDER)
    output = os.open(FOLDER, os.O_TMPFILE | os.O_WRONLY, 0o600)
    base = limits["open_files"]
    # Out of the way first: a low number may be another's target.
    high = [os.dup2(file, base + place) for place, file in enumerate([*files, output])]
    os.dup2(high.pop(), 1)
    os.dup2(1, 2)
    low = [os.dup2(file, _FIRST_PASSED + place) for place, file in enumerate(high)]
    os.closerange(_FIRST_PASSED + len(low), resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    return low


def _confine(limits: dict[str, Any]) -> None:
    os.setsid()
    os.environ.clear()
    sys.path[:] = [folder for folder in sys.path if "python" in folder]
    processes: int = limits["processes"]
    for what, most in (
        (resource.RLIMIT_CPU, limits["cpu_seconds"]),
        (resource.RLIMIT_AS, limits["memory_bytes"]),
        (resource.RLIMIT_FSIZE, limits["file_bytes"]),
        (resource.RLIMIT_NOFILE, limits["open_files"]),
        (resource.RLIMIT_NPROC, processes),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_SIGPENDING, _SIGNALS),
    ):
        resource.setrlimit(what, (most, most))
    linux.set_capabilities()
    linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
    seccomp.install(forks=processes > 1)
