"""The trusted side: run the problem's tests on a stand-in whose every call is answered by the other jail.

The tests see only decoded plain data, so nothing that the program defines is ever executed here. The verdict
leaves over a channel of its own, with the nonce that came with the request.
"""

from __future__ import annotations

import json
from types import ModuleType
from typing import Any

from . import plain, wire


class Failed(BaseException):
    """The program failed. Not an Exception, so that tests which catch exceptions do not catch it."""


class Unusable(BaseException):
    """The problem itself cannot be judged here."""


class StandIn:
    """What the tests are given to call."""

    def __init__(self, link: int, limit: int) -> None:
        self._link = link
        self._limit = limit
        self.failure: str | None = None

    def wait_until_ready(self) -> None:
        """Until the program has defined its function."""
        if self._receive() != b"ready":
            raise self._failed("sent what is no message")

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """Call the program's function in the other jail."""
        try:
            call = plain.dumps([arguments, keywords], self._limit)
        except plain.NotPlain as error:
            raise Unusable(f"the tests pass {error}") from error
        if self.failure is not None:
            raise Failed(self.failure)
        try:
            wire.send(self._link, call)
        except wire.Closed:
            raise self._failed("ended early") from None
        reply = self._receive()
        if reply[:1] != b"=":
            raise self._failed("sent what is no message")
        try:
            return plain.loads(reply[1:])
        except plain.Malformed:
            raise self._failed("sent what is no message") from None

    def _receive(self) -> bytes:
        try:
            reply = wire.receive(self._link, self._limit + 1)
        except wire.Closed:
            raise self._failed("ended early") from None
        except wire.TooLong as error:
            raise self._failed(f"sent {error}") from None
        if reply[:1] == b"!":
            try:
                reason = json.loads(reply[1:])
            except (ValueError, RecursionError):
                reason = None
            raise self._failed(reason[:200] if isinstance(reason, str) else "sent what is no message")
        return reply

    def _failed(self, reason: str) -> Failed:
        self.failure = reason
        return Failed(reason)


def main(request: dict[str, Any], files: list[int]) -> None:
    """Judge one program and send the verdict."""
    link, verdict = files
    passed, detail = _judge(request, StandIn(link, request["message_bytes"]))
    wire.send(verdict, json.dumps([request["nonce"], passed, detail]).encode())


def _judge(request: dict[str, Any], stand_in: StandIn) -> tuple[bool | None, str]:
    names = ModuleType("tests").__dict__
    try:
        try:
            helpers = compile(request["prompt"], "<prompt>", "exec")
        except SyntaxError:
            pass  # A prompt that stops in mid-statement has no helpers to offer.
        else:
            exec(helpers, names)
        names[request["entry_point"]] = stand_in
        exec(compile(request["tests"], "<tests>", "exec"), names)
        check = names["check"]
    except BaseException as error:
        return None, f"the tests cannot be loaded: {type(error).__name__}"
    try:
        stand_in.wait_until_ready()
        check(stand_in)
    except Unusable as error:
        return None, str(error)
    except Failed as error:
        return False, str(error)
    except AssertionError:
        return False, "assertion failed"
    except BaseException as error:
        return False, f"the tests raised {type(error).__name__}"
    # Tests that swallow every exception do not turn a failure into a pass.
    return (True, "passed") if stand_in.failure is None else (False, stand_in.failure)
