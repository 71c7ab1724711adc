"""Pages of a PDF as words, lines and pictures: the only module that knows PyMuPDF.

PyMuPDF is under the AGPL, or a commercial licence from Artifex. It is not needed without the extra `papers`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from ingest.papers.limits import PaperError

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in points from the page's top left corner."""

_LONGEST_SIDE = 1600
_MOST_DPI = 300
_LEAST_DPI = 72
_MOST_PATHS = 20_000
_THIN = 2.0
_DOT = 3.0
_JOINT = 2.5
_SHORTEST_RULE = 8.0
_ACCENTS = {"´": "\u0301", "¨": "\u0308", "ˆ": "\u0302", "˜": "\u0303", "˘": "\u0306", "ˇ": "\u030c",
            "¸": "\u0327", "˙": "\u0307", "˚": "\u030a", "¯": "\u0304", "˝": "\u030b"}  # fmt: skip
"""What TeX's old fonts set above a letter, which then follows or precedes it in the text."""


@dataclass(frozen=True)
class PageWord:
    """A word, with the block of text that it belongs to and its line there."""

    text: str
    box: Box
    block: int
    line: int
    upright: bool = True


@dataclass(frozen=True)
class PageBlock:
    """Lines of text that stand together."""

    box: Box
    lines: tuple[tuple[str, Box], ...]

    @property
    def text(self) -> str:
        """The lines, hyphens at their ends resolved."""
        return joined([line for line, _ in self.lines])


@dataclass(frozen=True)
class Graphics:
    """What is painted on a page other than text."""

    images: tuple[Box, ...]
    paths: tuple[Box, ...]


@dataclass(frozen=True)
class Rules:
    """Straight lines as authors rule tables with."""

    across: tuple[Box, ...]
    """Of no height: top is bottom. From top to bottom; pieces that touch are one."""

    pieces: tuple[Box, ...]
    """What `across` was put together from: rules below headers next to each other may touch."""

    down: tuple[Box, ...]
    """Of no width. Pieces stay as they were painted, which is often one for each row."""


