"""A restored hub takes the place of the one that is there: a kill at any moment is made good by whoever opens it.

All files of the new hub are first put into a folder inside the hub's own, then a mark is set, and only then are
they moved to their places. Without the mark nothing has happened; with it, moving goes on from where it was.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

KEPT = (
    "hub.duckdb",
    "blobs.sqlite",
    "live.toml",
    "efficiency.toml",
    "prices.toml",
    "runtimes.csv",
    "live",
    "snapshots",
)
"""What a hub consists of."""

_BESIDE = ("hub.duckdb.wal", "hub.duckdb.tmp", "blobs.sqlite-wal", "blobs.sqlite-shm", "search")
"""What belongs to the files that are replaced, and goes with them."""

_STAGE = ".restore"
_MARK = "whole.json"


@contextmanager
def staging(hub: Path) -> Iterator[Path]:
    """A folder for the files of a hub, which replace those that are there when the block ends well. The caller
    holds the writer's lock."""
    stage = hub / _STAGE
    shutil.rmtree(stage, ignore_errors=True)
    stage.mkdir()
    try:
        yield stage
        fresh = stage / f"{_MARK}.tmp"
        with fresh.open("w") as file:
            json.dump([name for name in KEPT if (stage / name).exists()], file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(stage / _MARK)
    except BaseException:
        shutil.rmtree(stage, ignore_errors=True)
        raise
    finish_staged(hub)


def is_staged(hub: Path) -> bool:
    """Whether a whole hub waits to be moved to its place."""
    return (hub / _STAGE / _MARK).exists()


def is_replaced(hub: Path, path: Path) -> bool:
    """Whether something lies where a restore would remove it."""
    return any(path.resolve().is_relative_to(hub.resolve() / name) for name in (*_BESIDE, *KEPT, _STAGE))


def left_staging(hub: Path) -> list[Path]:
    """The folder of a restore that was stopped before it was whole."""
    return [hub / _STAGE] if (hub / _STAGE).exists() and not is_staged(hub) else []


def finish_staged(hub: Path) -> None:
    """Move a hub that was staged whole to its place, where there is one. The caller holds the writer's lock."""
    if not is_staged(hub):
        return
    stage = hub / _STAGE
    named = json.loads((stage / _MARK).read_text())
    for name in (*_BESIDE, *KEPT):
        if name not in named:
            _remove(hub / name)
    for name in named:
        if (stage / name).exists():  # else it was moved before a kill
            _remove(hub / name)
            (stage / name).rename(hub / name)
    (stage / _MARK).unlink()
    shutil.rmtree(stage)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
