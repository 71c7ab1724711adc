"""Which logs are in the files and folders that a user names, and of which format each is."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aggregate.caveats import named
from evalhub import plugins
from evalhub.errors import EvalhubError
from ingest.importer import Importer
from ingest.importers.table import columns_of
from ingest.tables import VOTES_SAID, is_table

_HEAD = 2**16
"""Bytes of a file by which its format is told."""

_MOST_COLUMNS, _MOST_TABLES = 30, 5
"""Names of a table's columns, and kinds of tables, that are told."""


@dataclass(frozen=True)
class Found:
    """A log: the importer that reads it, and its files, the key first."""

    format: str
    files: tuple[Path, ...]


@dataclass(frozen=True)
class Search:
    """What a search came to."""

    logs: tuple[Found, ...]
    unknown: tuple[Path, ...]
    """Files in folders that are no log of any format."""


def find(paths: Sequence[Path], format: str = "") -> Search:
    """The logs in files and folders, folders with all that is below them.

    format: name of the importer that is to read them all; '' recognises them by content.

    Raises:
        EvalhubError: there is no such path or format, a file named by itself is no log, or two importers claim
            it.
    """
    names = [format] if format else plugins.names("importer")
    importers: dict[str, Importer] = {}
    for name in names:
        try:
            importers[name] = plugins.make("importer", name)
        except EvalhubError as error:
            if format:
                raise
            warnings.warn(f"{error}; it is skipped", stacklevel=2)
    files: dict[Path, bool] = {}
    for path in map(Path.absolute, paths):
        if not path.exists():
            raise EvalhubError(f"{path}: there is no such file or folder")
        if path.is_dir():
            hidden = (".", "__pycache__")
            below = (
                p
                for p in sorted(path.rglob("*"))
                if not any(part.startswith(hidden) for part in p.relative_to(path).parts)
            )
            files.update(dict.fromkeys((p for p in below if p.is_file()), False))
        elif path.is_file():
            files[path] = True
        else:
            raise EvalhubError(f"{path} is no ordinary file: write what comes from it into one first")
    claims = {path: _claims(path, importers) for path in files}
    logs: list[Found] = []
    unknown = []
    for path, by_itself in files.items():
        claimed = claims[path]
        if len(claimed) > 1:
            raise EvalhubError(
                f"{path} looks like {' and '.join(one.format for one in claimed)}: say which with --format"
            )
        if claimed:
            logs.append(claimed[0])
        elif by_itself and (format or is_table(path)):
            logs.append(Found(format or "table", (path,)))  # the user knows better, and hears what is wrong
        elif format == "table" and is_table(path):
            logs.append(Found(format, (path,)))
        elif by_itself:
            raise EvalhubError(
                f"{path} is in no format that is known: say it with --format ({', '.join(names)}), or write a "
                "table with the columns model, sample, value"
            )
        else:
            unknown.append(path)
    parts = {file.resolve() for log in logs for file in log.files[1:]}
    logs = [log for log in logs if log.files[0].resolve() not in parts]
    return Search(tuple(logs), tuple(path for path in unknown if path.resolve() not in parts))


def nothing_found(paths: Sequence[Path], unknown: Sequence[Path]) -> str:
    """That there is no log in files and folders, and which tables there are whose columns are to be named."""
    said = f"no log of any known format in {', '.join(map(str, paths))}"
    tables = tables_among(unknown)
    return f"{said}, but {tables}" if tables else f"{said}: evalhub import --formats lists those there are"


def tables_among(unknown: Sequence[Path]) -> str:
    """Which of the files are tables whose columns are to be named, and how; '' where none is."""
    tables: dict[tuple[str, ...], list[str]] = {}
    for path in unknown:
        if columns := columns_of(path, _head(path)):
            tables.setdefault(columns, []).append(path.name)
    if not tables:
        return ""
    told = [f"{named(files)} with the columns {named(found, _MOST_COLUMNS)}" for found, files in tables.items()]
    more = f"; and {len(told) - _MOST_TABLES} other kinds" if len(told) > _MOST_TABLES else ""
    return (
        f"tables: {'; '.join(told[:_MOST_TABLES])}{more}. Say which column is which, as in --columns "
        f"model=YOURS,sample=YOURS,value=YOURS, or for votes {VOTES_SAID}"
    )


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_HEAD)
    except OSError as error:
        raise EvalhubError(f"{path} cannot be read: {error.strerror or error}") from error


def _claims(path: Path, importers: dict[str, Importer]) -> list[Found]:
    """The importers that know a file as theirs: those of one tool go before those that read anything alike."""
    head = _head(path)
    found = [
        (importer.general, Found(name, files))
        for name, importer in importers.items()
        if (files := importer.claim(path, head)) is not None
    ]
    first = [one for general, one in found if not general]
    return first or [one for _, one in found]