class Document:
    """An open PDF. Use it as a context."""

    def __init__(self, content: bytes, *, most_pages: int = 1_000_000) -> None:
        """Open a PDF.

        Raises:
            PaperError: it is damaged beyond repair, encrypted, without pages or with too many.
        """
        import pymupdf

        pymupdf.TOOLS.mupdf_display_errors(False)
        pymupdf.TOOLS.mupdf_display_warnings(False)
        self._mupdf = pymupdf
        try:
            self._document = pymupdf.open(stream=content, filetype="pdf")
            encrypted, self.pages = self._document.needs_pass, self._document.page_count
        except Exception as error:
            raise PaperError(f"the PDF cannot be opened: {' '.join(str(error).split())[:100]}") from error
        if encrypted:
            raise PaperError("the PDF is encrypted and needs a password")
        if not 0 < self.pages <= most_pages:
            raise PaperError(
                "the PDF has no pages"
                if not self.pages
                else f"the PDF has {self.pages:,} pages, more than {most_pages:,}"
            )
        self._texts: dict[int, tuple[Any, Any]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._texts.clear()
        self._document.close()

    def size(self, page: int) -> tuple[float, float]:
        """Width and height in points. Pages count from 1."""
        box = self._page(page)[0].rect
        return box.width, box.height

    def blocks(self, page: int) -> list[PageBlock]:
        """The text of a page, in the order of the file."""
        _, text = self._page(page)
        found = []
        for block in text.extractDICT()["blocks"]:
            lines = tuple(
                (line, tuple(row["bbox"]))
                for row in block.get("lines", ())
                if abs(row["dir"][1]) < 0.1 and (line := mended("".join(span["text"] for span in row["spans"])))
            )
            if lines:
                found.append(PageBlock(union([box for _, box in lines]), lines))
        return found

    def words(self, page: int, within: Box | None = None) -> list[PageWord]:
        """The words of a page whose middle is within a box."""
        _, text = self._page(page)
        turned = {
            (number, index)
            for number, block in enumerate(text.extractDICT()["blocks"])
            for index, line in enumerate(block.get("lines", ()))
            if abs(line["dir"][1]) > 0.1
        }
        return [
            PageWord(mended(word), (x0, y0, x1, y1), block, line, (block, line) not in turned)
            for x0, y0, x1, y1, word, block, line, _ in text.extractWORDS()
            if word.strip() and (within is None or holds(within, ((x0 + x1) / 2, (y0 + y1) / 2)))
        ]

    def graphics(self, page: int) -> Graphics:
        """Pictures and painted paths, as far as they are on the page."""
        opened, _ = self._page(page)
        images, paths = [], []
        width, height = opened.rect.width, opened.rect.height
        for kind, (x0, y0, x1, y1) in opened.get_bboxlog():
            box = (max(x0, 0.0), max(y0, 0.0), min(x1, width), min(y1, height))
            if box[0] > box[2] or box[1] > box[3]:
                continue
            if kind == "fill-image" or kind == "fill-shade":
                images.append(box)
            elif kind in ("fill-path", "stroke-path"):
                paths.append(box)
        return Graphics(tuple(images), tuple(paths))

    def rules(self, page: int) -> Rules:
        """The ruled lines of a page; none where it holds a drawing of very many paths."""
        opened, _ = self._page(page)
        if len(opened.get_bboxlog()) > _MOST_PATHS:
            return Rules((), (), ())
        across: list[Box] = []
        down: list[Box] = []
        for drawing in opened.get_cdrawings():
            for item in drawing["items"]:
                if item[0] == "l":
                    (x0, y0), (x1, y1) = item[1], item[2]
                elif item[0] == "re":
                    x0, y0, x1, y1 = item[1]
                else:
                    continue
                box = (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
                framed = (
                    item[0] == "re" and drawing["type"] != "f"
                )  # else it is the ground of a row, or a thick line
                for side in _sides(box) if framed else (box,):
                    if side[3] - side[1] < _THIN:
                        y = (side[1] + side[3]) / 2
                        across.append((side[0], y, side[2], y))
                    elif side[2] - side[0] < _THIN:
                        x = (side[0] + side[2]) / 2
                        down.append((x, side[1], x, side[3]))
        long = tuple(piece for piece in sorted(set(across)) if piece[2] - piece[0] > _SHORTEST_RULE)
        return Rules(tuple(_merged(across)), long, tuple(sorted(set(down))))

    def draw(self, page: int, box: Box | None = None) -> bytes:
        """A PNG of a page or a part of it: 300 dots per inch, or 1600 pixels on its longer side if less."""
        opened, _ = self._page(page)
        clip = self._mupdf.Rect(box) if box else opened.rect
        longest = max(clip.width, clip.height, 1.0)
        scale = max(
            min(_MOST_DPI / 72, _LONGEST_SIDE / longest), min(_LEAST_DPI / 72, 2 * _LONGEST_SIDE / longest)
        )
        try:
            pixels = opened.get_pixmap(matrix=self._mupdf.Matrix(scale, scale), clip=clip, alpha=False)
            return bytes(pixels.tobytes("png"))
        except Exception as error:
            raise PaperError(f"page {page} cannot be drawn") from error

    def _page(self, number: int) -> tuple[Any, Any]:
        if number not in self._texts:
            try:
                page = self._document[number - 1]
                flags = self._mupdf.TEXTFLAGS_WORDS & ~self._mupdf.TEXT_PRESERVE_LIGATURES
                self._texts = {number: (page, page.get_textpage(flags=flags))}
            except Exception as error:
                raise PaperError(f"page {number} of the PDF cannot be read") from error
        return self._texts[number]


class Sheet:
    """An empty page to write and draw on, with a sign for every character."""

    def __init__(self, size: float) -> None:
        """size: of the letters, in points."""
        import pymupdf

        self._mupdf = pymupdf
        self._font, self._size = pymupdf.Font("helv"), size
        self._texts: list[tuple[tuple[float, float], str]] = []
        self._lines: list[tuple[tuple[float, float], tuple[float, float], float]] = []

    def length(self, text: str) -> float:
        """How wide a text is, in points."""
        return float(self._font.text_length(text, self._size))

    def write(self, left: float, baseline: float, text: str) -> None:
        """Put a text on the sheet."""
        self._texts.append(((left, baseline), text))

    def line(self, left: float, right: float, y: float, width: float) -> None:
        """Draw a horizontal line."""
        self._lines.append(((left, y), (right, y), width))

    def png(self, width: float, height: float) -> bytes:
        """What was drawn, on white, at two pixels a point or 1600 pixels on the longest side."""
        with self._mupdf.open() as document:
            page = document.new_page(width=width, height=height)
            writer = self._mupdf.TextWriter(page.rect)
            for place, text in self._texts:
                writer.append(place, text, font=self._font, fontsize=self._size)
            writer.write_text(page)
            for start, end, thick in self._lines:
                page.draw_line(start, end, width=thick)
            scale = min(2.0, _LONGEST_SIDE / max(width, height))
            return bytes(page.get_pixmap(matrix=self._mupdf.Matrix(scale, scale), alpha=False).tobytes("png"))


def _sides(box: Box) -> list[Box]:
    """A thin rectangle is a line; of another, painted as a cell's frame or ground, the four sides are."""
    x0, y0, x1, y1 = box
    if y1 - y0 < _THIN or x1 - x0 < _THIN:
        return [box]
    return [(x0, y0, x1, y0), (x0, y1, x1, y1), (x0, y0, x0, y1), (x1, y0, x1, y1)]


def _merged(pieces: list[Box]) -> list[Box]:
    """Horizontal lines of which the pieces lie in a row, as those of cells' frames do. Dotted lines, which part no
    headers from what is below them, are left out."""
    lines: list[Box] = []
    pieces = [piece for piece in pieces if piece[2] - piece[0] > _DOT]
    for x0, y, x1, _ in sorted(pieces, key=lambda piece: (round(piece[1]), piece[0])):
        if lines and abs(lines[-1][1] - y) < _THIN / 2 and x0 - lines[-1][2] < _JOINT:
            last = lines[-1]
            lines[-1] = (last[0], last[1], max(last[2], x1), last[1])
        else:
            lines.append((x0, y, x1, y))
    return sorted(
        (line for line in lines if line[2] - line[0] > _SHORTEST_RULE), key=lambda line: (line[1], line[0])
    )


def holds(box: Box, point: tuple[float, float]) -> bool:
    """Whether a point is in a box."""
    return box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3]


def union(boxes: Sequence[Box]) -> Box:
    return (
        min(box[0] for box in boxes), min(box[1] for box in boxes),
        max(box[2] for box in boxes), max(box[3] for box in boxes),
    )  # fmt: skip


def mended(text: str) -> str:
    """Accents that stand beside their letter put on it."""
    if not any(mark in text for mark in _ACCENTS):
        return text
    found = list(text)
    for index, mark in enumerate(found):
        accent = _ACCENTS.get(mark)
        if accent is None:
            continue
        for letter in (index + 1, index - 1):
            if 0 <= letter < len(found) and found[letter].isalpha():
                whole = unicodedata.normalize("NFC", found[letter] + accent)
                if len(whole) == 1:
                    found[letter], found[index] = whole, ""
                    break
    return "".join(found)


def joined(lines: Sequence[str]) -> str:
    """Lines as one, with single spaces and without the hyphens that only break a word."""
    text = ""
    for line in lines:
        line = " ".join(line.split())
        if text.endswith("\xad") or (text.endswith("-") and text[-2:-1].isalpha() and line[:1].islower()):
            text = text[:-1] + line
        elif text.endswith("-") and text[-2:-1].isalnum():
            text += line
        else:
            text = f"{text} {line}".strip()
    return text
