"""What a caller of the sandbox sees: its limits, its judgement, and why there may be none."""

from __future__ import annotations

from dataclasses import dataclass

from ingest.records import Status


class SandboxUnavailable(Exception):
    """No jail holds on this machine. The message is one line that says what to do about it."""


@dataclass(frozen=True)
class Limits:
    """What one program may use. The tests that judge it run under the same limits in a jail of their own."""

    cpu_seconds: int = 4
    """CPU time in seconds. A program that needs more has failed: this does not depend on a busy host."""

    wall_seconds: float = 20.0
    """Elapsed seconds until the verdict. More than this without the CPU time is a timeout, not a failure."""

    memory_bytes: int = 512 * 2**20
    """Address space in bytes, the interpreter's own 30 MB included."""

    file_bytes: int = 16 * 2**20
    """Bytes in all files of its writable folder together; what it prints counts as one of the files."""

    open_files: int = 64
    """Descriptors open at once."""

    processes: int = 1
    """Processes and threads at once, the program itself included: 1 allows no fork and no thread."""

    message_bytes: int = 4 * 2**20
    """Bytes of one call's arguments, or of one returned value, in the encoding that crosses the jails."""


@dataclass(frozen=True)
class Judgement:
    """What became of one program."""

    status: Status
    """OK (it was judged), TIMEOUT (it waited, twice, until the wall limit) or ERROR (the fault is ours)."""

    passed: bool | None
    """The verdict; None where the status is not OK, so that it can count neither way."""

    detail: str
    """Why, in a short line of printable characters, e.g. `assertion failed`."""

    seconds: float
    """Elapsed seconds, the retry included."""
