"""Readers of files that are no text: PDFs, and headers of GGUF models. As in `readers`, with what they take."""

from __future__ import annotations

import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

Call = Callable[[bytes], object]


def pdf(folder: Path) -> tuple[Call, tuple[type[BaseException], ...]]:
    """In this process, whereas evalhub reads a PDF in one that may die."""
    del folder
    import pymupdf

    from ingest.papers.limits import PaperError
    from ingest.papers.pdf.pages import Document
    from ingest.papers.pdf.route import read_pdf

    pymupdf.TOOLS.mupdf_display_errors(False)
    pymupdf.TOOLS.mupdf_display_warnings(False)

    def call(content: bytes) -> None:
        with Document(content) as document:
            read_pdf(document)

    return call, (PaperError,)


def pdfs() -> tuple[bytes, ...]:
    """A page with a table and one with a drawing."""
    import pymupdf

    document = pymupdf.open()
    page = document.new_page(width=300, height=300)
    page.insert_text((40, 50), "Table 1: Rates. See Figure 1.", fontsize=9)
    for row, cells in enumerate((("Model", "Rate"), ("ours", "83.5"), ("theirs", "71.2"))):
        for column, cell in enumerate(cells):
            page.insert_text((40 + 80 * column, 75 + 15 * row), cell, fontsize=9)
    for height in (62, 80, 112):
        page.draw_line((38, height), (200, height))
    page = document.new_page(width=300, height=300)
    page.draw_rect((50, 50, 200, 150))
    page.draw_polyline([(60, 140), (100, 90), (190, 60)])
    page.insert_text((50, 170), "Figure 1: Growth of all rates.", fontsize=9)
    return (document.tobytes(no_new_id=True), document.tobytes(no_new_id=True, deflate=True, garbage=4))


def gguf(folder: Path) -> tuple[Call, tuple[type[BaseException], ...]]:
    """The header. Any error will do: a file is converted in a process of its own, whose last line is told."""
    from transformers.integrations.gguf.reader import GgufHeader, read_gguf_metadata

    def call(content: bytes) -> None:
        path = folder / "m.gguf"
        path.write_bytes(content)
        with suppress(Exception):
            read_gguf_metadata(str(path), ("tokenizer.ggml.tokens",))
            GgufHeader.from_file(str(path))

    return call, ()


def model() -> bytes:
    """A GGUF file with one small tensor."""

    def text(words: str) -> bytes:
        return struct.pack("<Q", len(words)) + words.encode()

    fields = [
        (text("general.architecture"), struct.pack("<I", 8) + text("llama")),
        (text("general.alignment"), struct.pack("<II", 4, 32)),
        (text("llama.context_length"), struct.pack("<IQ", 10, 2048)),
        (text("tokenizer.ggml.tokens"), struct.pack("<IIQ", 9, 8, 2) + text("a") + text("b")),
        (text("tokenizer.ggml.scores"), struct.pack("<IIQ2f", 9, 6, 2, 0.5, 1.5)),
    ]
    tensor = text("output.weight") + struct.pack("<IQQIQ", 2, 4, 2, 0, 0)
    header = b"GGUF" + struct.pack("<IQQ", 3, 1, len(fields)) + b"".join(map(b"".join, fields)) + tensor
    return header + bytes(-len(header) % 32) + struct.pack("<8f", *range(8))
