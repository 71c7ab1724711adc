"""LaTeX sources out of an archive or a folder, in memory only: no name in them becomes a place on this machine."""

from __future__ import annotations

import gzip
import io
import os
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from ingest.papers.limits import Limits, PaperError

Files = dict[str, bytes]
"""Content by name, with forward slashes, relative to the archive's root."""

_PDF, _GZIP, _ZIP = b"%PDF-", b"\x1f\x8b", b"PK\x03\x04"
_TAR_MAGIC = slice(257, 262)
_CHUNK = 1 << 20
_ONE_FILE = "main.tex"
"""The name of a source that is one file without a name of its own, as arXiv sends short papers."""


def is_pdf(start: bytes) -> bool:
    """Whether a file that begins so is a PDF. Readers allow some bytes before the mark, and so does this."""
    return _PDF in start[:1024]


def read_bounded(path: Path, limits: Limits) -> bytes:
    """The content of a file that is an ordinary one and not too large.

    Raises:
        PaperError: it is not, or cannot be read.
    """
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:  # a pipe would wait for ever
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise PaperError(f"{path.name} is not an ordinary file")
            content = file.read(limits.file_bytes + 1)
    except OSError as error:
        raise PaperError(f"{path.name} cannot be read: {error.strerror}") from error
    if len(content) > limits.file_bytes:
        raise PaperError(f"{path.name} is larger than {limits.file_bytes >> 20} MiB")
    if not content:
        raise PaperError(f"{path.name} is empty")
    return content


def read_folder(folder: Path, limits: Limits) -> Files:
    """The files under a folder.

    Raises:
        PaperError: something there is a link or no file, or there is too much of it.
    """
    files: Files = {}
    total = 0
    for found in _below(folder):
        name = found.relative_to(folder).as_posix()
        _check_count(len(files) + 1, limits)
        files[name] = read_bounded(found, limits) if found.stat().st_size else b""
        total += len(files[name])
        _check_size(name, len(files[name]), total, limits)
    return files


def _below(folder: Path) -> Iterator[Path]:
    for found in sorted(folder.iterdir()):
        if found.is_symlink():
            raise PaperError(f"{found.name} in the folder is a link")
        if found.is_dir():
            yield from _below(found)
        elif found.is_file():
            yield found
        else:
            raise PaperError(f"{found.name} in the folder is neither a file nor a folder")


def unpack(content: bytes, limits: Limits) -> Files:
    """The files of a source: a tar, a zip, either of them or a single LaTeX file under gzip, or one LaTeX file.

    Raises:
        PaperError: it is none of these, damaged, too large when unpacked, or holds what no source needs: links,
            devices, names that lead out of it, encryption.
    """
    try:
        if content.startswith(_GZIP):
            content = _gunzip(content, limits)
        if content[_TAR_MAGIC] == b"ustar":
            return _untar(content, limits)
        if content.startswith(_ZIP):
            return _unzip(content, limits)
    except (
        tarfile.TarError,
        zipfile.BadZipFile,
        EOFError,
        OSError,
        zlib.error,
        ValueError,
        NotImplementedError,
    ) as e:
        raise PaperError(f"the archive is damaged: {' '.join(str(e).split())[:120]}") from e
    if b"\0" in content[:4096] or b"\\" not in content:
        raise PaperError("this is neither a PDF nor a LaTeX source (tar, tar.gz, zip, or one .tex file)")
    return {_ONE_FILE: content}


def _gunzip(content: bytes, limits: Limits) -> bytes:
    allowed = min(limits.unpacked_bytes, max(limits.free_bytes, limits.ratio * len(content)))
    with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
        return _read(file, "the archive", allowed)


def _untar(content: bytes, limits: Limits) -> Files:
    files: Files = {}
    seen = total = 0
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
        for member in archive:
            seen += 1
            _check_count(seen, limits)
            name = _safe_name(member.name)
            if member.isdir():
                continue
            if not member.isreg() or member.issparse():
                raise PaperError(f"{name} in the archive is a link or a device, not a file")
            total += member.size
            _check_size(name, member.size, total, limits)
            reader = archive.extractfile(member)
            data = reader.read(member.size) if reader else b""
            if len(data) < member.size:
                raise PaperError(f"the archive is cut off within {name}")
            files[name] = data
    if not files:
        raise PaperError("the archive holds no files")
    return files


def _unzip(content: bytes, limits: Limits) -> Files:
    files: Files = {}
    total = 0
    allowed = min(limits.unpacked_bytes, max(limits.free_bytes, limits.ratio * len(content)))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = archive.infolist()
        _check_count(len(members), limits)
        for member in members:
            name = _safe_name(member.filename)
            if member.is_dir():
                continue
            if member.flag_bits & 1:
                raise PaperError(f"{name} in the archive is encrypted")
            kind = stat.S_IFMT(member.external_attr >> 16)
            if kind not in (0, stat.S_IFREG):
                raise PaperError(f"{name} in the archive is a link or a device, not a file")
            with archive.open(member) as file:
                files[name] = _read(file, name, min(limits.member_bytes, allowed - total))
            total += len(files[name])
    if not files:
        raise PaperError("the archive holds no files")
    return files


def _read(file: IO[bytes] | gzip.GzipFile, name: str, allowed: int) -> bytes:
    """What is really in it, whatever its header says of its size."""
    parts, size = [], 0
    while part := file.read(_CHUNK):
        size += len(part)
        if size > allowed:
            raise PaperError(f"{name} unpacks to more than {allowed >> 20} MiB")
        parts.append(part)
    return b"".join(parts)


def _safe_name(name: str) -> str:
    path = PurePosixPath(name.replace("\\", "/"))
    shown = ascii(name)[1:-1][:80]
    if path.is_absolute() or ".." in path.parts or "\0" in name or (path.parts and ":" in path.parts[0]):
        raise PaperError(f"{shown} in the archive leads out of it")
    return str(path)


def _check_count(count: int, limits: Limits) -> None:
    if count > limits.members:
        raise PaperError(f"the source has more than {limits.members:,} files")


def _check_size(name: str, size: int, total: int, limits: Limits) -> None:
    if size > limits.member_bytes:
        raise PaperError(f"{name} is larger than {limits.member_bytes >> 20} MiB")
    if total > limits.unpacked_bytes:
        raise PaperError(f"the source unpacks to more than {limits.unpacked_bytes >> 20} MiB")
