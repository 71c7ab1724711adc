"""The numbers that LaTeX prints: of figures and tables, in the appendix too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from ingest.papers.latex.scan import argument, option

Kind = Literal["figure", "table"]

_EVENT = re.compile(
    r"\\(appendix|appendices|beginappendix|section|chapter|setcounter|renewcommand|counterwithin|numberwithin"
    r"|begin\s*\{appendices\}|begin\s*\{appendix\})(?![A-Za-z])(\*?)"
)
_COUNTED = re.compile(r"\\?the(figure|table)")


@dataclass
class Counters:
    """The state of LaTeX's counters, moved on by `step` and `event`."""

    counts: dict[str, int] = field(default_factory=lambda: {"figure": 0, "table": 0, "section": 0})
    forms: dict[str, str] = field(default_factory=dict)
    """What \\thefigure or \\thetable is, where it was changed."""

    within: set[str] = field(default_factory=set)
    """Counters that start again with each section."""

    in_appendix: bool = False

    def step(self, kind: Kind) -> str:
        """The number of the next figure or table."""
        self.counts[kind] += 1
        return self._shown(kind)

    def event(self, found: re.Match[str]) -> None:
        """Take in a command that changes how things are counted."""
        name, text, at = found[1], found.string, found.end()
        if "appendi" in name:
            self.in_appendix = True
            self.counts["section"] = 0
        elif name in ("section", "chapter"):
            if not found[2]:
                self.counts["section"] += 1
                self.counts |= dict.fromkeys(self.within, 0)
        elif name == "setcounter":
            counter, at = argument(text, at)
            value, _ = argument(text, at)
            if counter.strip() in self.counts and re.fullmatch(r"\s*-?\d{1,6}\s*", value):
                self.counts[counter.strip()] = int(value)
        elif name == "renewcommand":
            counter, at = argument(text, at)
            counted = _COUNTED.fullmatch(counter.strip())
            if counted:
                _, at = option(text, at)
                self.forms[counted[1]] = argument(text, at)[0]
        else:
            _, at = option(text, at)
            counter, at = argument(text, at)
            outer, _ = argument(text, at)
            if counter.strip() in ("figure", "table") and outer.strip() in ("section", "chapter"):
                self.within.add(counter.strip())
                self.forms[counter.strip()] = f"\\thesection.\\arabic{{{counter.strip()}}}"

    def _shown(self, kind: Kind) -> str:
        form = self.forms.get(kind, f"\\arabic{{{kind}}}")
        form = form.replace("\\thesection", self._section()).replace("\\thechapter", self._section())
        form = re.sub(
            r"\\(arabic|Alph|alph|roman|Roman)\s*\{(\w+)\}|\\value\{(\w+)\}",
            lambda mark: _written(self.counts.get(mark[2] or mark[3], 0), mark[1] or "arabic"),
            form,
        )
        return re.sub(r"\\[A-Za-z]+|[{}\s]", "", form)

    def _section(self) -> str:
        return _written(self.counts["section"], "Alph" if self.in_appendix else "arabic")


def _written(value: int, style: str) -> str:
    if style == "arabic" or value < 1:
        return str(value)
    if style in ("Alph", "alph"):
        letter = chr(ord("A") + (value - 1) % 26)
        return letter if style == "Alph" else letter.lower()
    numerals, rest = "", value
    for worth, sign in (
        (100, "c"),
        (90, "xc"),
        (50, "l"),
        (40, "xl"),
        (10, "x"),
        (9, "ix"),
        (5, "v"),
        (4, "iv"),
        (1, "i"),
    ):
        numerals += sign * (rest // worth)
        rest %= worth
    return numerals.upper() if style == "Roman" else numerals


def events(text: str) -> Iterator[re.Match[str]]:
    """The commands that change how things are counted, in order."""
    return _EVENT.finditer(text)
