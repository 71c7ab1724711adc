"""One writer at a time, and a message that says who it is."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from evalhub.errors import EvalhubError, HubLocked


@contextmanager
def writer_lock(hub: Path) -> Iterator[None]:
    """Hold the hub's lock for the length of the block. A killed holder's lock is free at once.

    Raises:
        HubLocked: another process holds it; the message names it.
        EvalhubError: nothing can be written to the folder.
    """
    lock = FileLock(hub / "lock")
    holder = hub / "lock.json"
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise HubLocked(f"the hub {hub} is being written by {_describe(holder)}; wait until it ends") from None
    except OSError as error:
        raise EvalhubError(
            f"the hub {hub} cannot be written ({error.strerror or error}), and every command writes to it: "
            "mend its permissions, or copy it elsewhere and name the copy with --hub"
        ) from error
    try:
        holder.write_text(
            json.dumps(
                {
                    "pid": os.getpid(),
                    "host": socket.gethostname(),
                    "command": " ".join(["evalhub", *sys.argv[1:]]),
                    "since": datetime.now().astimezone().isoformat(timespec="seconds"),
                }
            )
        )
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _describe(holder: Path) -> str:
    try:
        known = json.loads(holder.read_text())
        return f"process {known['pid']} on {known['host']} (`{known['command']}`) since {known['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
