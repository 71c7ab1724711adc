"""JSON as logs have it: cut short, damaged, or of another shape than was promised."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ingest.importer import LogError
from ingest.reading import Reading
from ingest.records import JSON

HEAD = 65536
"""Bytes of a file by which it is recognised."""

_BOM = b"\xef\xbb\xbf"
_KEY = re.compile(rb'(?<!\\)"(\w{1,60})"\s*:')
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_MOST = 2**31 - 1


def beginning(head: bytes) -> tuple[str, frozenset[str]]:
    """How JSON begins, `{` or `[`, and its first keys at whatever depth; '' and none where it is no JSON."""
    head = head.removeprefix(_BOM).lstrip()
    if head[:1] not in (b"{", b"["):
        return "", frozenset()
    return head[:1].decode(), frozenset(key.decode() for key in _KEY.findall(head))


def read_head(path: Path) -> bytes:
    """The beginning of a file, as it is given to those who are to recognise it.

    Raises:
        LogError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(HEAD)
    except OSError as error:
        raise _unreadable(path, error) from error


def read_json(path: Path) -> Any:
    """The content of a file.

    Raises:
        LogError: it cannot be read, or is not JSON to its end.
    """
    try:
        return _parsed(path.read_bytes())
    except OSError as error:
        raise _unreadable(path, error) from error
    except ValueError as error:
        raise LogError(
            f"{path} is not JSON to its end ({error}): copy it anew from where it was written"
        ) from None


def read_records(path: Path, reading: Reading) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a file, with their places from 1: one a line, or a list of them. What is none is refused.

    Raises:
        LogError: the file cannot be read, is a list that does not end, or holds nothing.
    """
    row = 0
    for row, record in _records(path):
        if isinstance(record, dict):
            yield row, record
        elif isinstance(record, CutShort):
            reading.log.partial = f"{path.name} is cut short in line {row}"
            reading.refuse("cut short", f"line {row}")
        else:
            reading.refuse("not an object in JSON", f"row {row}")
    if not row:
        raise LogError(f"{path} holds nothing")


def read_objects(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a file that only tells more of what another holds: whatever else is in it is passed over.

    Raises:
        LogError: the file cannot be read, or is a list that does not end.
    """
    return (record for _, record in _records(path) if isinstance(record, dict))


class CutShort:
    """Stands for a last line that is no JSON and has no end."""


def _records(path: Path) -> Iterator[tuple[int, Any]]:
    if beginning(read_head(path))[0] == "[":
        yield from enumerate(read_json(path), start=1)
        return
    try:
        with path.open("rb") as file:
            for row, line in enumerate(file, start=1):
                if not line.strip():
                    continue
                try:
                    yield row, _parsed(line)
                except ValueError:
                    yield row, None if line.endswith(b"\n") else CutShort()
    except OSError as error:
        raise _unreadable(path, error) from error


def _parsed(raw: bytes) -> Any:
    """Raises ValueError, whatever is wrong."""
    try:
        found = json.loads(raw.decode("utf-8-sig"))
        if _SURROGATE.search(raw):
            # Half of a surrogate pair is no Unicode and can be stored nowhere: a question mark takes its place.
            found = json.loads(json.dumps(found, ensure_ascii=False).encode("utf-8", "replace"))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return found


def _unreadable(path: Path, error: OSError) -> LogError:
    return LogError(f"{path} cannot be read: {error.strerror or error}")


def storable(name: str) -> str:
    """A file's name as Unicode, which it need not be."""
    return name.encode("utf-8", "replace").decode()


def as_object(value: Any) -> dict[str, Any]:
    """Itself if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """Itself if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def as_text(value: Any) -> str:
    """A text or number as text, else ''."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def as_texts(value: Any) -> tuple[str, ...]:
    """The texts and numbers of a list."""
    return tuple(as_text(item) for item in as_list(value) if isinstance(item, str | int | float))


def as_number(value: Any, default: float) -> float:
    """A finite number, else the default."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return default
    try:
        return float(value) if math.isfinite(value) else default
    except OverflowError:  # an int beyond all floats
        return default


def as_count(value: Any, most: int = _MOST) -> int | None:
    """A whole number from 0, also in a text; else, or where it is more than a column can hold, None."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most else None


def as_value(value: Any) -> Any:
    """What may be handed on as a value: of lists and objects only that they are such, as they may be too deep to
    be shown."""
    return f"a {type(value).__name__}" if isinstance(value, dict | list) else value


def as_reference(texts: tuple[str, ...]) -> JSON:
    """Right answers as a sample has them: one as text, several as a list, none as None."""
    return texts[0] if len(texts) == 1 else list(texts) or None
