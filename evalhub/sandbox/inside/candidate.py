"""The untrusted side: define the program's function, then answer calls until the judge hangs up.

Nothing here is relied upon: the program shares this process and may change any of it. Whatever it makes the
process send, the judge reads plain data or a failure.
"""

from __future__ import annotations

import json
import sys
from types import ModuleType
from typing import Any

from . import plain, wire


def main(request: dict[str, Any], files: list[int]) -> None:
    """Serve one program over the one descriptor that it has."""
    (link,) = files
    limit: int = request["message_bytes"]
    module = ModuleType("candidate")
    sys.modules["candidate"] = module
    try:
        exec(compile(request["program"], "<candidate>", "exec"), module.__dict__)
    except BaseException as error:
        wire.send(link, _failure("raised", type(error).__name__))
        return
    function = module.__dict__.get(request["entry_point"])
    if function is None:
        wire.send(link, _failure("defined no", request["entry_point"]))
        return
    wire.send(link, b"ready")
    while True:
        try:
            arguments, keywords = plain.loads(wire.receive(link, limit))
        except wire.Closed:
            return
        try:
            answer = b"=" + plain.dumps(function(*arguments, **keywords), limit)
        except plain.NotPlain as error:
            answer = _failure("returned", str(error))
        except BaseException as error:
            answer = _failure("raised", type(error).__name__)
        wire.send(link, answer)


def _failure(what: str, name: str) -> bytes:
    return b"!" + json.dumps(f"{what} {name}"[:200]).encode()
