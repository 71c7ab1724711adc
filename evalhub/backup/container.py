"""The two shapes of a backup, written and read alike: a folder, or one tar file. The manifest comes first."""

from __future__ import annotations

import io
import json
import os
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from evalhub.backup.manifest import NAME, Manifest, hash_through
from evalhub.errors import EvalhubError
from evalhub.exports.target import MARK
from evalhub.telling import Tell

_LONGEST_MANIFEST = 2**28
"""Bytes, whatever size a tar file says that it has."""


def is_file(backup: Path) -> bool:
    """Whether a backup of that name is one file."""
    return backup.suffix == ".tar" if not backup.exists() else backup.is_file()


def write_folder(folder: Path, manifest: Manifest, files: Mapping[str, Path], tell: Tell) -> None:
    """Put files into a folder that is there; one that lies there already stays."""
    for name, path in files.items():
        tell(f"copying {name}")
        target = folder / name
        if target != path:
            target.parent.mkdir(parents=True, exist_ok=True)
            with path.open("rb") as file, target.open("wb") as out:
                hash_through(file, out)
        _to_disk(target)
    (folder / NAME).write_bytes(_text(manifest))
    _to_disk(folder / NAME)


def write_file(out: Path, manifest: Manifest, files: Mapping[str, Path], tell: Tell) -> None:
    """Write a tar file."""
    with tarfile.open(out, "w:", format=tarfile.PAX_FORMAT) as tar:
        text = _text(manifest)
        about = tarfile.TarInfo(NAME)
        about.size = len(text)
        tar.addfile(about, io.BytesIO(text))
        for name, path in files.items():
            tell(f"copying {name}")
            tar.add(path, name, recursive=False)
    _to_disk(out)


def read_backup(backup: Path, into: Path | None, tell: Tell) -> Manifest:
    """Read a backup from end to end and hold every file against its hash.

    Args:
        into: a folder that takes the files; None where they are only to be checked.

    Raises:
        EvalhubError: it is no backup, or not as it was written.
        OSError: the folder cannot take them.
    """
    with _explained(backup):
        members = _members(backup)
        manifest = _manifest(members)
        lacking = set(manifest.files)
        for name, file in members:
            if name not in lacking:
                raise ValueError(f"{name} is not in its manifest, or twice in it")
            tell(f"checking {name}")
            if _taken(name, file, into) != manifest.files[name]:
                raise ValueError(f"{name} is not as it was written")
            lacking.remove(name)
        if lacking:
            raise ValueError(f"{min(lacking)} is missing")
    return manifest


def unnamed_in(backup: Path) -> list[str]:
    """Files in a backup's folder that are none of its own; a tar file is read no further than its manifest.

    Raises:
        EvalhubError: it is no backup.
    """
    with _explained(backup):
        named = {NAME, MARK, *_manifest(_members(backup)).files}
    if backup.is_file():
        return []
    inside = [path for path in backup.rglob("*") if path.is_symlink() or not path.is_dir()]
    return sorted({path.relative_to(backup).as_posix() for path in inside} - named)


@contextmanager
def _explained(backup: Path) -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, EOFError, ValueError, OverflowError, RecursionError) as error:
        raise EvalhubError(f"{backup} is no whole backup ({error}): take another one") from error


def _manifest(members: Iterator[tuple[str, IO[bytes]]]) -> Manifest:
    name, file = next(members, ("", io.BytesIO()))
    if name != NAME:
        raise ValueError(f"it does not begin with {NAME}")
    return Manifest.read(file.read(_LONGEST_MANIFEST))


def _members(backup: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """The files of a backup by name, the manifest first."""
    if backup.is_dir():
        if not (backup / NAME).is_file():
            return
        names = sorted(Manifest.read((backup / NAME).read_bytes()).files)
        for name in (NAME, *names):
            if not (backup / name).is_file():
                raise ValueError(f"{name} is missing")
            with (backup / name).open("rb") as file:
                yield name, file
        return
    with tarfile.open(backup, "r:") as tar:
        for member in tar:
            content = tar.extractfile(member) if member.isreg() else None
            if content is None:
                raise ValueError(f"{member.name} is no file")
            yield member.name, content


def _taken(name: str, file: IO[bytes], into: Path | None) -> object:
    if into is None:
        return hash_through(file)
    target = into / name
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as out:
        entry = hash_through(file, out)
    _to_disk(target)
    return entry


def _text(manifest: Manifest) -> bytes:
    return json.dumps(manifest.to_json(), indent=1).encode()


def _to_disk(path: Path) -> None:
    """Wait until a file is on the disk, and forget what is in memory, so that it is read from there."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
