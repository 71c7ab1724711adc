"""The zip file in which Inspect keeps a log, read member by member whatever they are compressed with."""

from __future__ import annotations

import json
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from ingest.importer import LogError

_STORED, _DEFLATED, _ZSTD = 0, 8, 93  # the last one is not in Python's own zipfile before 3.14
_BLOCK = 2**20
_MOST = 2**33
"""Bytes of a member when unpacked."""

_MOST_AT_ONCE = 2**28
"""Bytes of a member that is parsed as a whole."""

_LOCAL = struct.Struct("<4s22xHH")
"""What stands before a member: signature, length of its name, length of what else is told."""


class Archive:
    """The members of a zip file. Each is checked against its CRC-32 when it was read to its end."""

    def __init__(self, path: Path) -> None:
        """Read the directory.

        Raises:
            LogError: there is none that can be read.
        """
        self.path = path
        try:
            with zipfile.ZipFile(path) as archive:
                self._members = {member.filename: member for member in archive.infolist()}
        except OSError as error:
            raise LogError(f"{path} cannot be read: {error.strerror or error}") from error
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OverflowError, struct.error):
            raise LogError(
                f"{path} is no whole zip file (cut short or damaged): copy it again from where it was written"
            ) from None

    def names(self) -> list[str]:
        """Of all members, in the order of the directory."""
        return list(self._members)

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def blocks(self, name: str) -> Iterator[bytes]:
        """A member, block by block. What was yielded is sound only when the iteration ends without an error.

        Raises:
            LogError: it is damaged, or too large.
        """
        member = self._members[name]
        if member.file_size > _MOST:
            raise LogError(f"{self.path}: {name} in it is larger than {_MOST >> 30} GiB when unpacked")
        length = check = 0
        try:
            with self.path.open("rb") as file:
                for block in _unpacked(_packed(file, member), member.compress_type):
                    length += len(block)
                    if length > member.file_size:
                        raise self._damage(name)
                    check = zlib.crc32(block, check)
                    yield block
        except (OSError, ValueError, zlib.error):  # those of pyarrow are among them
            raise self._damage(name) from None
        if length != member.file_size or check != member.CRC:
            raise self._damage(name)

    def json(self, name: str) -> Any:
        """The content of a member that is not large.

        Raises:
            LogError: it is damaged, too large, or no JSON.
        """
        if self._members[name].file_size > _MOST_AT_ONCE:
            raise LogError(f"{self.path}: {name} in it is larger than {_MOST_AT_ONCE >> 20} MiB when unpacked")
        try:
            return json.loads(b"".join(self.blocks(name)))
        except (ValueError, RecursionError):
            raise self._damage(name) from None

    def _damage(self, name: str) -> LogError:
        return LogError(f"{self.path} is damaged in {name}: copy it again from where it was written")


def _packed(file: IO[bytes], member: zipfile.ZipInfo) -> Iterator[bytes]:
    """The bytes of a member as they lie in the file."""
    file.seek(member.header_offset)
    start = file.read(_LOCAL.size)
    if len(start) < _LOCAL.size or not start.startswith(b"PK\x03\x04"):
        raise ValueError("no member begins here")
    _, name, extra = _LOCAL.unpack(start)
    file.seek(name + extra, 1)
    left = member.compress_size
    while left > 0 and (block := file.read(min(left, _BLOCK))):
        left -= len(block)
        yield block


def _unpacked(packed: Iterator[bytes], method: int) -> Iterator[bytes]:
    """Raises an error of the module that unpacks; blocks are small however well the content is packed."""
    if method == _STORED:
        yield from packed
    elif method == _DEFLATED:
        inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        for block in packed:
            while block:
                yield inflate.decompress(block, _BLOCK)
                block = inflate.unconsumed_tail
        yield inflate.flush()
    elif method == _ZSTD:
        stream = pa.CompressedInputStream(pa.BufferReader(b"".join(packed)), "zstd")
        while block := stream.read(_BLOCK):
            yield block
    else:
        raise ValueError(f"compression method {method}")
