"""Ctrl-C and SIGTERM: told as what they are, whatever was under way, or as a wish that is granted at the next good
moment."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)

_PATIENCE = 3.0
"""Seconds that what is open has to be closed, before a further signal ends the process where it is."""


class Stopped(KeyboardInterrupt):
    """A signal came where nothing was listening.

    Args:
        number: of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


class Wish:
    """Whether the user wants no more.

    Attributes:
        number: of the signal that said so; 0 where none has.
    """

    number = 0

    def __call__(self) -> bool:
        return self.number != 0


class _Heard(Wish):
    raised = 0.0
    """When `Stopped` was raised; 0 where it was not."""


_heard = _Heard()
"""Of this process, since `raising` began."""


def heard() -> int:
    """Number of the signal that came, raised or not; 0 where none has."""
    return _heard.number


@contextmanager
def raising() -> Iterator[None]:
    """The first signal raises `Stopped`, so that what is open is closed; the next ones wait for that. What was
    under way, DuckDB in a query for one, may make an error of its own of it: that is `Stopped` too."""
    _heard.number, _heard.raised = 0, 0.0
    with _handling(_raise):
        try:
            yield
        except Stopped:
            raise
        except (Exception, KeyboardInterrupt) as error:
            # An interruption that is not of ours: Python's own, or what DuckDB makes of one.
            interrupted = isinstance(error, KeyboardInterrupt) or "Query interrupted" in str(error)
            if not _heard.raised and not interrupted:
                raise
            raise Stopped(_heard.number or signal.SIGINT) from error


@contextmanager
def listening() -> Iterator[Wish]:
    """Gives a wish that becomes true with the first signal. A second one is raised."""
    wish = Wish()

    def note(number: int, _: FrameType | None) -> None:
        wish.number = _heard.number = number
        for one in _SIGNALS:
            signal.signal(one, _raise)

    with _handling(note):
        yield wish


def leave_at_once() -> None:
    """From now on a signal ends the process where it is: all has been said."""
    for one in _SIGNALS:
        signal.signal(one, _leave)


def _raise(number: int, frame: FrameType | None) -> None:
    if not _heard.raised:
        _heard.number, _heard.raised = number, time.monotonic()
        raise Stopped(number)
    if time.monotonic() - _heard.raised > _PATIENCE:
        _leave(number, frame)


def _leave(number: int, _: FrameType | None) -> None:
    os._exit(128 + number)


@contextmanager
def _handling(handler: signal._HANDLER) -> Iterator[None]:
    """Only the main thread can hear signals; elsewhere nothing changes."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = [(number, signal.signal(number, handler)) for number in _SIGNALS]
    try:
        yield
    finally:
        for number, handled in before:
            signal.signal(number, handled)
