"""What a user has put into a folder that an export wrote: it stays when the next one takes the folder's place."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from evalhub.errors import EvalhubError


def list_written(folder: Path, listing: str) -> None:
    """Keep the names of a folder's files in one of them, so that others can be told from them later."""
    (folder / listing).touch()
    (folder / listing).write_text(json.dumps(sorted(_files(folder)), indent=0), "utf-8")


def written(folder: Path, listing: str) -> set[str]:
    """The files that `list_written` found in a folder, as they are named within it.

    Raises:
        EvalhubError: there is no such list.
    """
    try:
        names = json.loads((folder / listing).read_text("utf-8"))
        if not isinstance(names, list) or not names:
            raise ValueError
    except (FileNotFoundError, ValueError) as error:
        raise EvalhubError(
            f"{folder} has no list of what evalhub wrote there, as older ones left none: move what is yours out "
            "of it, then remove it"
        ) from error
    return set(map(str, names))


def carry_over(old: Path, fresh: Path, listing: str) -> None:
    """Let what an old folder holds beside its listed files stand in the fresh one, too, in the same places. The
    old one stays as it is: where both can share a file's bytes, nothing is copied.

    Raises:
        EvalhubError: a place is taken.
    """
    ours = written(old, listing)
    _carry(old, fresh, ours, {parent.as_posix() for name in ours for parent in Path(name).parents}, Path())


def _carry(old: Path, fresh: Path, ours: set[str], folders: set[str], place: Path) -> None:
    """`carry_over` for what is in a folder of both; folders: those in which a listed file stood."""
    for entry in sorted(os.scandir(old / place), key=lambda found: found.name):
        within = place / entry.name
        target, is_folder = fresh / within, entry.is_dir(follow_symlinks=False)
        if is_folder and (within.as_posix() in folders or target.is_dir()):
            _carry(old, fresh, ours, folders, within)
        elif within.as_posix() in ours and not is_folder:
            continue
        elif os.path.lexists(target):
            raise _taken(old / within)
        else:
            _make_way(old, fresh, place)
            if is_folder:
                shutil.copytree(entry.path, target, symlinks=True, copy_function=_share)
            else:
                _share(entry.path, target)


def _make_way(old: Path, fresh: Path, place: Path) -> None:
    """The folder that something goes into."""
    if os.path.lexists(fresh / place) and not (fresh / place).is_dir():
        raise _taken(old / place)
    if place != Path() and not (fresh / place).is_dir():
        _make_way(old, fresh, place.parent)
        (fresh / place).mkdir()
        shutil.copystat(old / place, fresh / place)


def _taken(path: Path) -> EvalhubError:
    return EvalhubError(f"{path} is not from evalhub, which writes one of that name: move it away")


def _share(file: str | Path, target: str | Path) -> None:
    """The file at a second place; its bytes twice where the disk shares none."""
    try:
        os.link(file, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(file, target, follow_symlinks=False)


def _files(folder: Path) -> list[str]:
    inside = ((Path(place), names) for place, _, names in os.walk(folder))
    return [(place / name).relative_to(folder).as_posix() for place, names in inside for name in names]
