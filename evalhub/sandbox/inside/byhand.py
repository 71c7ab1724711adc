"""Build a jail from namespaces alone, for machines without bubblewrap, and execute a command in it."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from . import linux

_INNER_ID = 65534


def main() -> None:
    """`SPECIFICATION`, in JSON: see `evalhub.sandbox.builders.by_hand`, which writes it."""
    spec: dict[str, Any] = json.loads(sys.argv[1])
    linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
    namespaces = (
        linux.CLONE_NEWNS | linux.CLONE_NEWPID | linux.CLONE_NEWNET | linux.CLONE_NEWIPC | linux.CLONE_NEWUTS
    )
    uid, gid = os.geteuid(), os.getegid()
    if uid == 0:
        linux.unshare(namespaces)
    else:
        linux.unshare(namespaces | linux.CLONE_NEWUSER)
        linux.map_only(_INNER_ID, _INNER_ID, uid, gid, spec["proc"])
    socket.sethostname(spec["host"])
    first = os.fork()
    if first == 0:
        _move_in(spec)
        if uid != 0:
            linux.set_capabilities(linux.CAP_SYS_ADMIN, executed=True)
        os.setsid()
        os.execve(spec["command"][0], spec["command"], spec["environment"])
    # The channel must be the jail's alone: its end is how the parent learns that the jail is gone.
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    os.waitpid(first, 0)


def _move_in(spec: dict[str, Any]) -> None:
    linux.mount("none", "/", "none", linux.MS_REC | linux.MS_PRIVATE)
    # A stage on which the old root and the new one stand side by side, so that neither hides the other.
    linux.mount("stage", "/tmp", "tmpfs", linux.MS_NOSUID | linux.MS_NODEV)
    for folder in ("/tmp/old", "/tmp/new"):
        Path(folder).mkdir()
    linux.pivot_root("/tmp", "/tmp/old")
    os.chdir("/")
    linux.mount("jail", "/new", "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, "mode=0755")
    new = Path("/new")
    for source, inside in spec["binds"]:
        old, target = Path("/old" + source), Path("/new" + inside)
        if old.is_dir():
            target.mkdir(parents=True, exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.touch()
        linux.mount(str(old), str(target), "none", linux.MS_BIND | linux.MS_REC)
    for target, link in spec["links"]:
        (new / link.lstrip("/")).symlink_to(target)
    for folder in spec["empty"]:
        Path("/new" + folder).mkdir(exist_ok=True)
        linux.mount("empty", "/new" + folder, "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, "mode=0755")
    linux.make_read_only("/new")
    os.chdir("/new")
    linux.pivot_root(".", ".")
    linux.unmount_lazily(".")
    os.chdir("/")
