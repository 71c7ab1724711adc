"""How the leaderboard's server is started."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

from evalhub.errors import EvalhubError


def server(snapshots: Path, address: str, port: int) -> tuple[list[str], dict[str, str]]:
    """The command and the environment of a server of published snapshots.

    Raises:
        EvalhubError: the leaderboard is not installed.
    """
    entry = importlib.util.find_spec("app.main")
    if entry is None or entry.origin is None:
        raise EvalhubError("the leaderboard is not installed: pip install evalhub")
    command = [
        # -P: where the working folder holds a clone, `evalhub.benchmarks` would be the clone's own folder.
        *(sys.executable, "-P", "-m", "streamlit", "run", entry.origin),
        f"--server.port={port}",
        f"--server.address={address}",
        "--server.headless=true",  # else it asks for an address of e-mail the first time
        "--logger.hideWelcomeMessage=true",
        "--browser.gatherUsageStats=false",
        "--server.fileWatcherType=none",
        *("--", "--snapshots", str(snapshots.resolve())),
    ]
    # Each thread that pages run in would take memory from a heap of its own, where what it frees is of no use to
    # the others: .15 GiB with a million samples. Two are shared; it can only be said before glibc starts.
    return command, {"MALLOC_ARENA_MAX": "2", **os.environ}
