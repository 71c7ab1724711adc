"""Figures and tables of a LaTeX source."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from ingest.papers.archive import Files
from ingest.papers.grid import header_columns, header_rows, units
from ingest.papers.latex.bibliography import read_bibliography
from ingest.papers.latex.floats import Float, find_floats
from ingest.papers.latex.graphics import picture
from ingest.papers.latex.macros import Macro, collect, expand, without_definitions
from ingest.papers.latex.project import Project, decode, without_comments
from ingest.papers.latex.scan import argument
from ingest.papers.latex.sections import section_numbers
from ingest.papers.latex.tabular import Tabular, read_tabular
from ingest.papers.latex.text import Reader
from ingest.papers.limits import PaperError
from ingest.papers.records import Figure, Panel, Table

_PARAGRAPH_END = re.compile(
    r"\n[ \t]*\n|\\(?:par|item|section|subsection|subsubsection|paragraph|begin|end|chapter)(?![A-Za-z])"
)
_REFERENCE = re.compile(r"\\(?:ref|autoref|[cC]ref|subref|figref|tabref)\*?\s*\{([^{}]*)\}")
_TITLE = re.compile(r"\\title\s*(?:\[[^\]]*\])?\s*(?=\{)")
_LONGEST_PARAGRAPH = 12_000


@dataclass
class LatexContent:
    """What was found in a source."""

    project: Project
    title: str = ""
    figures: list[Figure] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    pictures: dict[str, Float] = field(default_factory=dict)
    """What a figure's picture is made of, by the figure's number."""

    def illustrated(self, figure: Figure) -> Figure:
        """The figure with the picture that its source names, or without, and a warning that says why."""
        item = self.pictures[figure.number]
        try:
            image = picture(self.project, item.graphics, [panel.letter for panel in item.panels])
        except PaperError as error:
            self.warnings.append(f"Figure {figure.number}: {error}")
            return figure
        return replace(figure, image=image)


def read_latex(files: Files) -> LatexContent:
    """All figures and tables of a source that have a number, and tables without one; without images, which a PDF
    may show better.

    Raises:
        PaperError: there is no LaTeX document in it.
    """
    project = Project(files)
    macros = _macros(project)
    body = expand(without_definitions(project.body), macros)
    found = find_floats(project.preamble, body)
    references, names = _references(found.floats)
    references = section_numbers(project.preamble, found.running) | references
    reader = Reader(read_bibliography(project), references, names)
    content = LatexContent(project, _title(project, macros, reader))
    paragraphs = list(_paragraphs(found.running))
    for item in found.floats:
        labels = {*item.labels, *(label for panel in item.panels for label in panel.labels)}
        citing = tuple(reader.text(text) for text, cited in paragraphs if labels & cited)
        if item.kind == "figure":
            content.figures.append(_figure(item, reader, citing))
            content.pictures[item.number] = item
        else:
            content.tables.append(_table(item, reader, citing, content.warnings))
    return content


def _macros(project: Project) -> dict[str, Macro]:
    """The author's, after the shorthands of style files that came with the paper."""
    macros: dict[str, Macro] = {}
    for name, raw in project.files.items():
        if PurePosixPath(name).suffix.lower() in (".sty", ".cls"):
            macros |= collect(without_comments(decode(raw)), short_only=True)
    return macros | collect(project.preamble) | collect(project.body)


def _title(project: Project, macros: dict[str, Macro], reader: Reader) -> str:
    for text in (project.preamble, project.body):
        said = _TITLE.search(text)
        if said:
            return reader.text(expand(argument(text, said.end())[0], macros))
    return ""


def _references(floats: Iterable[Float]) -> tuple[dict[str, str], dict[str, str]]:
    """What a reference to each label shows, and the word that goes before it."""
    numbers: dict[str, str] = {}
    names: dict[str, str] = {}
    for item in floats:
        if not item.number:
            continue
        shown = dict.fromkeys(item.labels, item.number)
        shown |= {label: item.number + panel.letter for panel in item.panels for label in panel.labels}
        numbers |= shown
        names |= dict.fromkeys(shown, item.kind.title())
    return numbers, names


def _paragraphs(running: str) -> Iterator[tuple[str, set[str]]]:
    """The paragraphs that refer to something, with the labels that they name."""
    for text in _PARAGRAPH_END.split(running):
        if len(text) > _LONGEST_PARAGRAPH or "ref" not in text:
            continue
        cited = {label.strip() for labels in _REFERENCE.findall(text) for label in labels.split(",")}
        if cited:
            yield text, cited


def _figure(item: Float, reader: Reader, citing: tuple[str, ...]) -> Figure:
    return Figure(
        number=item.number,
        caption=reader.text(item.caption),
        label=next(iter(item.labels), ""),
        citing=citing,
        route="latex",
        panels=tuple(Panel(letter=panel.letter, caption=reader.text(panel.caption)) for panel in item.panels),
    )


def _table(item: Float, reader: Reader, citing: tuple[str, ...], warnings: list[str]) -> Table:
    read = [read_tabular(tabular.name, tabular.body, reader) for tabular in item.tabulars]
    largest = max(read, key=lambda tabular: len(tabular.cells), default=Tabular((), 0))
    name = f"Table {item.number}".strip()
    if not largest.cells:
        warnings.append(f"{name}: its content is no tabular")
    elif len(read) > 1:
        warnings.append(f"{name}: it has {len(read)} parts, of which the largest was read")
    caption = reader.text(item.caption)
    heads = header_rows(largest.cells, largest.ruled)
    sides = header_columns(largest.cells, heads)
    return Table(
        number=item.number,
        caption=caption,
        label=next(iter(item.labels), ""),
        citing=citing,
        route="latex",
        cells=largest.cells,
        header_rows=heads,
        header_columns=sides,
        units=units(largest.cells, heads, sides, caption),
    )
