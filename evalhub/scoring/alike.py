"""Attempts that fail one and all in the same way: a run that goes on like that finds nothing."""

from __future__ import annotations

import re

from evalhub.errors import EvalhubError

_FIRST = 20
"""In a row, where nothing has worked yet."""

_LATER = 50
"""In a row, of samples of which something has worked: a sample that never works says nothing of the others."""


class Alike:
    """Hears how attempts, or verdicts on them, end, and ends the run when it is always the same failure."""

    def __init__(self) -> None:
        self._good: set[str] = set()
        self._kind = ""
        self._number = 0

    def worked(self, sample: str) -> None:
        """One of a sample did not fail."""
        self._good.add(sample)
        self._number = 0

    def failed(self, sample: str, why: str) -> None:
        """One of a sample failed.

        Raises:
            EvalhubError: as so many did before, without another one between them.
        """
        if self._good and sample not in self._good:
            return
        # Numbers apart, since a message may tell addresses or times.
        kind = re.sub(r"\d+", "#", why)[:80]
        self._number = self._number + 1 if kind == self._kind else 1
        self._kind = kind
        if self._number >= (_LATER if self._good else _FIRST):
            line = " ".join(why.split())[:300] or "without a reason"
            raise EvalhubError(
                f"{self._number} attempts in a row failed in the same way: {line} (what was made is kept; "
                "when this is mended, the same command tries them again)"
            )
