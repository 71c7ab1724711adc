"""The pictures that a source names, as PNG."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from ingest.papers.latex.project import Project
from ingest.papers.limits import PaperError

SUFFIXES = (".pdf", ".png", ".jpg", ".jpeg", ".PDF", ".PNG", ".JPG", ".JPEG", ".eps", ".ps")
LONGEST_SIDE = 1600
"""In pixels, of a picture that is made here."""

_MOST_PIXELS = 100_000_000
_MOST_PICTURES = 30
_MARGIN = 12
_IN_A_ROW = 3


def picture(project: Project, names: Sequence[str], letters: Sequence[str]) -> bytes:
    """One PNG of all pictures of a figure: one alone as it is, several in rows of three, with their letters below.

    letters: of each picture; used where there are as many.

    Raises:
        PaperError: a picture is missing, broken, too large, or of a kind that is not read.
    """
    from PIL import Image, ImageDraw, ImageFont

    if not names:
        raise PaperError("its content is drawn by LaTeX itself")
    images = [_open(project, name) for name in names[:_MOST_PICTURES]]
    if len(images) == 1:
        return to_png(images[0])
    letters = letters if len(letters) == len(images) else [""] * len(images)
    across = min(_IN_A_ROW, len(images))
    cell = LONGEST_SIDE // across - _MARGIN
    font = ImageFont.load_default(24)
    rows = []
    for start in range(0, len(images), across):
        row = [
            image.resize(_within(image.size, cell), Image.Resampling.LANCZOS) for image in images[start:][:across]
        ]
        rows.append((row, list(letters[start:][:across])))
    foot = 34 if any(letters) else 0
    heights = [max(image.height for image in row) + foot + _MARGIN for row, _ in rows]
    sheet = Image.new("RGB", (across * (cell + _MARGIN), sum(heights)), "white")
    pen, top = ImageDraw.Draw(sheet), 0
    for (row, names_below), height in zip(rows, heights, strict=True):
        for index, (image, letter) in enumerate(zip(row, names_below, strict=True)):
            left = index * (cell + _MARGIN) + (cell - image.width) // 2
            sheet.paste(image, (left, top + height - foot - _MARGIN - image.height))
            if letter:
                middle = left + image.width // 2
                pen.text((middle, top + height - _MARGIN - foot // 2), f"({letter})", "black", font, anchor="mm")
        top += height
    return to_png(sheet)


def _within(size: tuple[int, int], side: int) -> tuple[int, int]:
    scale = min(side / size[0], side / size[1])
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _open(project: Project, name: str):  # type: ignore[no-untyped-def]  # Pillow's image
    from PIL import Image

    path = _find(project, name)
    if path is None:
        raise PaperError(f"its picture {ascii(name)[1:-1][:80]} is not in the source")
    content = project.files[path]
    if PurePosixPath(path).suffix.lower() in (".eps", ".ps"):
        raise PaperError(f"its picture {path} is PostScript, which is not drawn")
    if content.startswith(b"%PDF"):
        from ingest.papers.pdf.pages import Document

        with Document(content) as document:
            content = document.draw(1)
    try:
        image = Image.open(io.BytesIO(content), formats=("PNG", "JPEG", "GIF"))
        if image.width * image.height > _MOST_PIXELS:
            raise PaperError(f"its picture {path} has more than {_MOST_PIXELS // 1_000_000} million pixels")
        image.load()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise PaperError(f"its picture {path} cannot be read") from error
    return _on_white(image)


def _find(project: Project, name: str) -> str | None:

    found = project.resolve(name, SUFFIXES)
    if found is not None:
        return found
    paths = re.search(r"\\graphicspath\s*\{((?:\s*\{[^{}]*\})+)\s*\}", project.preamble + project.body)
    for folder in re.findall(r"\{([^{}]*)\}", paths[1]) if paths else ():
        found = project.resolve(f"{folder.rstrip('/')}/{name}", SUFFIXES)
        if found is not None:
            return found
    return None


def _on_white(image):  # type: ignore[no-untyped-def]
    from PIL import Image

    image = image.convert("RGBA") if image.mode in ("P", "LA", "PA", "RGBA") else image.convert("RGB")
    if image.mode == "RGBA":
        ground = Image.new("RGB", image.size, "white")
        ground.paste(image, mask=image.getchannel("A"))
        image = ground
    if max(image.size) > 2 * LONGEST_SIDE:
        image = image.resize(_within(image.size, LONGEST_SIDE), Image.Resampling.LANCZOS)
    return image


def to_png(image) -> bytes:  # type: ignore[no-untyped-def]
    """A Pillow image as PNG."""
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()
