"""The fork server of a jail: an interpreter that has its modules loaded and forks for each program.

Of a request it only sees that one waits. The process that it forks reads it; the server keeps watch: it stops
that process when told, and reports how it ended.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
from typing import Any

from . import candidate, cell, judge, linux, seccomp, wire

ROLES: dict[str, cell.Role] = {"candidate": candidate.main, "judge": judge.main}

# What the prompts and the usual solutions import: loaded once here instead of in every program.
_PRELOADED = (
    *("bisect", "collections", "copy", "dataclasses", "datetime", "decimal", "enum", "fractions"),
    *("functools", "hashlib", "heapq", "itertools", "json", "math", "operator", "random", "re"),
    *("statistics", "string", "typing"),
)

_LAST_MILLISECONDS = 1000


def main() -> None:
    """Serve `ROLE CHANNEL PROC`: descriptors of the parent's channel and of an open /proc."""
    role = ROLES[sys.argv[1]]
    channel = socket.socket(fileno=int(sys.argv[2]))
    proc = int(sys.argv[3])
    _leave_root()
    # Only now: changing ids would have undone it.
    linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
    for name in _PRELOADED:
        importlib.import_module(name)
    for forks in (False, True):
        seccomp.build(os.uname().machine, forks)
    gc.collect()
    gc.freeze()
    own = os.open("self/ns/pid", os.O_RDONLY | os.O_CLOEXEC, dir_fd=proc)
    wire.send(channel.fileno(), b"hello")
    while channel.recv(1, socket.MSG_PEEK):
        watched, keeper = os.pipe()
        linux.unshare(linux.CLONE_NEWPID)
        process = os.fork()
        if process == 0:
            try:
                cell.occupy(channel, proc, keeper, role)
            finally:
                os._exit(1)
        # The next program gets a process namespace of its own, which only this one's own can make.
        linux.enter(own, linux.CLONE_NEWPID)
        os.close(keeper)
        said = os.read(watched, 1024)
        os.close(watched)
        if not said:
            # Nobody knows how much of the request was read: the parent has to start the jail anew.
            sys.exit("a process died before its cell was built")
        report = _watch(channel.fileno(), process)
        report["problem"] = "" if said == cell.READY else said.decode(errors="replace")
        wire.send(channel.fileno(), json.dumps(report).encode())


def _watch(channel: int, process: int) -> dict[str, Any]:
    """Until the process ended and the parent said stop, which it says once for each request."""
    ended = os.pidfd_open(process)
    poll = select.poll()
    poll.register(channel, select.POLLIN)
    poll.register(ended, select.POLLIN)
    report: dict[str, Any] | None = None
    told_to_stop = stopped = False
    while report is None or not told_to_stop:
        ready = {file for file, _ in poll.poll()}
        if channel in ready:
            leaving = wire.receive(channel, 1) == wire.LEAVING
            told_to_stop = True
            poll.unregister(channel)
            if report is None and not (leaving and _ends_by_itself(ended)):
                os.kill(process, signal.SIGKILL)
                stopped = True
        if ended in ready:
            _, status, usage = os.wait4(process, 0)
            poll.unregister(ended)
            os.close(ended)
            report = {
                "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0,
                "exit": os.WEXITSTATUS(status) if os.WIFEXITED(status) else 0,
                "cpu": usage.ru_utime + usage.ru_stime,
                "stopped": stopped,
            }
    return report


def _ends_by_itself(ended: int) -> bool:
    # Files are closed before a process has ended: killed now, who killed it would be unknown.
    poll = select.poll()
    poll.register(ended, select.POLLIN)
    return bool(poll.poll(_LAST_MILLISECONDS))


def _leave_root() -> None:
    """As root, become an ordinary user that may still make namespaces: limits on processes do not bind root.

    A jail that an ordinary user built gives that one right and nothing else.
    """
    if os.geteuid() == 0:
        linux.prctl(linux.PR_SET_KEEPCAPS, 1)
        os.setgroups([])
        os.setresgid(cell.INNER_ID, cell.INNER_ID, cell.INNER_ID)
        os.setresuid(cell.INNER_ID, cell.INNER_ID, cell.INNER_ID)
        linux.set_capabilities(linux.CAP_SYS_ADMIN)
        # Changing ids hid this process's own entries in /proc from it.
        linux.prctl(linux.PR_SET_DUMPABLE, 1)
