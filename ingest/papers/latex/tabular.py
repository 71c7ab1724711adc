"""The cells of a tabular."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from ingest.papers.grid import place
from ingest.papers.latex.scan import argument, closing, environment_ends, option
from ingest.papers.latex.text import Reader
from ingest.papers.records import Cell

TABULARS = re.compile(
    r"(?:tabular[xy]?|tabulary|longtable|longtabu|tabu|supertabular|xtabular|array|NiceTabular)\*?"
)
"""Environments that hold cells."""

_MOST_ROWS, _MOST_COLUMNS = 3_000, 200
_RULE = re.compile(
    r"\\(toprule|midrule|bottomrule|hline|Xhline|hhline|specialrule|cline|cmidrule|hdashline|cdashline|cdashlinelr"
    r"|Cline|thickhline|heavyrule|addlinespace|arrayrulecolor|rowcolor|noalign|endhead|endfirsthead|endfoot|endlastfoot"
    r"|morecmidrules|vspace|centering|small|footnotesize|scriptsize|tiny|normalsize|label)(?![A-Za-z])\*?"
)
_FULL_RULES = frozenset(
    (
        "toprule",
        "midrule",
        "bottomrule",
        "hline",
        "Xhline",
        "hhline",
        "specialrule",
        "hdashline",
        "thickhline",
        "heavyrule",
    )
)
_RULE_ARGUMENTS = {
    "Xhline": 1, "hhline": 1, "specialrule": 3, "cline": 1, "cmidrule": 1, "cdashline": 1, "cdashlinelr": 1,
    "Cline": 1, "arrayrulecolor": 1, "rowcolor": 1, "noalign": 1, "vspace": 1, "label": 1,
}  # fmt: skip
_ROW_ENDS = ("tabularnewline", "cr", "crcr", "endhead", "endfirsthead", "endfoot", "endlastfoot")
_SPAN = re.compile(r"\\(multicolumn|multirow|multirowcell|SetCell)(?![A-Za-z])\*?")
_LEADING = re.compile(
    r"\s*\\(?:cellcolor|columncolor|rowcolor|color)(?![A-Za-z])\s*(?:\[[^\]]*\])?\s*\{[^{}]*\}\s*"
)


@dataclass
class _Row:
    rule_above: bool = False
    cells: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Tabular:
    """A table's cells and where its author drew the line below the headers."""

    cells: tuple[Cell, ...]

    ruled: int
    """Rows above the first rule below the top one; 0 where there is none."""


def read_tabular(name: str, body: str, reader: Reader) -> Tabular:
    """The cells of a tabular environment, given what stands between its begin and end."""
    rows = _rows(body[_after_arguments(name, body) :])
    placed: list[list[Cell]] = []
    for index, row in enumerate(rows):
        column = 0
        placed.append([])
        for latex in row.cells:
            cell = _cell(latex, index, column, reader)
            column += cell.columns
            if column > _MOST_COLUMNS:
                break
            placed[-1].append(cell)
    _lift(placed)
    cells = place(placed)
    shown = [index for index, row in enumerate(placed) if any(cell.text for cell in row)]
    ruled = next((n for n, index in enumerate(shown) if n and _rule_between(rows, shown[n - 1], index)), 0)
    return Tabular(cells, ruled)


def _rule_between(rows: list[_Row], above: int, below: int) -> bool:
    return any(rows[index].rule_above for index in range(above + 1, below + 1))


def _after_arguments(name: str, body: str) -> int:
    at = 0
    plain = name.rstrip("*")
    if name == "tabular*" or plain in ("tabularx", "tabulary"):
        _, at = argument(body, at)  # its width
    elif plain in ("tabu", "longtabu"):
        width = re.match(r"\s*(?:to|spread)\s*[^{\[]*", body)
        at = width.end() if width else 0
    _, at = option(body, at)
    _, at = argument(body, at)
    return at


def _rows(text: str) -> list[_Row]:
    rows = [_Row()]
    ends = environment_ends(text)
    start = at = 0

    def end_cell(to: int) -> None:
        rows[-1].cells.append(text[start:to])

    while at < len(text) and len(rows) < _MOST_ROWS:
        char = text[at]
        if char == "{":
            at = closing(text, at) + 1
        elif char == "&":
            end_cell(at)
            at = start = at + 1
        elif char != "\\":
            at += 1
        elif at in ends:
            at = ends[at]
        elif text.startswith("\\\\", at):
            end_cell(at)
            at += 3 if text[at + 2 : at + 3] == "*" else 2
            at = start = option(text, at)[1] if text[at : at + 1] == "[" or _spaced_length(text, at) else at
            rows.append(_Row())
        else:
            word = re.compile(r"\\(?:([A-Za-z@]+)\*?|.)", re.DOTALL).match(text, at)
            if word is None:
                break
            if word[1] in _ROW_ENDS:
                end_cell(at)
                at = start = option(text, word.end())[1]
                rows.append(_Row())
                continue
            at = word.end()
            if word[1] and not text[start : word.start()].strip() and not rows[-1].cells and _RULE.match(word[0]):
                at = start = _after_rule(text, word[1], at)
                rows[-1].rule_above |= word[1] in _FULL_RULES
    end_cell(len(text))
    return rows


def _spaced_length(text: str, at: int) -> bool:
    """Whether the bracket that follows a line break and white space is the break's own, and no text."""
    return re.match(r"\s*\[\s*-?[\d.]+\s*[a-z]{2}\s*\]", text[at : at + 40]) is not None


def _after_rule(text: str, name: str, at: int) -> int:
    if name == "cmidrule":
        _, at = option(text, at)
        _, at = option(text, at, "()")
    for _ in range(_RULE_ARGUMENTS.get(name, 0)):
        _, at = option(text, at)
        _, at = argument(text, at)
    return option(text, at)[1]


def _cell(latex: str, row: int, column: int, reader: Reader) -> Cell:
    """A cell with the spans that its commands ask for. A span over rows above has a negative number here."""
    rows = columns = 1
    latex = latex.strip()
    for _ in range(4):  # a span may stand in a span, and colours before each
        colour = _LEADING.match(latex)
        if colour:
            latex = latex[colour.end() :].strip()
        span = _SPAN.match(latex)
        if span is None:
            break
        at = span.end()
        if span[1] == "multicolumn":
            count, at = argument(latex, at)
            _, at = argument(latex, at)
            columns = _count(count)
        elif span[1] in ("multirow", "multirowcell"):
            _, at = option(latex, at)
            count, at = argument(latex, at)
            _, at = option(latex, at)
            if span[1] == "multirow":
                _, at = argument(latex, at)
            _, at = option(latex, at)
            rows = _count(count)
        else:
            break
        content, at = argument(latex, at)
        latex = f"{content} {latex[at:]}".strip()
    return Cell(text=reader.text(latex), row=row, column=column, rows=rows, columns=max(columns, 1))


def _count(text: str) -> int:
    number = re.match(r"\s*(-?)(\d+)", text)
    if number is None:
        return 1
    value = min(int(number[2][:6]), _MOST_COLUMNS)
    return -max(value, 1) if number[1] else max(value, 1)


def _lift(rows: list[list[Cell]]) -> None:
    """Move cells that span rows above them to the first of these."""
    for index, row in enumerate(rows):
        for cell in [cell for cell in row if cell.rows < 0]:
            top = max(0, index + cell.rows + 1)
            row.remove(cell)
            above = [c for c in rows[top] if c.column == cell.column and not c.text]
            for empty in above:
                rows[top].remove(empty)
            rows[top].append(replace(cell, row=top, rows=index - top + 1))
