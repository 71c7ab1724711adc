"""LaTeX as a reader sees it: markup resolved to plain text by pylatexenc."""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from ingest.papers.latex.bibliography import Bibliography

_LAST_ARGUMENT = {
    "raisebox": "{[[{",
    "rotatebox": "[{{",
    "scalebox": "{[{",
    "resizebox": "*{{{",
    "textcolor": "[{{",
    "colorbox": "[{{",
    "fcolorbox": "[{[{{",
    "adjustbox": "{{",
    "makecell": "*[{",
    "thead": "*[{",
    "multirowcell": "{[{",
    "shortstack": "[{",
    "parbox": "[[[{{",
    "multicolumn": "{{{",
    "multirow": "[{[{[{",
    "makebox": "[[{",
    "framebox": "[[{",
    "href": "{{",
    "num": "[{",
    "textsuperscript": "{",
    "textsubscript": "{",
    "tnote": "{",
    "tablenote": "{",
    "dashuline": "{",
    "uline": "{",
    "uwave": "{",
    "ul": "{",
    "hl": "{",
    "textls": "*[{",
    "bm": "{",
    "boldsymbol": "{",
    "mathbb": "{",
    "mathds": "{",
    "ensuremath": "{",
    "texorpdfstring": "{{",
    "subref": "*{",
    "smash": "[{",
}
"""Commands that show their last argument and nothing of the others."""

_NOTHING = {
    "cellcolor": "[{",
    "rowcolor": "*[{",
    "columncolor": "[{",
    "color": "[{",
    "vspace": "*{",
    "hspace": "*{",
    "addlinespace": "[",
    "footnote": "[{",
    "footnotemark": "[",
    "footnotetext": "[{",
    "thanks": "{",
    "label": "{",
    "phantom": "{",
    "hphantom": "{",
    "vphantom": "{",
    "fontsize": "{{",
    "linespread": "{",
    "selectfont": "",
    "setlength": "{{",
    "addtolength": "{{",
    "centering": "",
    "vskip": "",
    "rule": "[{{",
    "strut": "",
    "index": "{",
    "todo": "[{",
    "includegraphics": "*[{",
    "arrayrulecolor": "[{",
    "noalign": "{",
    "xspace": "",
    "maketitle": "",
    "title": "[{",
    "author": "[{",
    "date": "{",
    "today": "",
    "protect": "",
    "nobreak": "",
    "allowbreak": "",
    "arraybackslash": "",
    "raggedright": "",
    "bgroup": "",
    "egroup": "",
}

_SYMBOLS = {
    "texttildelow": "~",
    "textasciitilde": "~",
    "newline": " ",
    "linebreak": " ",
    "quad": " ",
    "qquad": " ",
    "checkmark": "✓",
    "cmark": "✓",
    "xmark": "✗",
    "nobreakdash": "",
    "textpm": "±",
    "textdegree": "°",
    "degree": "°",
    "celsius": "°C",
    "percent": "%",
    "textmu": "µ",
    "micro": "µ",
    "blacktriangle": "▲",
    "blacktriangledown": "▼",
    "cellspace": "",
    "up": "↑",
    "LaTeX": "LaTeX",
    "TeX": "TeX",
    "BibTeX": "BibTeX",
    "leavevmode": "",
}
_ENVIRONMENTS = {"tabular": "[{", "tabular*": "{[{", "tablenotes": "[", "minipage": "[[[{"}
"""Environments that show what is in them but not their arguments."""

_LONGEST = 10_000
_DEEPEST = 60
_DINGBATS = {"51": "✓", "52": "✔", "53": "✕", "54": "✖", "55": "✗", "56": "✘", "72": "★", "73": "☆", "108": "●"}
_CITE = """cite citet citep citealt citealp citeauthor citeyear citeyearpar textcite parencite autocite newcite
shortcite Citet Citep Citeauthor"""
_REFERENCES = {
    "ref": "",
    "autoref": "name",
    "cref": "name",
    "Cref": "name",
    "pageref": "none",
    "eqref": "",
    "nameref": "",
}

_MARK_RAISED = re.compile(r" ?[\^_] ?(?=[±†‡*∗⋆★§¶♠♣♦♥▲△∘°′↑↓✓✗])")
_SPACE = re.compile(r"\s+")
_SPACE_AFTER_OPENING = re.compile(r"(?<=[(\[]) (?=\S)")


