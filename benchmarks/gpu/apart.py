"""A process of its own for each part of the measurements: neither a card that one of them leaves broken nor a part
that hangs takes the others along."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from typing import Any


def told(command: list[str], seconds: float) -> Iterator[dict[str, Any]]:
    """What a process tells in lines of JSON, as it comes; see `benchmarks.gpu.section`.

    It is ended, with all that it started, once it has told its end, or after so many seconds. The last of what is
    told is always {"ended": ""}, or why it ended otherwise.
    """
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, process_group=0)
    clock = threading.Timer(seconds, _kill, [process])
    clock.start()
    last: dict[str, Any] = {}
    assert process.stdout is not None
    try:
        for line in process.stdout:
            last = json.loads(line)
            yield last
            if "ended" in last:
                return  # whatever it does when it leaves the card does not matter
    finally:
        clock.cancel()
        _kill(process)
        process.stdout.close()
        code = process.wait()
    late = time.perf_counter() - begun >= seconds
    yield {"ended": f"out of its {seconds:g} seconds" if late else f"died with exit code {code}"}


def _kill(process: subprocess.Popen[str]) -> None:
    """End a process that was not waited for, and its group."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
