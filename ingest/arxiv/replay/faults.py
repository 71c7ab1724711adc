"""What can go wrong on purpose in a replay."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from threading import Lock
from typing import Literal, cast, get_args

from ingest.source import SourceError

Kind = Literal[
    "busy",
    "denied",
    "broken",
    "half",
    "short",
    "redirect",
    "malformed",
    "page",
    "stall",
    "hang",
    "drip",
    "expired",
    "empty",
]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What the next requests get."""

    kind: Kind
    """`busy`: 503; `denied`: 403; `broken`: 500; `half`: half of the bytes that the header promises; `short`: half
    of them, with no promise; `hang`: half of them, then silence; `drip`: one by one; `stall`: silence; `redirect`;
    `malformed`: XML without its end; `page`: a web page; `expired`: the token of a list is not good any more;
    `empty`: a page of a search without its papers."""

    on: str = "/"
    """How the path of the requests begins."""

    times: int = 1
    """How many of them."""

    said: str = ""
    """Of `busy`: the header Retry-After, none if empty. Of `redirect`: where to."""

    seconds: float = 60.0
    """Of `stall` and `hang`: how long the silence is. Of `drip`: from byte to byte."""


class Faults:
    """Faults that are still to come, in the order given."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._left = list(faults)
        self._lock = Lock()

    def add(self, fault: Fault) -> None:
        """One more."""
        with self._lock:
            self._left.append(fault)

    def of(self, path: str, *, resumed: bool) -> Fault | None:
        """What a request gets, if anything.

        Args:
            resumed: whether it has the token of a list.
        """
        with self._lock:
            for place, fault in enumerate(self._left):
                if fault.times and path.startswith(fault.on) and (fault.kind != "expired" or resumed):
                    self._left[place] = replace(fault, times=fault.times - 1)
                    return fault
        return None


def read_fault(text: str) -> Fault:
    """`busy`, `half:/e-print`, `busy:/oai:3`: the kind, the start of the path, how often.

    Raises:
        SourceError: it is none.
    """
    kind, _, rest = text.partition(":")
    on, _, times = rest.partition(":")
    if kind not in get_args(Kind) or not (times or "1").isdigit():
        raise SourceError(
            f"{text}: give KIND, KIND:PATH or KIND:PATH:TIMES with one of {', '.join(get_args(Kind))}"
        )
    return Fault(kind=cast(Kind, kind), on=on or "/", times=int(times or 1))
