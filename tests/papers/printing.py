"""PDFs as publishers make them, drawn for the tests: columns of text, figures, tables, captions."""

from __future__ import annotations

import functools
import random
from collections.abc import Sequence

import pymupdf

WIDTH, HEIGHT = 595.0, 842.0
LEFT, RIGHT, GUTTER = 72.0, 523.0, 18.0
COLUMN = (RIGHT - LEFT - GUTTER) / 2
_PLAIN = (
    "the model learns from many papers and we show that it reads what others do not while results of a second "
    "experiment agree with those of the first one over all data sets that were tried in this work"
)
_WORDS = _PLAIN.split()
_FONT = pymupdf.Font("tiro")


@functools.cache
def _length(word: str) -> float:
    return float(_FONT.text_length(word, 10))


class Printer:
    """A document that grows page by page."""

    def __init__(self) -> None:
        self.document = pymupdf.open()
        self.page = self.document.new_page(width=WIDTH, height=HEIGHT)
        self._random = random.Random(7)

    def new_page(self) -> None:
        self.page = self.document.new_page(width=WIDTH, height=HEIGHT)

    def prose(self, left: float, top: float, width: float, lines: int, *, first: str = "") -> float:
        """Justified running text in lines of 10 points. Returns where it ends."""
        writer = pymupdf.TextWriter(self.page.rect)
        words = [*first.split(), *self._random.choices(_WORDS, k=30 * lines)]
        for line in range(lines):
            row = [words.pop(0)]
            while sum(map(_length, row)) + 3 * len(row) + _length(words[0]) < width:
                row.append(words.pop(0))
            space = (width - sum(map(_length, row))) / max(1, len(row) - 1)
            x = left
            for word in row:
                writer.append((x, top + 10 + 12 * line), word, font=_FONT, fontsize=10)
                x += _length(word) + space
        writer.write_text(self.page)
        return top + 12 * lines + 2

    def text(self, left: float, baseline: float, text: str, size: float = 9, *, centre: bool = False) -> None:
        """One line of text."""
        if centre:
            left -= pymupdf.get_text_length(text, "tiro", size) / 2
        self.page.insert_text((left, baseline), text, fontname="tiro", fontsize=size)

    def chart(
        self, box: tuple[float, float, float, float], *, axis: str = "Epochs", legend: str = "Baseline"
    ) -> None:
        """A line chart: frame, ticks, curve, labels; with letters as text, one of them turned."""
        x0, y0, x1, y1 = box
        inner = pymupdf.Rect(x0 + 30, y0, x1, y1 - 24)
        self.page.draw_rect(inner, width=0.6)
        points = [
            (inner.x0 + i * inner.width / 9, inner.y1 - (i * 37 % 50) / 50 * inner.height) for i in range(10)
        ]
        self.page.draw_polyline(points, color=(0.8, 0.2, 0.1), width=1)
        for step in range(5):
            x = inner.x0 + step * inner.width / 4
            self.page.draw_line((x, inner.y1), (x, inner.y1 + 3), width=0.5)
            self.text(x, inner.y1 + 11, str(10 * step), 7, centre=True)
        self.text((inner.x0 + inner.x1) / 2, y1, axis, 8, centre=True)
        self.text(inner.x1 - 50, inner.y0 + 12, legend, 7)
        self.page.insert_text((x0 + 10, inner.y1 - 10), "Accuracy", fontname="tiro", fontsize=8, rotate=90)

    def table(
        self, left: float, top: float, rows: Sequence[Sequence[str]], widths: Sequence[float], *,
        rules: str = "booktabs", size: float = 9,
    ) -> float:  # fmt: skip
        """A table with its numbers centred; rules: `booktabs`, `grid` or `none`. Returns where it ends."""
        right = left + sum(widths)
        pitch = size + 3
        lines = [top, top + pitch + 3, top + pitch * len(rows) + 7] if rules == "booktabs" else []
        for index, row in enumerate(rows):
            baseline = top + pitch * (index + 1) - 1 + (4 if index and rules == "booktabs" else 0)
            x = left
            for column, (cell, width) in enumerate(zip(row, widths, strict=True)):
                if column:
                    self.text(x + width / 2, baseline, cell, size, centre=True)
                else:
                    self.text(x + 4, baseline, cell, size)
                x += width
            if rules == "grid":
                lines += [baseline - size - 1] if not index else []
                lines.append(baseline + 3)
        for y in lines:
            self.page.draw_line((left, y), (right, y), width=0.6)
        if rules == "grid":
            for column in range(len(widths) + 1):
                x = left + sum(widths[:column])
                self.page.draw_line((x, lines[0]), (x, lines[-1]), width=0.6)
        return top + pitch * len(rows) + 8

    def done(self, **options: object) -> bytes:
        """The PDF."""
        return self.document.tobytes(**options)
