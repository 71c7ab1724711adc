"""The most memory that a process and its descendants held."""

from __future__ import annotations

import threading
import time

import psutil


class Peak:
    """Largest memory of a process and its descendants; pages that they share are counted once (PSS)."""

    gib = 0.0

    def watch(self, pid: int) -> None:
        """Look five times a second, until the process has ended."""
        threading.Thread(target=self._watch, args=(psutil.Process(pid),), daemon=True).start()

    def _watch(self, process: psutil.Process) -> None:
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            total = 0
            for member in [process, *process.children(recursive=True)]:
                try:
                    total += member.memory_full_info().pss
                except psutil.Error:
                    continue
            self.gib = max(self.gib, total / 2**30)
            time.sleep(0.2)
