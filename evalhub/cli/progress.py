"""Progress on stderr: bars with rate and time left on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.status import Status

from evalhub.cli.tables import console, escape

_EVERY = 30.0
"""Seconds between lines where there is no terminal."""


def waiting(what: str) -> Status:
    """A spinner for work of unknown length; where there is no terminal, one line."""
    out = console(stderr=True)
    if not out.is_terminal:
        out.print(f"{what} …")
    return Status(what, console=out)


@contextmanager
def telling() -> Iterator[Callable[[str], None]]:
    """A spinner for work in steps that are told; where there is no terminal, nothing."""
    out = console(stderr=True)
    if not out.is_terminal:
        yield lambda _: None
        return
    with Status("", console=out) as status:
        yield lambda step: status.update(f"{escape(step)} …")


class ScoreProgress:
    """Attempts made and to be expected as a bar, with settled samples, tokens a second and time left."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._console = console(stderr=True)
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[state]}"),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._samples = 0
        self._started = self._told = time.monotonic()

    def __enter__(self) -> ScoreProgress:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def begin(self, samples: int, settled: int, attempts: int) -> None:
        """The run starts, or goes on with this much done."""
        self._samples = samples
        self._started = self._told = time.monotonic()
        self._task = self._bar.add_task(self._model, total=None, state=f"{settled:,}/{samples:,} samples")
        if attempts:
            self._console.print(f"{self._model}: going on with {attempts:,} attempts made before")

    def advance(self, settled: int, attempts: int, remaining: int, tokens: int) -> None:
        """So far: settled samples, new attempts, attempts that will probably follow, and new tokens."""
        now = time.monotonic()
        seconds = max(now - self._started, 1e-9)
        state = f"{settled:,}/{self._samples:,} samples, {attempts:,} attempts, {tokens / seconds:,.0f} tokens/s"
        if attempts and remaining:
            left = seconds * remaining / attempts
            state += f", about {left // 60:.0f}:{left % 60:02.0f} left"
        self._bar.update(self._task, completed=attempts, total=attempts + remaining, state=state)
        if not self._console.is_terminal and now - self._told > _EVERY:
            self._told = now
            self._console.print(f"{self._model}: {state}")
