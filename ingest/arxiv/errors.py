"""What can be wrong with an answer, and what it means for whoever asked."""

from __future__ import annotations

from ingest.source import SourceError


class SourceDown(SourceError):
    """No usable answer after all retries. Nothing is wrong with what was asked: the same call works later."""


class Busy(Exception):
    """No answer, or one that says to come back; worth another try."""

    def __init__(self, what: str, wait: float = 0.0) -> None:
        """
        Args:
            wait: seconds that the server asks for; 0 where it does not say.
        """
        super().__init__(what)
        self.wait = wait


class BadAnswer(Exception):
    """An answer that is not what it should be (cut short, malformed, empty); worth another try."""


class NotThere(Exception):
    """What was asked for does not exist, or not within the limits; another try gives the same."""
