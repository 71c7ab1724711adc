"""Ctrl-C and SIGTERM as a wish that is granted at the next good moment."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


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


@contextmanager
def raising() -> Iterator[None]:
    """Both signals raise `Stopped`, so that what is open is closed. What was under way, DuckDB in the middle of a
    query for one, may make an error of its own of it: that is `Stopped` too."""
    wish = Wish()

    def stop(number: int, frame: FrameType | None) -> None:
        wish.number = number
        _raise(number, frame)

    with _handling(stop):
        try:
            yield
        except Stopped:
            raise
        except (Exception, KeyboardInterrupt) as error:
            if not wish() and not is_interruption(error):
                raise
            raise Stopped(wish.number or signal.SIGINT) from error


def is_interruption(error: BaseException) -> bool:
    """Whether an error is Ctrl-C, or what DuckDB makes of it."""
    return isinstance(error, KeyboardInterrupt) or "Query interrupted" in str(error)


@contextmanager
def listening() -> Iterator[Wish]:
    """Gives a wish that becomes true with the first signal. A second one interrupts at once."""
    wish = Wish()

    def note(number: int, _: FrameType | None) -> None:
        wish.number = number
        for one in _SIGNALS:
            signal.signal(one, _raise)

    with _handling(note):
        yield wish


def _raise(number: int, _: FrameType | None) -> None:
    raise Stopped(number)


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
