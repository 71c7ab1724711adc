"""What a paper may cost before it is refused, and how a refusal is said."""

from __future__ import annotations

from dataclasses import dataclass


class PaperError(Exception):
    """A paper is refused; the message is one line that says why."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The most that one paper may take. The defaults leave every paper of ordinary size alone."""

    file_bytes: int = 200 << 20
    """Of each file as it is given."""

    unpacked_bytes: int = 500 << 20
    """Of an archive's members together."""

    member_bytes: int = 100 << 20
    """Of one member."""

    members: int = 5_000

    ratio: int = 200
    """How many times its size an archive may unpack to, above the first `free_bytes`."""

    free_bytes: int = 20 << 20
    """What may unpack from an archive of any size."""

    pages: int = 1_000
    """Of a PDF."""

    memory_bytes: int = 4 << 30
    """Address space of the worker process."""

    cpu_seconds: int = 180

    seconds: float = 240
    """From when a worker takes the paper up."""
