"""The text in images."""

from __future__ import annotations

import pytest

from evalhub import ocr
from evalhub.errors import EvalhubError
from tests.text_images import image_of

pytest.importorskip("rapidocr", reason="rapidocr is not installed")


def test_a_table_is_read_line_by_line() -> None:
    read = ocr.RapidOCR().read(image_of(["Model\tScore", "Falcon\t83.5", "Kestrel\t61.2"]))
    assert read == "Model | Score\nFalcon | 83.5\nKestrel | 61.2"


def test_no_text_and_no_image_are_nothing() -> None:
    reader = ocr.RapidOCR()
    whole = image_of(["Falcon"])
    assert [reader.read(image) for image in (image_of([]), b"", b"no image", whole[: len(whole) // 3])] == [""] * 4


def test_a_turned_label_at_the_margin_does_not_join_the_lines_beside_it() -> None:
    """It is as high as all of them, with its middle on the second."""
    corners = [(0, 0, 20, 300), (50, 10, 200, 40), (50, 135, 200, 165), (220, 137, 300, 163)]
    boxes = [[(x, y), (right, y), (right, low), (x, low)] for x, y, right, low in corners]
    assert ocr.laid_out(boxes, ["accuracy", "Falcon", "Kestrel", "61.2"]) == "accuracy\nFalcon\nKestrel | 61.2"


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "can_read", lambda: False)
    with pytest.raises(EvalhubError, match=r"evalhub\[ocr\]"):
        ocr.RapidOCR()
