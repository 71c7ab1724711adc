"""Texts and images by the hash of their content, compressed, apart from the measurements.

One SQLite file: outputs are short and many, and a file for each would waste a disk block on every one.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from ingest.records import bytes_hash

_MOST = 500
"""Parameters in one query; SQLite allows some 32,000."""

_CHECKED = 2000
"""Contents that are told of at a time while all are gone through."""


class Blobs:
    """Content-addressed blobs. What `put` has returned is on disk."""

    def __init__(self, path: Path) -> None:
        self._file = sqlite3.connect(path, isolation_level=None)
        try:
            self._file.execute("PRAGMA journal_mode = WAL")
            self._file.execute("PRAGMA synchronous = FULL")
            self._file.execute("CREATE TABLE IF NOT EXISTS blob (hash TEXT PRIMARY KEY, bytes BLOB) WITHOUT ROWID")
        except BaseException:
            self._file.close()
            raise

    def put(self, contents: Iterable[bytes]) -> list[str]:
        """Keep contents, in one transaction. Returns their hashes, in order."""
        named = [(bytes_hash(content), content) for content in contents]
        with self._file:  # commits, or rolls back
            self._file.execute("BEGIN")
            self._file.executemany(
                "INSERT OR IGNORE INTO blob VALUES (?, ?)",
                [(name, zlib.compress(content, 6)) for name, content in named],
            )
        return [name for name, _ in named]

    def get(self, hashes: Iterable[str]) -> dict[str, bytes]:
        """Contents by hash; a hash that is not there is left out."""
        wanted = list(dict.fromkeys(hashes))
        found: dict[str, bytes] = {}
        for start in range(0, len(wanted), _MOST):
            part = wanted[start : start + _MOST]
            rows = self._file.execute(
                f"SELECT hash, bytes FROM blob WHERE hash IN ({','.join('?' * len(part))})", part
            )
            found.update((name, zlib.decompress(packed)) for name, packed in rows)
        return found

    def checked(self) -> Iterator[dict[str, bool]]:
        """All hashes, some thousands at a time, each with whether its content has that hash."""
        rows = self._file.execute("SELECT hash, bytes FROM blob")
        while part := {name: _is_whole(name, packed) for name, packed in islice(rows, _CHECKED)}:
            yield part

    def drop(self, hashes: Sequence[str]) -> None:
        """Forget contents, all or none."""
        with self._file:
            self._file.execute("BEGIN")
            self._file.executemany("DELETE FROM blob WHERE hash = ?", [(name,) for name in hashes])

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _is_whole(name: str, packed: bytes) -> bool:
    try:
        return bytes_hash(zlib.decompress(packed)) == name
    except zlib.error:
        return False
