"""What a paper is here, and what is taken out of it: figures and tables, each with where it was found."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Route = Literal["latex", "pdf"]
"""Where the content of an item was read: cells and captions in the LaTeX source, or on the page."""


@dataclass(frozen=True, kw_only=True)
class Region:
    """Where on a page something stands."""

    page: int
    """From 1."""

    box: tuple[float, float, float, float]
    """Left, top, right, bottom in points (1/72 inch) from the page's top left corner."""


@dataclass(frozen=True, kw_only=True)
class Word:
    """A piece of text that a vector figure carries as text: exact, where a model sees only pixels."""

    text: str

    box: tuple[float, float, float, float]
    """As in `Region`, on the figure's page."""

    upright: bool = True
    """False where it is turned, as the label of a vertical axis is."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell of a table, which may span several rows and columns."""

    text: str
    """As a reader sees it: markup resolved, white space single. Empty where nothing stands."""

    row: int
    """From 0, headers included."""

    column: int
    """From 0."""

    rows: int = 1
    """How many rows it spans."""

    columns: int = 1
    """How many columns it spans."""


@dataclass(frozen=True, kw_only=True)
class Panel:
    """A lettered part of a figure."""

    letter: str
    """`a`, `b`, …"""

    caption: str = ""
    """Its own caption, where it has one."""


@dataclass(frozen=True, kw_only=True)
class Item:
    """What figures and tables have in common."""

    number: str
    """As printed: `3`, `A1`."""

    caption: str
    """Without `Figure 3:` or `Table 3:`."""

    label: str = ""
    """The key of LaTeX's \\label; empty by the other route."""

    citing: tuple[str, ...] = ()
    """The paragraphs that speak of it by number."""

    route: Route
    """Where it was read."""

    region: Region | None = None
    """Where it stands in the PDF, without its caption; None where there is no PDF or it was not found there."""

    image: bytes = field(default=b"", repr=False)
    """What a reader sees of it, as PNG, caption not included; empty where there is none."""


@dataclass(frozen=True, kw_only=True)
class Figure(Item):
    """A numbered figure."""

    panels: tuple[Panel, ...] = ()
    """Its lettered parts; none where it has no letters."""

    words: tuple[Word, ...] = ()
    """The text layer within its region; empty for a picture made of pixels."""


@dataclass(frozen=True, kw_only=True)
class Table(Item):
    """A numbered table."""

    cells: tuple[Cell, ...]
    """Row by row, left to right. Places that a span covers have no cell of their own."""

    header_rows: int
    """How many rows at the top are headers."""

    header_columns: int
    """How many columns at the left name the rows."""

    units: tuple[str, ...] = ()
    """Of each column (`%`, `ms`, …), where its header or the caption says it; else empty."""

    drawn: bool = False
    """Whether the image was drawn from the cells, because there is no page to crop it from."""


@dataclass(frozen=True, kw_only=True)
class Paper:
    """A paper with everything that was found in it."""

    paper_id: str
    """`arXiv:2401.01234` for one from arXiv, else `file:` and the first 16 digits of its content's SHA-256."""

    version: str = ""
    """`v2` for one from arXiv."""

    title: str = ""
    licence: str = ""
    """SPDX name, `CC-BY-4.0`; empty where unknown."""

    published_at: date | None = None
    """When its first version became public: from then on a model may have seen it. None where unknown."""

    categories: tuple[str, ...] = ()
    """arXiv's, the primary one first."""

    url: str = ""
    """Where a reader finds it; empty for a local file."""

    pages: int = 0
    """Of the PDF; 0 without one."""

    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()

    warnings: tuple[str, ...] = ()
    """What could not be read, a line each."""
