"""Attempts that fail one and all in the same way: a run that goes on like that finds nothing."""

from __future__ import annotations

import re

from evalhub.errors import EvalhubError

_FIRST = 20
_LATER = 200
"""In a row, where nothing has worked yet, and where something has."""


class Alike:
    """Hears how attempts end, and ends the run when it is always the same failure."""

    def __init__(self) -> None:
        self._most = _FIRST
        self._kind = ""
        self._number = 0

    def worked(self) -> None:
        """An attempt came to an output that counts or was cut off."""
        self._most, self._number = _LATER, 0

    def failed(self, why: str) -> None:
        """An attempt failed.

        Raises:
            EvalhubError: as so many did before, without another one between them.
        """
        # Numbers apart, since a message may tell addresses or times.
        kind = re.sub(r"\d+", "#", why)[:80]
        self._number = self._number + 1 if kind == self._kind else 1
        self._kind = kind
        if self._number >= self._most:
            line = " ".join(why.split())[:300] or "without a reason"
            raise EvalhubError(
                f"{self._number} attempts in a row failed in the same way: {line} (what was made is kept; "
                "when this is mended, the same command makes these attempts again)"
            )