class Reader:
    """Turns pieces of a paper's LaTeX into text.

    references: what \\ref shows, by label. names: `Figure` or `Table`, by label, where a command says it too.
    """

    def __init__(
        self, bibliography: Bibliography, references: Mapping[str, str] = {}, names: Mapping[str, str] = {}
    ) -> None:
        from pylatexenc import latex2text, latexwalker, macrospec

        logging.getLogger("pylatexenc").setLevel(logging.CRITICAL)
        self._bibliography, self._references, self._names = bibliography, references, names
        shapes: dict[str, str] = {
            **_LAST_ARGUMENT,
            **_NOTHING,
            "ding": "{",
            "SI": "[{[{",
            "qty": "[{{",
            "si": "[{",
        }
        shapes |= dict.fromkeys(_SYMBOLS, "")
        shapes |= dict.fromkeys(_CITE.split(), "*[[{")
        shapes |= dict.fromkeys(_REFERENCES, "*{")
        shows: dict[str, Callable[..., str] | str] = dict.fromkeys(_LAST_ARGUMENT, self._last)
        shows |= {"ding": self._dingbat, "SI": self._quantity, "qty": self._quantity, "si": self._last}
        shows |= dict.fromkeys(_NOTHING, "") | _SYMBOLS
        shows |= dict.fromkeys(_CITE.split(), self._citation)
        shows |= dict.fromkeys(_REFERENCES, self._reference)
        self._walker_context = latexwalker.get_default_latex_context_db()
        self._walker_context.add_context_category(
            "papers",
            macros=[macrospec.std_macro(name, shape) for name, shape in shapes.items()],
            environments=[macrospec.std_environment(name, shape) for name, shape in _ENVIRONMENTS.items()],
            prepend=True,
        )
        context = latex2text.get_default_latex_context_db()
        context.add_context_category(
            "papers",
            macros=[latex2text.MacroTextSpec(name, simplify_repl=show) for name, show in shows.items()],
            environments=[
                latex2text.EnvironmentTextSpec(name, simplify_repl="%(body)s") for name in _ENVIRONMENTS
            ],
            prepend=True,
        )
        self._to_text = latex2text.LatexNodes2Text(
            latex_context=context, math_mode="text", strict_latex_spaces="macros"
        )
        self._walker = latexwalker.LatexWalker

    def text(self, latex: str) -> str:
        """What a reader sees of a piece of LaTeX, in one line. What no one can read is left out."""
        latex = re.sub(r"\\\\\*?\s*(\[[^\]]*\])?", " ", latex)
        if len(latex) > _LONGEST or _depth(latex) > _DEEPEST:
            return tidy(_letters(latex[:_LONGEST]))
        try:
            nodes = self._walker(
                latex, latex_context=self._walker_context, tolerant_parsing=True
            ).get_latex_nodes()[0]
            text = self._to_text.nodelist_to_text(nodes)
        except Exception:  # the parser gives up in many ways on what is no LaTeX; the letters are still there
            text = _letters(latex)
        return tidy(text)

    def _last(self, node: Any, l2tobj: Any) -> str:
        given = node.nodeargd.argnlist if node.nodeargd else []
        return l2tobj.nodelist_to_text([given[-1]]) if given and given[-1] is not None else ""

    def _raw_last(self, node: Any) -> str:
        given = node.nodeargd.argnlist if node.nodeargd else []
        return (
            given[-1].latex_verbatim().strip().removeprefix("{").removesuffix("}") if given and given[-1] else ""
        )

    def _dingbat(self, node: Any) -> str:
        return _DINGBATS.get(self._raw_last(node).strip(), "")

    def _quantity(self, node: Any, l2tobj: Any) -> str:
        given = [argument for argument in node.nodeargd.argnlist if argument is not None]
        return " ".join(l2tobj.nodelist_to_text([argument]).strip() for argument in given[-2:])

    def _citation(self, node: Any, l2tobj: Any) -> str:
        notes = [argument.latex_verbatim().strip("[]") for argument in node.nodeargd.argnlist[1:3] if argument]
        shown = self._bibliography.cite(node.macroname, self._raw_last(node), notes[-1] if notes else "")
        if not shown:
            return ""
        walker = self._walker(shown, latex_context=self._walker_context, tolerant_parsing=True)
        return str(l2tobj.nodelist_to_text(walker.get_latex_nodes()[0]))

    def _reference(self, node: Any) -> str:
        kind = _REFERENCES[node.macroname]
        shown = []
        for label in self._raw_last(node).split(","):
            number = self._references.get(label.strip(), "??")
            name = self._names.get(label.strip(), "") if kind == "name" else ""
            shown.append(f"{name} {number}".strip())
        return "" if kind == "none" else " and ".join(shown)


def _letters(latex: str) -> str:
    """LaTeX without its commands."""
    return re.sub(r"\\[A-Za-z]+\*?|[{}$\\]", " ", latex)


def _depth(latex: str) -> int:
    """How deep its braces and environments are nested. The parser's time grows with the square of it."""
    depth = deepest = 0
    for mark in re.finditer(r"\\begin|\\end|\\.|[{}]", latex):
        depth += {"{": 1, "}": -1, "\\begin": 1, "\\end": -1}.get(mark[0], 0)
        deepest = max(deepest, depth)
    return deepest


def tidy(text: str) -> str:
    """Single spaces, plain letters for mathematical ones, footnote marks without the sign that raises them."""
    text = "".join(
        unicodedata.normalize("NFKC", char) if "\U0001d400" <= char <= "\U0001d7ff" else char for char in text
    )
    text = _MARK_RAISED.sub("", _SPACE.sub(" ", text))
    text = _SPACE_AFTER_OPENING.sub("", text)
    return text.strip()
