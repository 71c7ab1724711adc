"""The text of CSV and JSONL files as users have them: compressed or not, in UTF-8 or UTF-16, cells parted by
commas, semicolons or tabs."""

from __future__ import annotations

import codecs
import gzip
import io
import json
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import polars as pl

from aggregate.words import DECIMAL_COMMA
from ingest.importer import LogError

_GZIP = b"\x1f\x8b"
_GZIPPED = ".gz"
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

HEAD = 2**16
"""Bytes among which the first line is."""

_LOOKED_AT = 1000
"""Rows of JSONL that are searched for keys given twice."""

_NO_THOUSANDS = r"^\s*[+-]?(0,|\d+,(\d{1,2}|\d{4,})\s*$)"
"""A comma that parts no thousands."""


def suffix_of(path: Path) -> str:
    """How a file's name ends, in small letters, without the .gz of a compressed one."""
    return _unpacked(path).suffix.lower()


def stem_of(path: Path) -> str:
    """A file's name without its ending, which may be that of a compressed one."""
    return _unpacked(path).stem


def _unpacked(path: Path) -> Path:
    return Path(path.stem) if path.suffix.lower() == _GZIPPED else path


def first_line(head: bytes) -> bytes:
    """The first line with anything in it, in UTF-8, of a file that begins so; the line may be cut short."""
    if head.startswith(_GZIP):
        head = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(head, HEAD)
    if head.startswith(_UTF_16):
        head = head.decode("utf-16", errors="ignore").encode()
    lines = head.removeprefix(codecs.BOM_UTF8).splitlines(keepends=True)
    return next((line for line in lines if line.strip()), b"")


def separator_of(path: Path, head: bytes) -> str:
    """What parts the cells of a CSV file that begins so: a comma, unless its first line has none outside of
    quotes, but semicolons or tabs; a tab in .tsv."""
    bare = re.sub(rb'"[^"]*"', b"", first_line(head))
    if (b"," in bare and suffix_of(path) != ".tsv") or not (b";" in bare or b"\t" in bare):
        return ","
    return ";" if bare.count(b";") > bare.count(b"\t") else "\t"


@contextmanager
def open_text(path: Path) -> Iterator[BinaryIO]:
    """The content, in UTF-8 and not compressed: the file itself where it is so, else what it comes to, in memory.

    Raises:
        LogError: it is damaged.
    """
    with path.open("rb") as file:
        mark = file.read(len(codecs.BOM_UTF8))
        file.seek(0)
        if not mark.startswith((_GZIP, *_UTF_16, codecs.BOM_UTF8)):
            yield file
            return
        content = file.read()
    try:
        if content.startswith(_GZIP):
            content = gzip.decompress(content)
        if content.startswith(_UTF_16):
            content = content.decode("utf-16").encode()
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise LogError(f"{path} cannot be read: it is damaged or cut short ({error})") from None
    with io.BytesIO(content.removeprefix(codecs.BOM_UTF8)) as unpacked:
        yield unpacked


def check_keys(path: Path, file: BinaryIO) -> None:
    """Whether one of the first rows of JSONL has a key twice, of which readers take one in silence.

    Raises:
        LogError: one has.
    """
    for number, line in enumerate(islice(file, _LOOKED_AT), start=1):
        try:
            pairs = json.loads(line, object_pairs_hook=_Pairs)
        except (ValueError, RecursionError):  # whoever reads it says what is wrong
            continue
        if isinstance(pairs, _Pairs):
            keys = [key for key, _ in pairs]
            if twice := [key for key in keys if keys.count(key) > 1]:
                raise LogError(f"{path} has the key '{twice[0]}' twice in row {number}: leave one of the two")


class _Pairs(list[Any]):
    """An object of JSON, each key as often as it is there."""


def with_points(values: pl.Series) -> pl.Series:
    """Texts of numbers with decimal commas as points. They stay as they are where a comma may as well part
    thousands: where there is a point in another number, or each comma stands before three digits."""
    sure = values.str.contains(_NO_THOUSANDS).any() and not values.str.contains(r"\d\.\d").any()
    pointed = pl.when(values.str.contains(DECIMAL_COMMA)).then(values.str.replace(",", ".", literal=True))
    return pl.select(pointed.otherwise(values)).to_series() if sure else values
