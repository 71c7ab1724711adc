"""Images with text in them."""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont


def image_of(lines: Sequence[str]) -> bytes:
    """A PNG with these lines in black on white, the pieces of a line apart by tabs."""
    font = ImageFont.load_default(28)
    page = Image.new("RGB", (700, 30 + 55 * len(lines)), "white")
    pen = ImageDraw.Draw(page)
    for row, line in enumerate(lines):
        for column, piece in enumerate(line.split("\t")):
            pen.text((20 + 260 * column, 20 + 55 * row), piece, "black", font)
    held = io.BytesIO()
    page.save(held, "PNG")
    return held.getvalue()
