"""Language models through transformers on torch, in worker processes."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from evalhub.backends.base import Output, Request
from evalhub.backends.card import why_no_card
from evalhub.backends.dealing import Taker, deal
from evalhub.backends.weights import resolve
from evalhub.engine.job import Job, Remark
from evalhub.engine.memory import check_fit, free_memory
from evalhub.errors import EvalhubError
from ingest.records import Condition, Model, Sample

_log = logging.getLogger(__name__)

_SLOTS = {"cpu": 64, "cuda": 256}
_SPARE = {"cpu": 4, "cuda": 256}
"""Requests that a worker has beyond its slots, so that one that falls free finds the next already there: a GPU may
end all its attempts at once, and is at its next step before others could come."""

_ALLOCATION = {"MALLOC_MMAP_THRESHOLD_": str(1 << 25), "MALLOC_TRIM_THRESHOLD_": str(1 << 32)}
"""glibc gives large blocks back to the system at once, and each step would fault all their pages in again. It
takes no threshold above 32 MiB."""

_FOR_STATES = 0.5
"""Share of the free memory that keys and values may take, of all workers together."""


class TransformersBackend:
    """Any decoder model that transformers can load: hub id, local folder, .gguf file, or the embedded one."""

    @classmethod
    def handles(cls, name: str) -> bool:
        # `word:` means another backend, as in baseline:, openai:, replay:.
        return not re.match(r"[a-z][a-z-]*:", name)

    def __init__(self, name: str, *, device: str = "auto", dtype: str = "auto") -> None:
        weights = resolve(name)
        kind, dtype, notes = _arithmetic(device, dtype)
        folder = weights.folder(dtype)
        count = _cores() if kind == "cpu" else 1
        if kind == "cpu":
            check_fit(name, folder, dtype)
        memory = int(free_memory() * _FOR_STATES / count)
        pairs = [Pipe() for _ in range(count)]
        # A session of its own: Ctrl-C is for the parent, whose ends of the pipes are what the workers live by.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "evalhub.engine.worker", *(str(theirs.fileno()) for _, theirs in pairs)],
            pass_fds=[theirs.fileno() for _, theirs in pairs],
            start_new_session=True,
            env={**os.environ, **_ALLOCATION},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _, theirs in pairs:
            theirs.close()
        self._workers = [_Worker(ours, _SLOTS[kind] + _SPARE[kind]) for ours, _ in pairs]
        try:
            self._workers[0].pipe.send(Job(folder, kind, dtype, _SLOTS[kind], memory))
            ready = [worker.message() for worker in self._workers]
        except EvalhubError as error:
            self.close()
            raise EvalhubError(f"{name} cannot be run here: {error}") from None
        except BaseException:  # Ctrl-C while loading, too
            self.close()
            raise
        self.model = Model(
            model_id=weights.model_id, parameters=ready[0].parameters, licence=weights.licence, open_weights=True
        )
        self.architecture = ready[0].architecture
        self.capacity = sum(worker.capacity for worker in self._workers)
        self.notes = (*notes, *ready[0].notes)
        self._ready = ready[0]
        self._engine = f"{ready[0].engine}/{dtype}"
        self._revision = weights.revision
        self._queue: deque[Request] = deque()

    def refuses(self, sample: Sample, asked: Condition) -> str:
        if sample.images and not self._ready.eyes:
            return "it has no eyes for images"
        if asked.answer == "likelihood" and not self._ready.likelihood:
            return "it does not say how likely a text is"
        return "it scores no choices beside images" if sample.images and asked.answer == "likelihood" else ""

    def condition(self, asked: Condition) -> Condition:
        form = asked.form if self._ready.chat else "plain"
        return replace(asked, form=form, engine=self._engine, revision=self._revision)

    def submit(self, requests: Sequence[Request]) -> None:
        self._queue.extend(requests)
        self._hand_out()

    def collect(self, seconds: float) -> list[Output]:
        outputs: list[Output] = []
        for pipe in wait([worker.pipe for worker in self._workers], seconds):
            worker = next(worker for worker in self._workers if worker.pipe is pipe)
            outputs.extend(worker.receive())
        self._hand_out()
        return outputs

    def close(self) -> None:
        for worker in self._workers:
            worker.pipe.close()
        # The forks, too: they are in the session that the first one leads.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _hand_out(self) -> None:
        for worker, batch in deal(self._queue, self._workers):
            worker.send(batch)


class _Worker(Taker):
    """The parent's end of a worker process."""

    def __init__(self, pipe: Connection, capacity: int) -> None:
        super().__init__(capacity)
        self.pipe = pipe

    def send(self, requests: list[Request]) -> None:
        try:
            self.pipe.send(requests)
        except (BrokenPipeError, ConnectionResetError):
            self.message()

    def receive(self) -> list[Output]:
        outputs: list[Output] = self.message()
        self.give_back(outputs)
        return outputs

    def message(self) -> Any:
        """The next message; an error that the worker sent, or its death, is raised."""
        try:
            message = self.pipe.recv()
        except (EOFError, ConnectionResetError):
            raise EvalhubError(
                "a worker process was killed (out of memory?); run the same command to go on where it was"
            ) from None
        if isinstance(message, EvalhubError):
            raise message
        if isinstance(message, Remark):
            _log.warning("%s", message.words)
            return []
        return message


def _arithmetic(device: str, dtype: str) -> tuple[str, str, tuple[str, ...]]:
    """Device and dtype to run with, and what is to be said of them: CUDA where it is, bfloat16 where the hardware
    computes in it."""
    there, why_not = why_no_card()
    if device == "cuda" and why_not:
        raise EvalhubError(f"{why_not}: use --device cpu")
    kind = device if device != "auto" else "cpu" if why_not else "cuda"
    if dtype == "auto":
        dtype = "bfloat16" if kind == "cuda" or _cpu_has_bfloat16() else "float32"
    left = there and device == "auto" and kind == "cpu"
    return kind, dtype, (f"it runs on the CPU, though there is a GPU: {why_not}",) if left else ()


def _cores() -> int:
    """Cores to use: all that this process may, or as many of them as EVALHUB_CORES says."""
    free, text = len(os.sched_getaffinity(0)), os.environ.get("EVALHUB_CORES", "")
    if text and not (text.isdecimal() and int(text) > 0):
        raise EvalhubError(f"EVALHUB_CORES must be a number of cores, not '{text}'")
    return min(free, int(text)) if text else free


def _cpu_has_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 matrices itself; else float32 is faster and closer."""
    try:
        return "avx512_bf16" in Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
