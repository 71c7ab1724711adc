"""Texts and images by the hash of their content, compressed, apart from the measurements.

One SQLite file: outputs are short and many, and a file for each would waste a disk block on every one.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable
from pathlib import Path

from ingest.records import bytes_hash

_MOST = 500
"""Parameters in one query; SQLite allows some 32,000."""


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

    def close(self) -> None:
        """Close the file."""
        self._file.close()
