"""Papers out of files that may be anything: each is read within limits, in a process that can be killed.

A worker is limited in time and memory, not in what it may do: it is no sandbox against a flaw in PyMuPDF itself.
"""

from __future__ import annotations

import contextlib
import math
import os
import signal
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from ingest.papers.limits import Limits, PaperError
from ingest.papers.records import Paper

_PAPERS_A_WORKER = 100
"""After which a new one takes its place, so that what a library leaks stays small."""

_MOST_WORKERS = 8


@dataclass(frozen=True)
class PaperFiles:
    """What a paper is to be read from."""

    paths: tuple[Path, ...]
    """Its PDF, its source (an archive, a folder, a .tex file), or both."""

    about: Paper | None = None
    """What is known of it; its contents are filled in. None for a paper that is known by its files alone."""


def read_paper(paths: Sequence[Path], about: Paper | None = None, limits: Limits | None = None) -> Paper:
    """The figures and tables of one paper; see `PaperFiles`.

    Raises:
        PaperError: it cannot be read, or not within the limits; the message is one line.
    """
    ((_, read),) = read_papers([PaperFiles(tuple(paths), about)], limits=limits, workers=1)
    if isinstance(read, PaperError):
        raise read
    return read


def read_papers(
    papers: Iterable[PaperFiles], *, limits: Limits | None = None, workers: int | None = None
) -> Iterator[tuple[PaperFiles, Paper | PaperError]]:
    """Papers, or why they are refused, in the order in which they are done.

    papers: taken up one by one, when a worker is free. workers: how many; as many as there are cores by default,
    at most 8.
    """
    limits = limits or Limits()
    workers = workers or min(len(os.sched_getaffinity(0)), _MOST_WORKERS)
    waiting = iter(papers)
    idle: list[_Worker] = []
    busy: list[_Worker] = []
    try:
        while True:
            while len(busy) < workers and (paper := next(waiting, None)) is not None:
                worker = idle.pop() if idle else _Worker(limits)
                worker.start(paper)
                busy.append(worker)
            if not busy:
                return
            until = min(worker.deadline for worker in busy) - time.monotonic()
            ready = wait([worker.channel for worker in busy], timeout=max(0.0, until))
            for worker in [worker for worker in busy if worker.channel in ready or worker.overdue]:
                busy.remove(worker)
                result = worker.result()
                if worker.usable:
                    idle.append(worker)
                else:
                    worker.stop()
                yield worker.paper, result
    finally:
        for worker in (*idle, *busy):
            worker.stop()


class _Worker:
    """A process that reads one paper at a time."""

    paper: PaperFiles
    deadline: float

    def __init__(self, limits: Limits) -> None:
        spawn = get_context("spawn")
        self.channel, theirs = spawn.Pipe()
        self._limits = limits
        self._process: BaseProcess = spawn.Process(target=_work, args=(theirs, limits), daemon=True)
        self._process.start()
        theirs.close()
        self._papers = 0
        self._broken = False

    def start(self, paper: PaperFiles) -> None:
        """Hand it a paper."""
        self.paper = paper
        self.deadline = time.monotonic() + self._limits.seconds
        self._papers += 1
        with contextlib.suppress(OSError):  # if it is dead, `result` says so
            self.channel.send(paper)

    @property
    def overdue(self) -> bool:
        return time.monotonic() >= self.deadline

    @property
    def usable(self) -> bool:
        """Whether it can take another paper."""
        return not self._broken and self._papers < _PAPERS_A_WORKER

    def result(self) -> Paper | PaperError:
        """What it sent; a refusal if it died or is late."""
        if self.channel.poll():
            try:
                result: Paper | PaperError = self.channel.recv()
                return result
            except (EOFError, OSError):
                self._broken = True
                self._process.join(10)
                return PaperError(self._cause_of_death())
        self._broken = True
        return PaperError(f"reading it takes longer than {self._limits.seconds:g} s")

    def _cause_of_death(self) -> str:
        if self._process.exitcode == -signal.SIGXCPU:
            return f"reading it takes more than {self._limits.cpu_seconds} s of processor time"
        return "reading it ended the process that did; the file may be broken on purpose"

    def stop(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.join()
        self.channel.close()


def _work(channel: Connection, limits: Limits) -> None:
    """What a worker does: read papers until nobody sends any."""
    import resource

    from ingest.papers.extract import extract

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends its workers itself
    _limit(resource.RLIMIT_AS, limits.memory_bytes)
    _limit(resource.RLIMIT_CORE, 0)
    while True:
        try:
            paper = channel.recv()
        except (EOFError, OSError):
            return
        used = resource.getrusage(resource.RUSAGE_SELF)
        # The system counts in whole seconds: rounded down, a paper would have up to one second less.
        _limit(resource.RLIMIT_CPU, math.ceil(used.ru_utime + used.ru_stime) + limits.cpu_seconds)
        try:
            result: Paper | PaperError = extract(paper.paths, paper.about, limits)
        except PaperError as error:
            result = error
        except MemoryError:
            result = PaperError(f"reading it needs more than {limits.memory_bytes >> 20:,} MiB of memory")
        except Exception as error:
            result = PaperError(f"it cannot be read: {type(error).__name__}: {' '.join(str(error).split())[:150]}")
        channel.send(result)


def _limit(what: int, value: int) -> None:
    """Set a limit that may be set again, as far as the system has it."""
    import resource

    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(what, (value, resource.getrlimit(what)[1]))
