"""Tables as VLMEvalKit writes them: Excel, values between tabs, or a list in JSON."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path
from typing import Any

import polars as pl

from ingest.importer import LogError
from ingest.importers.json_files import beginning, read_head, read_records
from ingest.reading import Reading

_ZIP = b"PK\x03\x04"


class NoReaderError(LogError):
    """A package is missing without which the table cannot be looked into."""


def columns(path: Path, head: bytes) -> frozenset[str]:
    """The columns of a table; none where the file is no table.

    Raises:
        NoReaderError: it is one in Excel.
    """
    if head.startswith(_ZIP):
        try:
            return frozenset(_excel(path, rows=0).columns) if _is_excel(path) else frozenset()
        except NoReaderError:
            raise
        except LogError:
            return frozenset()
    opening, keys = beginning(head)
    if opening:
        return keys if opening == "[" else frozenset()
    first = head.removeprefix(b"\xef\xbb\xbf").partition(b"\n")[0].decode(errors="replace")
    return frozenset(name.strip().strip('"') for name in first.split("\t")) if "\t" in first else frozenset()


def read_table(path: Path, reading: Reading) -> list[dict[str, Any]]:
    """The rows of a table, each by its columns. What is no row is refused.

    Raises:
        LogError: the file cannot be read, or is damaged.
    """
    head = read_head(path)
    if head.startswith(_ZIP):
        _check(path)
        return _excel(path).to_dicts()
    if beginning(head)[0]:
        return [record for _, record in read_records(path, reading)]
    return _tabbed(path, reading)


def _tabbed(path: Path, reading: Reading) -> list[dict[str, Any]]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise LogError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    csv.field_size_limit(2**31 - 1)  # images in base64 are longer than the limit
    lines = csv.reader(io.StringIO(text, newline=""), delimiter="\t", strict=True)
    found: list[list[str]] = []
    try:
        for cells in lines:
            found.append(cells)
    except csv.Error as error:
        reading.log.partial = f"{path.name} is damaged or cut short behind row {len(found) - 1} ({error})"
        reading.refuse("damaged or cut short", f"row {len(found)}")
    else:
        if not text.endswith("\n") and len(found) > 1:
            reading.log.partial = f"{path.name} is cut short in row {len(found) - 1}"
            reading.refuse("damaged or cut short", f"row {len(found) - 1}")
            found.pop()
    names, rows = (found or [[]])[0], []
    for number, cells in enumerate(found[1:], start=1):
        if len(cells) == len(names):
            rows.append(dict(zip(names, cells, strict=True)))
        elif cells:
            reading.refuse("not as many cells as columns", f"row {number}")
    return rows


def _is_excel(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as file:
            return "xl/workbook.xml" in file.namelist()
    except Exception:  # a damaged archive fails in many ways
        return False


def _check(path: Path) -> None:
    """Hold each part against its checksum, which the reader of tables does not."""
    try:
        with zipfile.ZipFile(path) as file:
            wrong = file.testzip()
    except Exception as error:  # as above
        wrong = str(error) or type(error).__name__
    if wrong:
        raise LogError(f"{path} is damaged ({wrong}): copy it anew from where it is whole")


def _excel(path: Path, rows: int | None = None) -> pl.DataFrame:
    """The first sheet, all cells as text."""
    limit = {} if rows is None else {"n_rows": rows}
    try:
        return pl.read_excel(
            path, engine="calamine", infer_schema_length=0, raise_if_empty=False, read_options=limit
        )
    except ModuleNotFoundError:
        raise NoReaderError(f"{path}: reading Excel needs a package: pip install fastexcel") from None
    except Exception as error:  # the reader's own kinds of errors come with it
        said = str(error).strip() or type(error).__name__
        raise LogError(f"{path} is no table that can be read ({said.splitlines()[0]})") from None
