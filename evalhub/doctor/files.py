"""The hub's folder: whether its files are there and can be written, and what killed commands left in it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from evalhub.store.checkup.finding import Finding, shortened
from evalhub.store.staged import KEPT, left_staging

_LITTLE = 64 * 2**20
"""Bytes of free disk below which hardly any command ends well."""


def check_access(hub: Path) -> Iterator[Finding]:
    """Whether we may read and write all of it."""
    paths = [hub, *(hub / name for name in KEPT), hub / "lock"]
    shut = [path for path in paths if path.exists() and not os.access(path, os.R_OK | os.W_OK)]
    if shut:
        yield Finding(
            check="access",
            fault=True,
            what=f"this user may not read and write {shortened([str(path) for path in shut])}",
            todo=f"mount its disk for writing, or give the user the right: chmod -R u+rwX {hub}",
        )


def check_room(hub: Path) -> Iterator[Finding]:
    """Whether the disk has room: a snapshot, and so a publish, takes about as much as the hub's own files."""
    free = shutil.disk_usage(hub).free
    own = sum((hub / name).stat().st_size for name in ("hub.duckdb", "blobs.sqlite") if (hub / name).exists())
    if free < max(own, _LITTLE):
        yield Finding(
            check="room",
            fault=free < _LITTLE,
            what=f"the disk has {free / 2**20:,.0f} MiB free; the hub's files take {own / 2**20:,.0f}",
            todo="free some space before the next command",
        )


def last_writer(hub: Path) -> Iterator[Finding]:
    """A note of a writer that is no more. To be asked while nobody holds the lock."""
    try:
        known = json.loads((hub / "lock.json").read_text())
        told = f"`{known['command']}` (process {known['pid']} on {known['host']}, since {known['since']})"
    except FileNotFoundError:
        return
    except (OSError, ValueError, KeyError, TypeError):
        told = "a command"
    yield Finding(
        check="lock",
        fault=False,
        what=f"{told} was killed before it let the hub go",
        todo="nothing: its lock went with it",
        mended=True,
    )


def check_leftovers(hub: Path) -> Iterator[Finding]:
    """Files that were being written when a command was killed. Nobody else writes: the hub is held."""
    left = [
        *left_staging(hub),
        *hub.glob(".hub.duckdb.tmp*"),
        *(hub / "snapshots").glob(".*.tmp*"),
        *(hub / "search").glob(".*"),
        *(hub / "live").rglob(".*.tmp"),
        *(hub / "hub.duckdb.tmp").glob("*"),
    ]
    if left:
        size = sum(_size(path) for path in left)
        names = [str(path.relative_to(hub)) for path in left]
        yield Finding(
            check="leftovers",
            fault=False,
            what=f"killed commands left {shortened(names)} ({size / 2**20:,.1f} MiB)",
            todo="evalhub doctor --mend removes them",
            mend=partial(_remove, left),
        )


def _remove(paths: list[Path]) -> None:
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _size(path: Path) -> int:
    inside = [one for one in path.rglob("*") if one.is_file()] if path.is_dir() else [path]
    return sum(one.stat().st_size for one in inside)
