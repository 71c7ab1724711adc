"""What a checkup finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something that is not as it should be, or that is worth knowing."""

    check: str
    """Which one found it, in a word."""

    fault: bool
    """Whether the hub is not sound until it is mended. What a stopped command leaves to be gone on with is not."""

    what: str

    todo: str
    """What to do about it; '' where it is nothing."""

    mend: Callable[[], None] | None = None
    """Mends it, where nothing can be lost by it."""

    mended: bool = False

    def to_json(self) -> dict[str, Any]:
        """As `evalhub doctor --json` prints it."""
        return {
            "check": self.check,
            "fault": self.fault,
            "what": self.what,
            "do": self.todo,
            "can_mend": self.mend is not None,
            "mended": self.mended,
        }


BACKUP = "restore the hub from a backup (evalhub restore BACKUP --force)"
"""What is left to do where something is lost for good."""

RESCUE = "without one, evalhub export rescues what can be read"
"""What is left to do besides."""


def shortened(names: list[str], most: int = 3) -> str:
    """The first of some names, and how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more:,} more" if more > 0 else "")
