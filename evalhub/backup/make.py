"""Making a backup."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from evalhub.backup.container import is_file, read_backup, unnamed_in, write_file, write_folder
from evalhub.backup.manifest import Entry, Manifest, hash_of
from evalhub.errors import EvalhubError
from evalhub.exports.target import behind_links, check_file, check_folder, fresh_file, fresh_folder
from evalhub.store.checkup.finding import shortened
from evalhub.store.copying import checkpoint, copy_texts, looked_into
from evalhub.store.lock import writer_lock
from evalhub.store.snapshot import current
from evalhub.store.staged import finish_staged, is_staged
from evalhub.telling import Tell

_TEXTS = "blobs.sqlite"


@dataclass(frozen=True)
class Backup:
    """A backup that was made."""

    path: Path
    manifest: Manifest


def back_up(hub: Path, out: Path, *, force: bool, tell: Tell) -> Backup:
    """Copy a hub as it is now, of whatever version, and read the copy back. Nobody writes to the hub meanwhile;
    readers of its snapshots go on.

    Args:
        out: a tar file where the name ends in `.tar`, else a folder. Where it is a link, what it points to.
        force: replace a backup that is there.

    Raises:
        HubLocked: another process writes to the hub.
        EvalhubError: there is no hub, it is damaged, or the target is not free.
    """
    if not (hub / "hub.duckdb").exists() and not is_staged(hub):
        raise EvalhubError(f"there is no hub in {hub} to back up")
    out = behind_links(out)
    if out.is_relative_to(hub.resolve()):
        raise EvalhubError(f"{out} lies inside the hub: choose a place outside, on another disk if there is one")
    if out.name.endswith((".tar.gz", ".tgz", ".tar.xz", ".tar.bz2", ".tar.zst", ".zip")) and not out.is_dir():
        raise EvalhubError(f"{out}: a backup is a folder or a .tar, which is not packed: its texts are already")
    _check_target(out, force)
    with writer_lock(hub), ExitStack() as written:
        finish_staged(hub)
        checkpoint(hub)
        hub_version, rows = _read_through(hub, tell)
        files = _files(hub)
        if is_file(out):
            fresh = written.enter_context(fresh_file(out))
            texts = fresh.with_name(f"{fresh.name}.texts")
            written.callback(texts.unlink, missing_ok=True)
            texts.unlink(missing_ok=True)
        else:
            fresh = written.enter_context(fresh_folder(out, alone=True))
            texts = fresh / _TEXTS
        _check_room(fresh.parent, files)
        tell(f"copying {_TEXTS}")
        copy_texts(hub, texts)
        files[_TEXTS] = texts
        manifest = Manifest(
            evalhub=version("evalhub"),
            hub_version=hub_version,
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            rows=rows,
            files=_hashed(files, tell),
        )
        (write_file if is_file(out) else write_folder)(fresh, manifest, files, tell)
        if read_backup(fresh, None, tell) != manifest:
            raise EvalhubError(f"what was written to {out} is not what was read back: is the disk sound?")
    return Backup(out, manifest)


def _files(hub: Path) -> dict[str, Path]:
    """What a backup holds: all but what is computed again, and snapshots that are not the published one."""
    names = ["hub.duckdb", _TEXTS, "live.toml", "efficiency.toml", "prices.toml", "runtimes.csv"]
    if published := current(hub):
        names += ["snapshots/current", f"snapshots/{published}.duckdb"]
    live = (path for path in sorted((hub / "live").rglob("*")) if path.is_file() and path.suffix != ".tmp")
    names += [path.relative_to(hub).as_posix() for path in live]
    return {name: hub / name for name in names if (hub / name).is_file()}


def _check_target(out: Path, force: bool) -> None:
    """Whether a backup can be written there. What it replaces must be one, and hold nothing else."""
    if out.name == "-":
        raise EvalhubError("a backup does not go to standard output: name a folder, or a file that ends in .tar")
    if not out.parent.is_dir():
        raise EvalhubError(f"there is no folder {out.parent}: make it, or mount its disk, first")
    if is_file(out):
        check_file(out, force)
    else:
        check_folder(out, force, alone=True)
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    try:
        others = unnamed_in(out)
    except EvalhubError as error:
        raise EvalhubError(f"{out} is no backup that could be replaced: choose another name") from error
    if others:
        raise EvalhubError(
            f"{out} holds {shortened(others)}, no part of a backup, which would be lost: "
            "move that away, or choose another name"
        )


def _read_through(hub: Path, tell: Tell) -> tuple[int, dict[str, int]]:
    """Number of the newest migration and rows of each table of a hub whose database can be read to its end."""
    if not (hub / _TEXTS).exists():
        raise EvalhubError(f"{hub} lacks its {_TEXTS}, and so would its backup: evalhub doctor says more")
    try:
        return looked_into(hub / "hub.duckdb", reading=tell)
    except EvalhubError as error:
        raise EvalhubError(f"{error}: nothing is backed up; evalhub doctor says more") from error


def _hashed(files: dict[str, Path], tell: Tell) -> dict[str, Entry]:
    entries = {}
    for name, path in files.items():
        tell(f"hashing {name}")
        entries[name] = hash_of(path)
    return entries


def _check_room(place: Path, files: dict[str, Path]) -> None:
    """Before an hour of copying, not after it."""
    needed, free = sum(path.stat().st_size for path in files.values()), shutil.disk_usage(place).free
    if needed > free:
        raise EvalhubError(
            f"the disk of {place} is too full: {needed / 2**20:,.0f} MiB are needed, {free / 2**20:,.0f} are free"
        )
