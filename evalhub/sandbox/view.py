"""What a jail shows, read-only: this Python's standard library, shared libraries, the code in `inside`.

No site-packages: a data set installed there may hold the answers.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/nix/store", "/gnu/store")
_PACKAGES = "python3*/*-packages"


@dataclass(frozen=True)
class View:
    """The file tree of a jail."""

    binds: tuple[tuple[str, str], ...]
    """What is shown: path outside, path inside."""

    parents: tuple[str, ...]
    """Folders inside in which something is shown, outer before inner."""

    links: tuple[tuple[str, str], ...]
    """Symbolic links: what they say, path inside."""

    empty: tuple[str, ...]
    """Folders inside that are shown empty."""

    python: str
    """The interpreter's path inside."""

    libraries: str
    """Folder inside of the interpreter's own shared libraries; empty where the system's are enough."""


@cache
def view() -> View:
    """The view for the running interpreter."""
    base = Path(sys.base_prefix).resolve()
    executable = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    binds: list[tuple[Path, str]] = []
    links = []
    for library in map(Path, _LIBRARIES):
        if library.is_symlink():
            links.append((str(library.readlink()), str(library)))
        elif library.is_dir():
            binds.append((library, str(library)))
    if base == Path("/usr"):
        python, own = str(executable), ""
    else:
        # A neutral place, so that no path inside tells of a home folder.
        python, own = f"/runtime/bin/{executable.name}", "/runtime/lib"
        binds += [(base / name, f"/runtime/{name}") for name in ("lib", "lib64") if (base / name).is_dir()]
    packages = [
        f"{inside}/{folder.relative_to(outside)}"
        for outside, inside in binds
        for folder in outside.glob(_PACKAGES)
        if folder.is_dir() and not folder.is_symlink()
    ]
    binds += [(executable, python), (Path(__file__).parent / "inside", "/code/inside")]
    parents = {str(parent) for _, inside in binds for parent in Path(inside).parents if parent != Path("/")}
    return View(
        binds=tuple((str(outside), inside) for outside, inside in binds),
        parents=tuple(sorted(parents)),
        links=tuple(links),
        empty=("/tmp", *packages),
        python=python,
        libraries=own,
    )
