"""One request in three seconds and one connection, over all processes that share a folder.

arXiv's terms of use ask for that, over all of its interfaces together. No library for it can promise it: `arxiv`
and `oaipmh-scythe` are clients of one interface each, which pace themselves, in one process, and no downloads.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock

from ingest.arxiv.errors import SourceDown

SECONDS = 3.0
"""From the start of a request to the start of the next, by arXiv's terms of use."""

LONGEST = 600.0
"""Seconds to wait at most for one request."""


class Clock:
    """The time of day, which all processes share."""

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Let so much time pass."""
        time.sleep(seconds)


class Pace:
    """Gives out turns. Who has one is alone; the next one is given out when it is done and the time has come."""

    def __init__(self, folder: Path, *, seconds: float = SECONDS, clock: Clock | None = None) -> None:
        """
        Args:
            folder: where the lock and the time of the next turn are kept; made if absent.
            seconds: from turn to turn.
            clock: by which it waits.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(folder / "pace.lock")
        self._file = folder / "pace.json"
        self._seconds = seconds
        self._clock = clock or Clock()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn, and have it within the block.

        Raises:
            SourceDown: it would take too long.
        """
        with self._lock:
            while (wait := self._left()) > 0:
                if wait > LONGEST:
                    when = datetime.fromtimestamp(self._clock.now() + wait, UTC)
                    raise SourceDown(
                        f"arXiv is not to be asked before {when:%Y-%m-%d %H:%M} UTC: run it again then"
                    )
                self._clock.sleep(wait)
            self._write(self._seconds)
            yield

    def hold(self, seconds: float) -> None:
        """No turn for so long from now on, for anybody."""
        with self._lock:
            self._write(max(seconds, self._left()))

    def _left(self) -> float:
        """Seconds until the next turn."""
        try:
            kept = json.loads(self._file.read_text())
            written, until = float(kept["written"]), float(kept["until"])
        except FileNotFoundError:
            return 0.0
        except (ValueError, KeyError, TypeError):  # its writer was killed
            self._write(self._seconds)
            return self._seconds
        now = self._clock.now()
        if now < written:  # it was set back: nobody waits for longer than was meant
            self._write(until - written)
            return until - written
        return until - now

    def _write(self, seconds: float) -> None:
        now = self._clock.now()
        self._file.write_text(json.dumps({"written": now, "until": now + seconds}))
