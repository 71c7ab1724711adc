"""Two jails, one for the candidate and one for its judge, and the reading of what comes out of them."""

from __future__ import annotations

import json
import secrets
import select
import signal
import socket
from collections.abc import Callable
from dataclasses import asdict, dataclass

from .inside import wire
from .jail import Jail, JailBroke, Report
from .terms import Limits

_VERDICT_BYTES = 4096
_ENDED = "ended early"


@dataclass(frozen=True)
class Outcome:
    """What one run of a program came to."""

    passed: bool | None
    """None where there is no verdict."""

    detail: str
    """Why."""

    late: bool = False
    """Whether there is no verdict because the wall limit came first."""

    again: bool = False
    """Whether chance may have had a part in it, so that a second run is due."""


class Pair:
    """A candidate's and a judge's jail, started when first needed and again after one of them broke."""

    def __init__(self, start: Callable[[str], Jail]) -> None:
        self._start = start
        self._jails: dict[str, Jail] = {}

    def judge(self, program: str, entry_point: str, prompt: str, tests: str, limits: Limits) -> Outcome:
        """Run a program against its tests, once."""
        try:
            return self._judge(program, entry_point, prompt, tests, limits)
        except BaseException:
            # Interrupted half-way: what the jails would answer next belongs to this program.
            self.close()
            raise

    def _judge(self, program: str, entry_point: str, prompt: str, tests: str, limits: Limits) -> Outcome:
        for role in ("candidate", "judge"):
            if role not in self._jails:
                self._jails[role] = self._start(role)
        nonce = secrets.token_hex(16)
        common = {"entry_point": entry_point, "limits": asdict(limits), "message_bytes": limits.message_bytes}
        link = socket.socketpair()
        verdict = socket.socketpair()
        with verdict[0]:
            with link[0], link[1], verdict[1]:
                sent = self._run("candidate", {**common, "program": program}, [link[0].fileno()])
                sent &= self._run(
                    "judge",
                    {**common, "prompt": prompt, "tests": tests, "nonce": nonce},
                    [link[1].fileno(), verdict[1].fileno()],
                )
            if not sent:
                self.close()
                return Outcome(None, "a jail was gone before the program began", again=True)
            message = _receive(verdict[0], limits.wall_seconds)
        candidate = self._stop("candidate", leaving=message is not None and _ENDED.encode() in message)
        judge = self._stop("judge")
        return _outcome(message, nonce, candidate, judge, limits)

    def _run(self, role: str, request: dict[str, object], files: list[int]) -> bool:
        try:
            self._jails[role].run(request, files)
        except JailBroke:
            return False
        return True

    def _stop(self, role: str, leaving: bool = False) -> Report | None:
        try:
            return self._jails[role].stop(leaving)
        except JailBroke:
            self._jails.pop(role).close()
            return None

    def close(self) -> None:
        """Kill both jails."""
        while self._jails:
            self._jails.popitem()[1].close()


def _receive(verdict: socket.socket, seconds: float) -> bytes | None:
    """The verdict's frame; empty where the judge ended without one, None where time ran out first."""
    poll = select.poll()
    poll.register(verdict, select.POLLIN)
    if not poll.poll(seconds * 1000):
        return None
    try:
        return wire.receive(verdict.fileno(), _VERDICT_BYTES)
    except (wire.Closed, wire.TooLong):
        return b""


def _outcome(
    message: bytes | None, nonce: str, candidate: Report | None, judge: Report | None, limits: Limits
) -> Outcome:
    for report in (candidate, judge):
        if report is not None and report.problem:
            return Outcome(None, f"no cell could be built: {report.problem}", again=True)
    if candidate is None:
        return Outcome(False, "its jail went down with it", again=True)
    if message is None and not candidate.stopped:
        # It is gone, and has left its socket where the kernel does not close it soon: on its way to itself.
        return Outcome(False, _ending(candidate, limits))
    if message is None:
        return Outcome(None, f"no verdict within {limits.wall_seconds:g} s", late=True, again=True)
    if message:
        try:
            signed, passed, detail = json.loads(message)
        except ValueError:
            return Outcome(None, "the judge's verdict is malformed", again=True)
        if not secrets.compare_digest(signed, nonce):
            return Outcome(None, "the judge's verdict is not signed", again=True)
        if passed is False and detail == _ENDED:
            return Outcome(False, _ending(candidate, limits))
        return Outcome(passed, detail)
    if judge is not None and _out_of_time(judge, limits):
        return Outcome(False, f"killed: its answers kept the tests busy for {limits.cpu_seconds} s of CPU")
    return Outcome(None, "the judge ended without a verdict", again=True)


def _out_of_time(report: Report, limits: Limits) -> bool:
    # The kernel enforces the limit by ticks, of which a busy machine charges one that another process had the most
    # of: the exact sum falls short. Nobody but the kernel, or the process itself, kills what was not told to stop.
    share = 0.9 if report.stopped else 0.5
    return report.signal == signal.SIGKILL and report.cpu > share * limits.cpu_seconds


def _ending(report: Report, limits: Limits) -> str:
    if _out_of_time(report, limits):
        return f"killed: more than {limits.cpu_seconds} s of CPU"
    if report.stopped and report.signal == signal.SIGKILL:
        return "hung up"
    if report.signal:
        return f"killed: {signal.strsignal(report.signal) or report.signal}"
    return f"ended early with exit status {report.exit}"
