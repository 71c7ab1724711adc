"""What a file that arXiv sent really is, and whether it is whole. Nothing of it is unpacked to the disk."""

from __future__ import annotations

import gzip
import re
import tarfile
import zlib
from pathlib import Path
from typing import Literal

from ingest.arxiv.errors import BadAnswer, NotThere

Kind = Literal["tar.gz", "tex.gz", "pdf"]

_BLOCK = 1 << 16
_MOST_UNPACKED = 1 << 30
"""Bytes within a gzip file."""

_TEX = re.compile(rb"\\(?:documentclass|documentstyle|begin|input|def|magnification|font)\b")
_WITHDRAWN = re.compile(rb"withdrawn", re.I)


def kind_of(path: Path) -> Kind:
    """A tar file or a single TeX file, both packed with gzip, or a PDF.

    Raises:
        BadAnswer: it is cut short or damaged, or a page for people: another try may give something else.
        NotThere: it is whole, and neither of them, or unpacks to too much; or the page says that the paper is
            withdrawn.
    """
    with path.open("rb") as file:
        head = file.read(_BLOCK)
    if head.startswith(b"\x1f\x8b"):
        return _kind_within(path)
    if b"%PDF-" in head[:1024]:
        return _whole_pdf(path)
    if head.lstrip().startswith(b"<"):
        if _WITHDRAWN.search(path.read_bytes()[: 1 << 20]):
            raise NotThere("withdrawn")
        raise BadAnswer("a web page came instead of a file")
    if not head:
        raise BadAnswer("an empty file came")
    raise NotThere("neither TeX nor PDF")


def _kind_within(path: Path) -> Kind:
    """Of a gzip file, which is read to its end: its check sum tells whether it is whole."""
    head, size = b"", 0
    try:
        with gzip.open(path) as file:
            while block := file.read(_BLOCK):
                head = head or block
                size += len(block)
                if size > _MOST_UNPACKED:
                    raise NotThere(f"too large: over {_MOST_UNPACKED >> 30} GiB unpacked")
    except EOFError:
        raise BadAnswer("the file is cut short") from None
    except (gzip.BadGzipFile, zlib.error):
        raise BadAnswer("the file is damaged") from None
    if _is_tar(head):
        return "tar.gz"
    if _TEX.search(head) and b"\0" not in head:
        return "tex.gz"
    raise NotThere("neither TeX nor PDF")


def _is_tar(head: bytes) -> bool:
    """Whether it starts with a member's header, which has a check sum."""
    try:
        tarfile.TarInfo.frombuf(head[:512], "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


def _whole_pdf(path: Path) -> Kind:
    """A PDF ends with a mark, near its last byte."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 4096))
        if b"%%EOF" not in file.read():
            raise BadAnswer("the PDF is cut short")
    return "pdf"
