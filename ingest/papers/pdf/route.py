"""Figures and tables of a PDF."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from ingest.papers.grid import header_columns, header_rows, units
from ingest.papers.limits import PaperError
from ingest.papers.pdf.cells import read_cells
from ingest.papers.pdf.layout import Caption, Page, find_captions, read_page
from ingest.papers.pdf.pages import Document, PageWord, holds
from ingest.papers.pdf.regions import (
    Area,
    PageContent,
    Side,
    figure_area,
    padded,
    read_content,
    table_area,
    text_area,
)
from ingest.papers.records import Figure, Panel, Region, Table, Word

_PANEL = re.compile(r"\(([a-z])\)")
_MENTION = r"(?:{names})\s*\.?\s*~?(?:[A-Z]?\d+[a-z]?\s*(?:,|and|&|to|-|–)\s*)*{number}(?![\d.]*\d)"
_NAMES = {"figure": "Figures?|Figs?|FIGURES?|FIGS?", "table": "Tables?|Tabs?|TABLES?"}
_LONGEST_PARAGRAPH = 6_000
_FEWEST_WORDS = 8


@dataclass
class PdfContent:
    """What was found in a PDF."""

    figures: list[Figure] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def read_pdf(document: Document) -> PdfContent:
    """All numbered figures and tables of a PDF.

    Raises:
        PaperError: none of its pages can be read.
    """
    found = PdfContent()
    pages: list[Page] = []
    for number in range(1, document.pages + 1):
        try:
            pages.append(read_page(document, number))
        except PaperError as error:
            found.warnings.append(str(error))
    if not pages:
        raise PaperError("none of the PDF's pages can be read")
    candidates = find_captions(pages)
    contents = {
        page.number: read_content(document, page, own)
        for page in pages
        if (own := [caption for caption in candidates if caption.page == page.number])
    }
    captions = _one_for_each(contents, candidates)
    areas = _areas(contents, captions)
    paragraphs = [text for page in pages for text in _paragraphs(page, contents.get(page.number))]
    for caption in captions:
        content = contents[caption.page]
        name = f"{caption.kind.title()} {caption.number}"
        area = areas.get(_key(caption))
        region, image = None, b""
        if area is None:
            found.warnings.append(f"{name}: it is not found on page {caption.page}")
        else:
            box = padded(area.box, content.page, caption)
            region = Region(page=caption.page, box=box)
            try:
                image = document.draw(caption.page, box)
            except PaperError as error:
                found.warnings.append(f"{name}: {error}")
        citing = tuple(text for text in paragraphs if _mentions(text, caption))
        if caption.kind == "figure":
            found.figures.append(_figure(caption, content, area, region, image, citing))
        else:
            found.tables.append(_table(caption, content, area, region, image, citing))
            if not found.tables[-1].cells:
                found.warnings.append(f"{name}: no cells were found on page {caption.page}")
    return found


def _key(caption: Caption) -> tuple[str, str]:
    return caption.kind, caption.number


def _one_for_each(contents: dict[int, PageContent], candidates: list[Caption]) -> list[Caption]:
    """One caption for each number, in the order of the pages: the first that has something to be of."""
    by_key: dict[tuple[str, str], list[Caption]] = {}
    for caption in candidates:
        by_key.setdefault(_key(caption), []).append(caption)
    chosen = [
        next(
            (caption for caption in own if len(own) == 1 or any(_options(contents[caption.page], caption))), own[0]
        )
        for own in by_key.values()
    ]
    for content in contents.values():
        content.captions = [caption for caption in content.captions if caption in chosen]
    return sorted(chosen, key=lambda caption: (caption.page, caption.box[1], caption.box[0]))


def _areas(contents: dict[int, PageContent], captions: list[Caption]) -> dict[tuple[str, str], Area]:
    """Where each caption's figure or table stands. Tables come first, as their lines say where they end; on which
    side of captions a paper puts things is what most of its captions can only mean."""
    areas: dict[tuple[str, str], Area] = {}
    for kind in ("table", "figure"):
        own = [caption for caption in captions if caption.kind == kind]
        options = {_key(caption): list(_options(contents[caption.page], caption)) for caption in own}
        sides = Counter(choices[0].side for choices in options.values() if len(choices) == 1)
        usual: Side = "above" if sides["above"] >= sides["below"] else "below"
        for caption in own:
            content = contents[caption.page]
            # Anew, as what others have taken is no longer free.
            choices = list(_options(content, caption))
            if not choices:  # a figure made of words, or a table that is a picture
                look = text_area if kind == "figure" else figure_area
                found = (look(content, caption, side) for side in (usual, _other(usual)))
                choices = [area for area in found if area is not None]
            if choices:
                area = min(choices, key=lambda area: (not area.ruled, area.side != usual))
                areas[_key(caption)] = area
                content.taken.append(area.box)
    return areas


def _options(content: PageContent, caption: Caption) -> Iterator[Area]:
    sides: tuple[Side, Side] = ("above", "below")
    for side in sides:
        look = figure_area if caption.kind == "figure" else table_area
        area = look(content, caption, side)
        if area is not None:
            yield area


def _other(side: Side) -> Side:
    return "below" if side == "above" else "above"


def _figure(
    caption: Caption,
    content: PageContent,
    area: Area | None,
    region: Region | None,
    image: bytes,
    citing: tuple[str, ...],
) -> Figure:
    words = tuple(Word(text=word.text, box=word.box, upright=word.upright) for word in _words_in(content, area))
    letters = list(
        dict.fromkeys(_PANEL.findall(" ".join(word.text for word in words)) or _PANEL.findall(caption.text))
    )
    in_order = [letter for index, letter in enumerate(letters) if letter == chr(ord("a") + index)]
    return Figure(
        number=caption.number, caption=caption.text, citing=citing, route="pdf", region=region, image=image,
        panels=tuple(Panel(letter=letter) for letter in in_order) if len(in_order) > 1 else (), words=words,
    )  # fmt: skip


def _table(
    caption: Caption,
    content: PageContent,
    area: Area | None,
    region: Region | None,
    image: bytes,
    citing: tuple[str, ...],
) -> Table:
    grid = read_cells(_words_in(content, area), content.rules, area.box if area else (0, 0, 0, 0))
    heads = header_rows(grid.cells, grid.ruled)
    sides = header_columns(grid.cells, heads)
    return Table(
        number=caption.number, caption=caption.text, citing=citing, route="pdf", region=region, image=image,
        cells=grid.cells, header_rows=heads, header_columns=sides,
        units=units(grid.cells, heads, sides, caption.text),
    )  # fmt: skip


def _words_in(content: PageContent, area: Area | None) -> list[PageWord]:
    """The words whose middle is within an area."""
    if area is None:
        return []
    return [
        word
        for word in content.words
        if holds(area.box, ((word.box[0] + word.box[2]) / 2, (word.box[1] + word.box[3]) / 2))
    ]


def _paragraphs(page: Page, content: PageContent | None) -> Iterator[str]:
    """The text of a page by block, captions and what is in figures and tables left out."""
    taken = [*content.taken, *(caption.box for caption in content.captions)] if content else []
    for block in page.blocks:
        middle = ((block.box[0] + block.box[2]) / 2, (block.box[1] + block.box[3]) / 2)
        if any(holds(box, middle) for box in taken):
            continue
        text = block.text
        if len(text.split()) >= _FEWEST_WORDS and len(text) < _LONGEST_PARAGRAPH:
            yield text


def _mentions(text: str, caption: Caption) -> bool:
    pattern = _MENTION.format(names=_NAMES[caption.kind], number=re.escape(caption.number))
    return re.search(rf"\b{pattern}", text) is not None
