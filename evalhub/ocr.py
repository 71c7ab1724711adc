"""Text that stands in images, read by RapidOCR, whose models come in its wheel."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import numpy as np

from evalhub.errors import EvalhubError

INSTALL = 'pip install "evalhub[ocr]"'

_LONGEST_SIDE = 1600
"""Pixels; larger images are read scaled down, smaller ones as they are."""

_SAME_LINE = 0.6
"""Two pieces stand on one line where their middles differ by less than this share of a piece's height."""

_TURNED = 2
"""A piece that is so many times as high as it is wide, and as others are high, is the label of a vertical axis."""


def can_read() -> bool:
    """Whether the packages that read images are installed."""
    return find_spec("rapidocr") is not None and find_spec("onnxruntime") is not None


class RapidOCR:
    """PP-OCR's detection and recognition of lines, by ONNX Runtime, on the CPU."""

    def __init__(self) -> None:
        """Raises EvalhubError where the packages are not installed."""
        if not can_read():
            raise EvalhubError(f"to read the text in images: {INSTALL}")
        self.name = f"rapidocr@{version('rapidocr')}"
        """With its version: another one may read otherwise."""

    def read(self, image: bytes) -> str:
        """The text in an encoded image: a line for each line seen, its pieces apart by ` | `. Empty where there is
        none, or the image cannot be opened."""
        pixels = _pixels(image)
        if pixels is None:
            return ""
        found = _engine()(pixels)
        return laid_out(found.boxes, found.txts) if found.txts else ""


@cache
def _engine() -> Any:
    from rapidocr import RapidOCR as Engine

    return Engine(
        params={"Global.log_level": "critical", "Det.limit_type": "max", "Det.limit_side_len": _LONGEST_SIDE}
    )


def _pixels(image: bytes) -> np.ndarray | None:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(image)) as opened:
            opened.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
            # What is transparent is read as on white paper.
            seen = opened.convert("RGBA")
        page = Image.new("RGBA", seen.size, "white")
        page.alpha_composite(seen)
        return np.asarray(page.convert("RGB"))
    except Exception:  # a broken image fails in many ways, a huge one too
        return None


def laid_out(boxes: Sequence[Any], texts: Sequence[str]) -> str:
    """Pieces of text as lines from top to bottom, each from left to right; turned ones come first.

    Args:
        boxes: corners of each piece, (4, 2) in pixels.
        texts: as many.
    """
    corners = np.asarray(boxes, dtype=float)
    left, middle = corners[:, :, 0].min(axis=1), corners[:, :, 1].mean(axis=1)
    width, height = np.ptp(corners[:, :, 0], axis=1), np.ptp(corners[:, :, 1], axis=1)
    turned = (height > _TURNED * width) & (height > _TURNED * np.median(height))
    lines: list[list[int]] = [[i] for i in np.flatnonzero(turned).tolist()]
    last = -1
    for i in np.argsort(middle, kind="stable").tolist():
        if turned[i]:
            continue
        if last >= 0 and middle[i] - middle[last] < _SAME_LINE * min(height[i], height[last]):
            lines[-1].append(i)
        else:
            lines.append([i])
        last = i
    return "\n".join(" | ".join(texts[i] for i in sorted(line, key=lambda i: left[i])) for line in lines)
