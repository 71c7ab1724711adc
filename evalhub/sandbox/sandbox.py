"""The sandbox: picks the jail that holds on this machine and judges programs in it, several at once."""

from __future__ import annotations

import os
import queue
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Literal

from ingest.records import Status

from . import selfcheck
from .builders import BUILDERS, INSTALL
from .gate import Gate
from .jail import Jail
from .pair import Outcome, Pair
from .terms import Judgement, Limits, SandboxUnavailable
from .view import view

_DETAIL_LENGTH = 200

_found: dict[str, str | None] = {}
_finding = threading.Lock()


class Sandbox:
    """Judges generated programs. Several threads may call `judge`; `workers` of them run at once.

    Raises SandboxUnavailable when no jail holds: it never runs a program without one.
    """

    kind: str
    """`bubblewrap` or `namespaces`."""

    def __init__(
        self,
        workers: int | None = None,
        limits: Limits = Limits(),  # noqa: B008 - frozen
        jail: Literal["auto", "bubblewrap", "namespaces"] = "auto",
    ) -> None:
        self._limits = limits
        # A jail dies with the thread that made it, and the callers' threads may end at any time.
        self._maker = ThreadPoolExecutor(1, thread_name_prefix="evalhub-sandbox")
        try:
            self.kind = self._choose(jail)
        except BaseException:
            self._maker.shutdown()
            raise
        self._pairs = [self._pair(self.kind) for _ in range(workers or os.cpu_count() or 1)]
        # Last in, first out: jails are started only for as many callers as there really are.
        self._idle: queue.LifoQueue[Pair] = queue.LifoQueue()
        for pair in self._pairs:
            self._idle.put(pair)
        self._gate = Gate()
        self._closed = False

    def judge(self, *, program: str, entry_point: str, prompt: str, tests: str) -> Judgement:
        """Run a program's function against its tests; blocks until there is a judgement.

        `program` is the candidate's whole source, `prompt` what the tests may need of the problem's own
        source, and `tests` defines `check(candidate)`.
        """
        started = time.monotonic()
        pair = self._idle.get()
        try:
            if self._closed:
                raise RuntimeError("the sandbox is closed")
            with self._gate.shared():
                outcome = pair.judge(program, entry_point, prompt, tests, self._limits)
            if outcome.again:
                # A busy host, or a jail that the host killed: once more, with no other program beside it.
                with self._gate.alone():
                    outcome = pair.judge(program, entry_point, prompt, tests, self._limits)
        except SandboxUnavailable as error:
            outcome = Outcome(None, f"a jail could not be started again: {error}")
        finally:
            self._idle.put(pair)
        return _judgement(outcome, time.monotonic() - started)

    def close(self) -> None:
        """Wait for what is being judged, then end all jails."""
        self._closed = True
        for _ in self._pairs:
            self._idle.get().close()
        self._maker.shutdown()
        for pair in self._pairs:
            self._idle.put(pair)
        self._pairs = []

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _pair(self, kind: str) -> Pair:
        return Pair(lambda role: self._maker.submit(Jail, BUILDERS[kind], role).result())

    def _choose(self, jail: str) -> str:
        if not sys.platform.startswith("linux"):
            raise SandboxUnavailable("generated code runs on Linux only: use Linux, a container or WSL 2")
        kinds = list(BUILDERS) if jail == "auto" else [jail]
        with _finding:
            for kind in kinds:
                if kind not in _found:
                    _found[kind] = self._try(kind)
                if _found[kind] is None:
                    return kind
            reasons = "; ".join(f"{kind}: {_found[kind]}" for kind in kinds)
        raise SandboxUnavailable(_line(f"no sandbox for generated code: {INSTALL} [{reasons}]", 1000))

    def _try(self, kind: str) -> str | None:
        """What is wrong with a kind of jail on this machine; None where it holds."""
        pair = self._pair(kind)
        try:
            selfcheck.check(pair, view().python)
        except SandboxUnavailable as error:
            return str(error)
        finally:
            pair.close()
        return None


def _judgement(outcome: Outcome, seconds: float) -> Judgement:
    status = Status.OK if outcome.passed is not None else Status.TIMEOUT if outcome.late else Status.ERROR
    return Judgement(status, outcome.passed, _line(outcome.detail, _DETAIL_LENGTH), seconds)


def _line(text: str, length: int) -> str:
    """One line of printable characters: the text may be the program's."""
    return "".join(letter if letter.isprintable() else " " for letter in text)[:length]
