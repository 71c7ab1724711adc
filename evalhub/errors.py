"""The one kind of error that a user is shown: a line that says what is wrong and what to do."""

from __future__ import annotations


class EvalhubError(Exception):
    """Something the user can mend. The message is one line; the command line prints it and exits with 1."""


class HubLocked(EvalhubError):
    """Another process writes to the hub. Exit code 75 (try again later)."""
