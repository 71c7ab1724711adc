"""The command lines that build a jail around a command: with bubblewrap, or by hand."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from .terms import SandboxUnavailable
from .view import View

INSTALL = "install bubblewrap (Debian, Ubuntu: `apt install bubblewrap`; Fedora: `dnf install bubblewrap`)"

HOST = "jail"
"""What a jail is told of the machine's name."""

Builder = Callable[[View, list[str], int], list[str]]


def bubblewrap(view: View, command: list[str], proc: int) -> list[str]:  # noqa: ARG001
    """The command inside bubblewrap. As root no user namespace: the fork server itself leaves root."""
    program = shutil.which("bwrap")
    if program is None:
        raise SandboxUnavailable(f"bubblewrap is not installed: {INSTALL}")
    line = [program, "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--cap-add", "CAP_SYS_ADMIN"]
    line += ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    line += ["--hostname", HOST]
    if os.geteuid() == 0:
        line += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        line += ["--unshare-user", "--uid", "65534", "--gid", "65534"]
    for folder in view.parents:
        # Left to itself bubblewrap makes them for its own user alone.
        line += ["--dir", folder]
    for outside, inside in view.binds:
        line += ["--ro-bind", outside, inside]
    for target, link in view.links:
        line += ["--symlink", target, link]
    for folder in view.empty:
        line += ["--tmpfs", folder, "--remount-ro", folder]
    line += ["--remount-ro", "/", "--chdir", "/", "--clearenv"]
    if view.libraries:
        line += ["--setenv", "LD_LIBRARY_PATH", view.libraries]
    return [*line, "--", *command]


def by_hand(view: View, command: list[str], proc: int) -> list[str]:
    """The command in namespaces that `inside.byhand` makes with nothing but the kernel."""
    spec = {
        "binds": view.binds,
        "links": view.links,
        "empty": view.empty,
        "command": command,
        "host": HOST,
        "environment": {"LD_LIBRARY_PATH": view.libraries} if view.libraries else {},
        "proc": proc,
    }
    folder = str(Path(__file__).parent)
    code = f"import sys; sys.path.append({folder!r}); from inside import byhand; byhand.main()"
    python = getattr(sys, "_base_executable", sys.executable)
    return [python, "-I", "-S", "-B", "-c", code, json.dumps(spec)]


BUILDERS: dict[str, Builder] = {"bubblewrap": bubblewrap, "namespaces": by_hand}
"""In order of preference."""
