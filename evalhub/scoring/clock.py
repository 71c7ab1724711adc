"""Where a session's time goes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

LOADING = "loading"
GENERATING = "generating"
VERDICTS = "verdicts"
WRITING = "writing"
RANKING = "ranking"


class Clock:
    """Seconds by what they were spent on. Of stretches within each other, a second belongs to the innermost.

    Attributes:
        tokens: generated while it ran.
    """

    def __init__(self) -> None:
        self._started = self._since = time.perf_counter()
        self._seconds = dict.fromkeys((LOADING, GENERATING, VERDICTS, WRITING, RANKING), 0.0)
        self._now: list[str] = []
        self.tokens = 0

    @contextmanager
    def spent(self, on: str) -> Iterator[None]:
        """The block's time."""
        self._turn()
        self._now.append(on)
        try:
            yield
        finally:
            self._turn()
            self._now.pop()

    def to_json(self) -> dict[str, Any]:
        """Seconds of each kind, of everything else, and in all; and tokens a second of generating."""
        self._turn()
        total = self._since - self._started
        generating = self._seconds[GENERATING]
        return {
            **self._seconds,
            "other": max(total - sum(self._seconds.values()), 0.0),
            "total": total,
            "tokens": self.tokens,
            "tokens_per_second": self.tokens / generating if self.tokens and generating else None,
        }

    def _turn(self) -> None:
        now = time.perf_counter()
        if self._now:
            self._seconds[self._now[-1]] += now - self._since
        self._since = now
