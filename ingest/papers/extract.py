"""A paper out of its files, in this process. `ingest.papers.read` does it in one that can be killed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ingest.papers.archive import Files, is_pdf, read_bounded, read_folder, unpack
from ingest.papers.drawn import draw
from ingest.papers.latex.route import LatexContent, read_latex
from ingest.papers.limits import Limits, PaperError
from ingest.papers.merge import merge_figures, merge_tables
from ingest.papers.pdf.pages import Document
from ingest.papers.pdf.route import PdfContent, read_pdf
from ingest.papers.printable import printable
from ingest.papers.records import Figure, Paper, Table


def extract(paths: Sequence[Path], about: Paper | None, limits: Limits) -> Paper:
    """The figures and tables of a paper.

    paths: its PDF, its source (an archive, a folder, a .tex file), or both.
    about: what is known of the paper; its contents are filled in. Without it the paper is named by its files.

    Raises:
        PaperError: nothing can be read from the files. A PDF that cannot be read beside a source that can, and the
            other way round, is a warning.
    """
    digests: list[str] = []
    pdf: PdfContent | None = None
    latex: LatexContent | None = None
    pages = 0
    refusals: list[str] = []
    for path in paths:
        try:
            content = read_folder(path, limits) if path.is_dir() else read_bounded(path, limits)
            digests.append(_digest(content))
            if isinstance(content, bytes) and is_pdf(content):
                with Document(content, most_pages=limits.pages) as document:
                    pdf, pages = read_pdf(document), document.pages
            else:
                latex = read_latex(content if isinstance(content, dict) else unpack(content, limits))
        except PaperError as error:
            refusals.append(str(error))
    if pdf is None and latex is None:
        raise PaperError("; ".join(refusals) or "there are no files to read it from")
    paper = about or Paper(paper_id=f"file:{_together(digests)[:16]}")
    figures, tables = _merged(latex, pdf)
    return printable(
        replace(
            paper,
            title=paper.title or (latex.title if latex else ""),
            pages=pages,
            figures=tuple(figures),
            tables=tuple(tables),
            warnings=(*refusals, *(latex.warnings if latex else ()), *(pdf.warnings if pdf else ())),
        )
    )


def _merged(latex: LatexContent | None, pdf: PdfContent | None) -> tuple[list[Figure], list[Table]]:
    if latex is None:
        return (pdf.figures, pdf.tables) if pdf else ([], [])
    figures = merge_figures(latex.figures, pdf.figures if pdf else ())
    tables = merge_tables(latex.tables, pdf.tables if pdf else ())
    figures = [latex.illustrated(f) if f.route == "latex" and f.region is None else f for f in figures]
    return figures, [table if table.image else _drawn(table) for table in tables]


def _drawn(table: Table) -> Table:
    image = draw(table.cells, table.header_rows)
    return replace(table, image=image, drawn=bool(image))


def _digest(content: bytes | Files) -> str:
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    return _together([hashlib.sha256(name.encode() + b"\0" + data).hexdigest() for name, data in content.items()])


def _together(digests: list[str]) -> str:
    """One digest as it is; of several, whatever their order, theirs."""
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(sorted(digests)).encode()).hexdigest()
