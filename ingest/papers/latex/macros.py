"""The author's own macros, expanded as text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ingest.papers.latex.scan import argument, closing, option, skip_space

_DEFINITION = re.compile(
    r"\\(?:(?P<new>(?:re)?newcommand|providecommand|DeclareRobustCommand)\*?|(?P<operator>DeclareMathOperator)\*?"
    r"|(?:long\s*\\)?(?:[gex]?def)(?![A-Za-z]))"
)
_WORD = re.compile(r"\\([A-Za-z@]+)")
_USE = re.compile(r"\\([A-Za-z]+)")
_DEEPEST = 15
_MOST_GROWTH = 4
_MOST_AT_LEAST = 1_000_000
_LOCAL_BODY = 300
_XSPACE = re.compile(r"(?:\\xspace(?![A-Za-z])\s*)+(.|$)", re.DOTALL)
_NO_SPACE_BEFORE = frozenset(".,:;!?)]{}'/-~&")

_STRUCTURE = """
begin end caption captionof label ref eqref autoref cref Cref pageref subref cite citep citet citealt citealp
citeauthor citeyear citeyearpar citename includegraphics subfloat subfigure subcaptionbox section subsection
subsubsection paragraph subparagraph appendix item footnote textbf textit emph textsc texttt textrm textsf
underline multicolumn multirow makecell thead shortstack hline toprule midrule bottomrule cline cmidrule
tabularnewline newline par input include centering small footnotesize scriptsize resizebox scalebox
adjustbox thefigure thetable figurename tablename title author date maketitle today and
"""
STRUCTURE = frozenset(_STRUCTURE.split())
"""Commands that are read for what they say; a redefinition changes their look only."""


@dataclass(frozen=True)
class Macro:
    """A macro's body and arguments."""

    body: str
    arguments: int = 0
    default: str | None = None
    """Of the first argument, which is then optional."""


def collect(text: str, *, short_only: bool = False) -> dict[str, Macro]:
    """The macros that a text defines, by name.

    short_only: from a style file, of which only the shorthands are wanted, not its machinery.
    """
    found: dict[str, Macro] = {}
    for definition in _DEFINITION.finditer(text):
        read = _read(text, definition)
        if read is None:
            continue
        name, macro, _ = read
        if name in STRUCTURE or f"\\{name}" in macro.body:
            continue
        if short_only and (len(macro.body) > _LOCAL_BODY or "@" in macro.body or not definition["new"]):
            continue
        found[name] = macro
    return found


def without_definitions(text: str) -> str:
    """The text without the definitions in it, which are no part of what a reader sees."""
    kept, at = [], 0
    for definition in _DEFINITION.finditer(text):
        if definition.start() < at:
            continue
        read = _read(text, definition)
        if read is not None and read[0] not in ("thefigure", "thetable"):
            kept.append(text[at : definition.start()])
            at = read[2]
    return "".join(kept) + text[at:]


def _read(text: str, definition: re.Match[str]) -> tuple[str, Macro, int] | None:
    at = skip_space(text, definition.end())
    if text[at : at + 1] == "{":
        name, at = argument(text, at)
    else:
        word = _WORD.match(text, at)
        if word is None:
            return None
        name, at = word[0], word.end()
    name = name.strip().lstrip("\\")
    if definition["operator"]:
        body, at = argument(text, at)
        return name, Macro(f"\\mathrm{{{body}}}"), at
    if definition["new"]:
        count, at = option(text, at)
        default, at = option(text, at)
        body, at = argument(text, at)
        arguments = int(count) if count and count.strip().isdigit() else 0
        return (name, Macro(body, min(arguments, 9), default), at) if name else None
    brace = text.find("{", at)
    if brace < 0 or not re.fullmatch(r"\s*(?:#\d\s*)*", text[at:brace]):
        return None  # arguments set off by other text
    end = closing(text, brace)
    return name, Macro(text[brace + 1 : end], text[at:brace].count("#")), min(end + 1, len(text))


def expand(text: str, macros: dict[str, Macro]) -> str:
    """The text with every use of the macros replaced.

    Where expansion does not end, or grows beyond reason, what is left of it stays as it is.
    """
    budget = [max(_MOST_GROWTH * len(text), _MOST_AT_LEAST)]
    return _XSPACE.sub(_space_after, _expand(text, macros, 0, budget))


def _expand(text: str, macros: dict[str, Macro], depth: int, budget: list[int]) -> str:
    if depth > _DEEPEST or not macros:
        return text
    kept, at = [], 0
    while use := _next_use(text, at, macros):
        kept.append(text[at : use.start()])
        macro = macros[use[1]]
        at = use.end()
        given: list[str] = []
        if macro.arguments:
            if macro.default is not None:
                first, at = option(text, at)
                given.append(macro.default if first is None else first)
            while len(given) < macro.arguments:
                value, at = argument(text, at)
                given.append(value)
        else:
            space = skip_space(text, at)
            if "\n\n" not in text[at:space]:
                at = space
        body = re.sub(r"#([1-9])", lambda mark, given=given: _given(given, mark), macro.body)  # type: ignore[misc]
        budget[0] -= len(body)
        if budget[0] < 0:
            return "".join(kept) + text[at:]
        body = _expand(body, macros, depth + 1, budget)
        kept.append(body)
        if re.search(r"\\[A-Za-z]+$", body) and text[at : at + 1].isalpha():
            kept.append(" ")
    return "".join(kept) + text[at:]


def _next_use(text: str, at: int, macros: Iterable[str]) -> re.Match[str] | None:
    for use in _USE.finditer(text, at):
        if use[1] in macros and not _escaped(text, use.start()):
            return use
    return None


def _escaped(text: str, at: int) -> bool:
    """Whether the backslash at `at` is the second of a line break."""
    count = 0
    while at - count > 0 and text[at - count - 1] == "\\":
        count += 1
    return count % 2 == 1


def _given(given: list[str], mark: re.Match[str]) -> str:
    index = int(mark[1]) - 1
    return given[index] if index < len(given) else ""


def _space_after(mark: re.Match[str]) -> str:
    following = mark[1]
    return following if not following or following in _NO_SPACE_BEFORE else f" {following.lstrip()}"
