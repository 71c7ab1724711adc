"""Logs read side by side, each in a process of its own that may fail without harm."""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from threading import Thread

from evalhub import plugins
from evalhub.imports.find import Found
from ingest.importer import Log, LogError, Told

_ALONE = 1
"""So many logs are read in this process: starting another one takes longer than most of them."""


@dataclass(frozen=True)
class Read:
    """A log that was read, or why it was not."""

    found: Found
    log: Log | None
    error: str = ""


def content_of(found: Found) -> tuple[str, int]:
    """SHA-256 of a log's files, one behind the other, and their bytes."""
    digest, size = hashlib.sha256(), 0
    for path in found.files:
        with path.open("rb") as file:
            while part := file.read(2**20):
                digest.update(part)
                size += len(part)
    return digest.hexdigest(), size


def read_all(logs: Sequence[Found], told: Told) -> Iterator[Read]:
    """Read logs, as many at a time as there are cores. They come in their order."""
    if len(logs) <= _ALONE:
        for found in logs:
            yield _guarded(found, told)
        return
    workers = min(len(logs), len(os.sched_getaffinity(0)))
    with ProcessPoolExecutor(workers, get_context("spawn"), _end_with_parent) as pool:
        # A few more than workers at a time: what is read waits in memory for its turn.
        waiting, running = deque(logs), deque[tuple[Found, Future[Read]]]()
        try:
            while waiting or running:
                while waiting and len(running) < 2 * workers:
                    running.append((waiting[0], pool.submit(_guarded, waiting.popleft(), told)))
                found, future = running.popleft()
                try:
                    yield future.result()
                except BrokenProcessPool:
                    names = ", ".join(str(one.files[0]) for one, _ in [(found, future), *running])
                    yield Read(found, None, f"a reader was killed (out of memory?) while these were read: {names}")
                    return
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _end_with_parent() -> None:
    """Let this process end when the one that it works for is killed: of that, the pool's queues tell nothing."""
    parent = parent_process()
    assert parent is not None

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    Thread(target=watch, daemon=True).start()


def _guarded(found: Found, told: Told) -> Read:
    importer = plugins.make("importer", found.format)
    try:
        return Read(found, importer.read(found.files, told))
    except LogError as error:
        return Read(found, None, str(error))
    except OSError as error:
        return Read(found, None, f"{error.filename or found.files[0]} cannot be read: {error.strerror or error}")
    except (MemoryError, RecursionError) as error:
        return Read(found, None, f"it is too large or nested too deeply to be read ({type(error).__name__})")
