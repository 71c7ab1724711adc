"""Progress on stderr: a live table by source on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from rich.console import Group, RenderableType
from rich.live import Live
from rich.status import Status
from rich.table import Table

from evalhub.cli.tables import console, escape
from evalhub.redact import redacted
from evalhub.scoring.schedule import Schedule
from evalhub.scoring.standing import Standing, Standings
from evalhub.telling import Tell
from evalhub.wording import counted
from ingest.records import Sample

_EVERY = 30.0
"""Seconds between lines where there is no terminal."""

_SILENCE = 10.0
"""Seconds without news after which it is said for how long there was none."""

_SHARE = 0.03
"""Of the time, at most, for drawing the live table."""


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """A spinner for work of unknown length; where there is no terminal, a line, and another one now and then."""
    out, what = console(stderr=True), redacted(what)
    if out.is_terminal:
        with Status(escape(what), console=out):
            yield
        return
    out.print(f"{escape(what)} …")
    over = threading.Event()

    def tell() -> None:
        began = time.monotonic()
        while not over.wait(_EVERY):
            out.print(f"{escape(what)}: for {_clock(time.monotonic() - began)} …")

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()


@contextmanager
def telling() -> Iterator[Tell]:
    """A spinner for work in steps that are told; where there is no terminal, a line now and then."""
    out = console(stderr=True)
    if not out.is_terminal:
        last = time.monotonic()

        def line(step: str) -> None:
            nonlocal last
            if time.monotonic() - last >= _EVERY:
                last = time.monotonic()
                out.print(f"{escape(step)} …")

        yield line
        return
    with Status("", console=out) as status:
        yield lambda step: status.update(f"{escape(step)} …")


class ScoreProgress:
    """A row for each source, and below it how fast it goes and how long it will probably take."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._console = console(stderr=True)
        # Drawn when something has happened, never from another thread that would see the schedule half changed.
        self._live = Live(console=self._console, auto_refresh=False, transient=True)
        self._next = 0.0
        self._news = (0, 0.0)
        """Attempts that had been made, and when the latest of them came."""

    def __enter__(self) -> ScoreProgress:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def begin(self, schedule: Schedule, samples: Mapping[str, Sample], attempts: int) -> None:
        """The run starts, or goes on with so many attempts made before."""
        self._schedule, self._samples = schedule, len(samples)
        self._standings = Standings(schedule, samples) if self._console.is_terminal else None
        self._started = time.monotonic()
        self._news = (schedule.made, self._started)
        self._next = self._started + (0 if self._console.is_terminal else _EVERY)
        if attempts:
            self._console.print(f"{escape(self._model)}: going on with {counted(attempts, 'attempt')} made before")

    def advance(self, tokens: int) -> None:
        """Something has happened: the schedule says what. So many tokens were generated so far."""
        now = time.monotonic()
        if self._schedule.made != self._news[0]:
            self._news = (self._schedule.made, now)
        if now < self._next:
            return
        told = self._told(tokens, max(now - self._started, 1e-9))
        if self._schedule.flying and now - self._news[1] >= _SILENCE:
            told.append(f"nothing came for {_clock(now - self._news[1])}")
        if self._standings is None:
            self._next = now + _EVERY
            settled = f"{self._schedule.settled:,}/{counted(self._samples, 'sample')}"
            made = counted(self._schedule.made, "attempt")
            self._console.print(f"{escape(self._model)}: {settled}, {made}, {', '.join(told)}")
        else:
            self._live.update(live_table(self._model, self._standings.rows(), told), refresh=True)
            took = time.monotonic() - now
            self._next = now + max(0.25, took / _SHARE)

    def _told(self, tokens: int, seconds: float) -> list[str]:
        schedule = self._schedule
        told = [f"{tokens / seconds:,.0f} tokens/s", f"{counted(schedule.flying, 'attempt')} in flight"]
        if schedule.in_vain:
            told.append(f"{schedule.in_vain / schedule.made:.0%} made in vain")
        left = []
        # Of what is in flight already, the speed so far says nothing.
        if schedule.made and (remaining := schedule.remaining()) > schedule.flying:
            left.append(seconds * remaining / schedule.made)
        if schedule.plan.budget.seconds is not None:
            left.append(max(schedule.plan.budget.seconds - seconds, 0.0))
        if left:
            told.append(f"about {_clock(min(left))} left")
        return told


def live_table(model: str, rows: Sequence[Standing], told: Sequence[str]) -> RenderableType:
    """A run as it stands."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(escape(model), overflow="fold")
    for name in ("settled", "attempts", "passes", "rate so far", "95% interval"):
        table.add_column(name, justify="right")
    for row in rows:
        known = row.rate is not None
        table.add_row(
            escape(row.source),
            f"{row.settled:,}/{row.samples:,}",
            f"{row.attempts:,}",
            f"{row.passes:,}",
            f"{row.rate:.3f}" if known else "",
            f"{row.low:.3f} to {row.high:.3f}" if known else "",
        )
    return Group(table, f"[dim]{' · '.join(told)} · Ctrl-C stops and keeps what is there[/]")


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
