"""Arguments, environments and braces of LaTeX, found without parsing the rest of what authors write."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_BEGIN_END = re.compile(r"\\(begin|end)\s*\{([A-Za-z]+\*?)\}")
_SPACE = re.compile(r"\s*")


@dataclass(frozen=True)
class Environment:
    """An environment and where it stands in the text."""

    name: str
    body: str
    """Between its begin and end, arguments included."""

    start: int
    """Of its \\begin."""

    end: int
    """Behind its \\end."""

    inside: int
    """Where `body` starts."""


def skip_space(text: str, at: int) -> int:
    """Where the next character that is no white space stands."""
    found = _SPACE.match(text, at)
    return found.end() if found else at


def closing(text: str, at: int, pair: str = "{}") -> int:
    """Where the bracket that stands at `at` is closed; the end of the text if it never is.

    Braces shield what is in them from a search for other brackets.
    """
    opens, closes = pair[0], pair[1]
    depth = braces = 0
    while at < len(text):
        char = text[at]
        if char == "\\":
            at += 1
        elif pair != "{}" and char == "{":
            braces += 1
        elif pair != "{}" and char == "}":
            braces -= 1
            if braces < 0:
                return len(text)
        elif braces == 0 and char == opens:
            depth += 1
        elif braces == 0 and char == closes:
            depth -= 1
            if depth == 0:
                return at
        at += 1
    return len(text)


def argument(text: str, at: int) -> tuple[str, int]:
    """The mandatory argument that follows, without its braces, and where it ends."""
    at = skip_space(text, at)
    if at >= len(text):
        return "", at
    if text[at] == "{":
        end = closing(text, at)
        return text[at + 1 : end], min(end + 1, len(text))
    if text[at] == "\\":
        word = re.compile(r"\\([A-Za-z@]+|.)", re.DOTALL).match(text, at)
        end = word.end() if word else at + 1
        return text[at:end], end
    return text[at], at + 1


def option(text: str, at: int, pair: str = "[]") -> tuple[str | None, int]:
    """The optional argument that follows, or None, and where it ends."""
    start = skip_space(text, at)
    if start >= len(text) or text[start] != pair[0]:
        return None, at
    end = closing(text, start, pair)
    if end >= len(text):
        return None, at
    return text[start + 1 : end], end + 1


def environments(text: str, names: re.Pattern[str]) -> list[Environment]:
    """The outermost environments with a name that matches whole, in order; none that is never closed."""
    open_marks: dict[str, list[re.Match[str]]] = {}
    closed: list[tuple[re.Match[str], re.Match[str]]] = []
    for mark in _BEGIN_END.finditer(text):
        if not names.fullmatch(mark[2]):
            continue
        if mark[1] == "begin":
            open_marks.setdefault(mark[2], []).append(mark)
        elif open_marks.get(mark[2]):
            closed.append((open_marks[mark[2]].pop(), mark))
    outermost: list[Environment] = []
    for begin, end in sorted(closed, key=lambda pair: pair[0].start()):
        if not outermost or begin.start() >= outermost[-1].end:
            body = text[begin.end() : end.start()]
            outermost.append(Environment(begin[2], body, begin.start(), end.end(), begin.end()))
    return outermost


def environment_ends(text: str) -> dict[int, int]:
    """Where each environment ends, by where it begins: behind its \\end, or, without one, behind its \\begin."""
    ends: dict[int, int] = {}
    begun: list[int] = []
    for mark in _BEGIN_END.finditer(text):
        if mark[1] == "begin":
            begun.append(mark.start())
            ends[mark.start()] = mark.end()
        elif begun:
            ends[begun.pop()] = mark.end()
    return ends


def commands(text: str, names: str) -> Iterator[re.Match[str]]:
    """Where the control words stand that the pattern `names` matches whole; a star may follow."""
    return re.finditer(rf"(?<!\\)(?:\\\\)*(\\(?:{names})(?![A-Za-z@])\*?)", text)
