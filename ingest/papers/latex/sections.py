"""What a reference to a section shows."""

from __future__ import annotations

import re
from itertools import takewhile

from ingest.papers.latex.scan import argument

_MARK = re.compile(
    r"\\(?:(?P<level>section|subsection|subsubsection)(?![A-Za-z])(?P<star>\*?)|(?P<appendix>appendix)(?![A-Za-z])"
    r"|(?P<label>label)\s*(?=\{)|(?P<edge>begin|end)\s*\{(?P<name>[^{}]*)\})"
)
_LEVELS = ("section", "subsection", "subsubsection")
_OTHERWISE = re.compile(r"\\chapter(?![A-Za-z])|\\thesection|IEEEtran|revtex|acmart")
"""Where sections are not counted in plain numbers, as far as one sees."""

_OPEN = ("document", "appendices", "appendix")
"""Environments that count nothing by themselves: in others, as equations and lists, a label may be of anything."""


def section_numbers(preamble: str, running: str) -> dict[str, str]:
    """Numbers of sections, by label; none where the paper counts them in another way.

    running: the text without its floats.
    """
    if _OTHERWISE.search(preamble) or _OTHERWISE.search(running):
        return {}
    counts, appendix, inside, current = [0, 0, 0], False, 0, ""
    numbers: dict[str, str] = {}
    for mark in _MARK.finditer(running):
        if mark["edge"]:
            appendix |= mark["name"] in ("appendices", "appendix")
            counts = [0, 0, 0] if mark["name"] in ("appendices", "appendix") else counts
            inside += 0 if mark["name"] in _OPEN else 1 if mark["edge"] == "begin" else -1
        elif mark["appendix"]:
            appendix, counts = True, [0, 0, 0]
        elif mark["level"] and not mark["star"]:
            level = _LEVELS.index(mark["level"])
            counts = [*counts[:level], counts[level] + 1, *[0] * (2 - level)]
            first = chr(ord("A") + (counts[0] - 1) % 26) if appendix else str(counts[0])
            current = ".".join([first, *map(str, takewhile(bool, counts[1:]))])
        elif mark["label"] and current and not inside:
            numbers[argument(running, mark.end())[0].strip()] = current
    return numbers
