"""The published snapshot is there and whole."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from evalhub.store.checkup.finding import Finding
from evalhub.store.snapshot import current, fault_of, folder, point_to
from evalhub.telling import Tell

_PUBLISH = "evalhub publish writes a new one"


def check_snapshots(hub: Path, tell: Tell) -> Iterator[Finding]:
    """Each of them is read; a damaged one can be removed, since publishing makes another."""
    place = folder(hub)
    whole: list[str] = []
    pointer, files = place / "current", sorted(place.glob("*.duckdb"))
    folders = [path for path in (pointer, *files) if path.is_dir()]
    for path in folders:
        yield Finding(
            check="snapshots",
            fault=True,
            what=f"{path.relative_to(hub)} is a folder, where a file belongs",
            todo=f"move it out of the hub; then {_PUBLISH}",
        )
    for path in (path for path in files if path not in folders):
        tell(f"reading the snapshot {path.stem}")
        fault = fault_of(path)
        if not fault:
            whole.append(path.stem)
            continue
        yield Finding(
            check="snapshots",
            fault=True,
            what=f"the snapshot {path.stem} is not whole ({fault})",
            todo=f"evalhub doctor --mend removes it; {_PUBLISH}",
            mend=partial(path.unlink, missing_ok=True),
        )
    if pointer.exists() and pointer not in folders and (published := current(hub)) not in whole:
        newest = max(whole, default=None)
        left = f"points to {newest}" if newest else "removes the pointer"
        yield Finding(
            check="snapshots",
            fault=True,
            what=f"`current` names {f'the snapshot {published}' if published else 'no snapshot that is there'}",
            todo=f"evalhub doctor --mend {left}; {_PUBLISH}",
            mend=partial(point_to, hub, newest),
        )
