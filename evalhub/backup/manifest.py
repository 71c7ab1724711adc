"""What a backup says of itself."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

import msgspec

from ingest.records import content_hash

NAME = "manifest.json"
"""Of its file in a backup."""

_FORM = 1
_PIECE = 2**20


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A file of a backup."""

    sha256: str
    bytes: int


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a backup holds."""

    evalhub: str
    """Version that made it."""

    hub_version: int
    """Number of the newest migration of the hub."""

    made_at: str
    """ISO 8601, UTC."""

    rows: Mapping[str, int]
    """Of each table."""

    files: Mapping[str, Entry]
    """By their paths within the hub."""

    @property
    def hash(self) -> str:
        """Of all that is said here, and so of every file."""
        return content_hash(self._plain())

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(entry.bytes for entry in self.files.values())

    def to_json(self) -> dict[str, Any]:
        """As its file holds it."""
        return {**self._plain(), "hash": self.hash}

    @classmethod
    def read(cls, text: bytes) -> Manifest:
        """What `to_json` wrote.

        Raises:
            ValueError, RecursionError: it is another text, or was changed.
        """
        fields = msgspec.convert(json.loads(text), dict[str, Any])
        if (form := fields.get("form")) != _FORM:
            raise ValueError(f"its form {form} is not one that this evalhub knows")
        manifest = msgspec.convert(fields, cls)
        if any(PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts for name in manifest.files):
            raise ValueError("it names files outside of itself")
        if manifest.to_json() != fields:
            raise ValueError("its manifest was changed")
        return manifest

    def _plain(self) -> dict[str, Any]:
        return {"form": _FORM, **asdict(self)}


def hash_of(path: Path) -> Entry:
    """A file's entry."""
    with path.open("rb") as file:
        return hash_through(file)


def hash_through(file: IO[bytes], out: IO[bytes] | None = None) -> Entry:
    """The entry of what a file gives, which is written on where there is somewhere to."""
    hashed, size = hashlib.sha256(), 0
    while piece := file.read(_PIECE):
        hashed.update(piece)
        size += len(piece)
        if out is not None:
            out.write(piece)
    return Entry(sha256=hashed.hexdigest(), bytes=size)
