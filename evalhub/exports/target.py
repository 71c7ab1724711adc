"""Where an export goes: a file or folder that appears whole or not at all, and nothing of the user's is lost."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evalhub.errors import EvalhubError
from evalhub.exports.kept import carry_over, list_written, written
from evalhub.paths import replace_folder

MARK = ".evalhub-export"
"""In a folder that an export wrote, so that another one may take its place: the list of its files."""


def behind_links(out: Path) -> Path:
    """Where that is written which is named so: a link stays, and what it points to is made or replaced.

    Raises:
        EvalhubError: it points to itself.
    """
    place = Path(os.path.realpath(out))
    if place.is_symlink():
        raise EvalhubError(f"{out} is a link that leads to itself: choose another name")
    return place


def check_file(out: Path, force: bool) -> None:
    """Whether a file can be written there.

    Raises:
        EvalhubError: it cannot, or something is there.
    """
    if out.is_dir():
        raise EvalhubError(f"{out} is a folder: name a file")
    if out.exists() and not force:
        raise EvalhubError(f"{out} is there already: --force replaces it")


def check_folder(out: Path, force: bool, *, alone: bool = False) -> None:
    """Whether a folder can be written there. Only one of an earlier export, or an empty one, can be replaced.

    alone: the caller sees to it that nothing else is in it.

    Raises:
        EvalhubError: it cannot, or something is there.
    """
    if out.exists() and not out.is_dir():
        raise EvalhubError(f"{out} is a file: name a folder")
    if not out.exists() or not any(out.iterdir()):
        return
    if not (out / MARK).exists():
        raise EvalhubError(f"{out} holds other files: name a folder that is not there yet")
    if not force:
        raise EvalhubError(f"{out} is there already: --force replaces it")
    if not alone:
        written(out, MARK)


@contextmanager
def fresh_file(out: Path) -> Iterator[Path]:
    """A file to write, which takes the name when the block ends well and vanishes otherwise. Where the block
    writes none, none of that name stays either."""
    out = behind_links(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    fresh = out.with_name(f".{out.name}.tmp")
    fresh.unlink(missing_ok=True)
    try:
        yield fresh
        if fresh.exists():
            fresh.replace(out)
        else:
            out.unlink(missing_ok=True)
    finally:
        fresh.unlink(missing_ok=True)


@contextmanager
def fresh_folder(out: Path, *, alone: bool = False) -> Iterator[Path]:
    """A folder to fill, which takes the name when the block ends well and vanishes otherwise, with the mark that
    another export may take its place. What is not of the export whose place it takes stays in it.

    alone: the caller sees to it that nothing else is in that one.

    Raises:
        EvalhubError: the block wrote where something stands that stays.
    """
    out = behind_links(out)
    with replace_folder(out) as fresh:
        (fresh / MARK).touch()
        yield fresh
        list_written(fresh, MARK)
        if not alone and out.exists() and any(out.iterdir()):
            carry_over(out, fresh, MARK)
