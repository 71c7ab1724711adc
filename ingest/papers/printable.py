"""What of a paper's text is kept: what can be printed."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

_Kept = TypeVar("_Kept")

_ESCAPE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # colours, movements
    r"|(?:\x1b[\]P_^X]|[\x9d\x90])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"  # titles, links
    r"|\x1b[ -/]*[0-~]?"
)
"""What terminals obey (ECMA-48)."""

_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn")
"""Unicode categories: controls, and marks without a shape, among them those that turn the direction of a text."""

_JOINERS = "\u200c\u200d"
"""Marks without a shape that some scripts are written with."""


def printable(thing: _Kept) -> _Kept:
    """The same without control characters and escape sequences in any of its texts. White space becomes spaces.

    thing: a text, a tuple or a record (`Paper`, with all that is in it); anything else stays as it is.
    """
    made: Any = thing
    if isinstance(thing, str):
        made = thing if thing.isascii() and thing.isprintable() else _clean(thing)
    elif isinstance(thing, tuple):
        made = tuple(map(printable, thing))
    elif is_dataclass(thing) and not isinstance(thing, type):
        made = replace(thing, **{field.name: printable(getattr(thing, field.name)) for field in fields(thing)})
    return made


def _clean(text: str) -> str:
    shown = [" " if char.isspace() else char for char in _ESCAPE.sub("", text)]
    return "".join(char for char in shown if unicodedata.category(char) not in _HIDDEN or char in _JOINERS)
