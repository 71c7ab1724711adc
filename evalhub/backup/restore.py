"""Restoring a backup."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

from evalhub.backup.container import read_backup
from evalhub.backup.manifest import Manifest
from evalhub.errors import EvalhubError
from evalhub.store.copying import fault_of_texts, looked_into
from evalhub.store.lock import writer_lock
from evalhub.store.migrate import migrations
from evalhub.store.staged import is_replaced, is_staged, staging
from evalhub.telling import Tell


def restore(backup: Path, hub: Path, *, force: bool, tell: Tell) -> Manifest:
    """Put the hub of a backup into a folder: all of it, checked by its hashes, or nothing.

    Args:
        force: in the place of a hub that is there, which is lost.

    Raises:
        HubLocked: another process writes to the hub.
        EvalhubError: there is a hub, or the backup is none, not whole, of a damaged hub or of a newer evalhub.
    """
    if not force and (is_staged(hub) or any((hub / name).exists() for name in ("hub.duckdb", "blobs.sqlite"))):
        raise EvalhubError(f"there is a hub in {hub}: choose another --hub, or --force, and that one is lost")
    made = [path for path in (hub, *hub.parents) if not path.exists()]
    if not backup.exists():
        raise EvalhubError(f"there is no backup {backup}")
    if not (backup.is_file() or backup.is_dir()):
        raise EvalhubError(f"{backup} is no file and no folder, and so no backup: a backup is either")
    if hub.resolve().is_relative_to(backup.resolve()):
        raise EvalhubError(f"{hub} lies inside the backup, whose place the next one takes: choose another --hub")
    if is_replaced(hub, backup):
        raise EvalhubError(
            f"{backup} lies among the hub's own files, which are replaced: move it out of the hub first"
        )
    try:
        hub.mkdir(parents=True, exist_ok=True)
        with writer_lock(hub), staging(hub) as stage:
            _check_room(backup, hub)
            manifest = read_backup(backup, stage, tell)
            _check(backup, manifest, stage, tell)
    except BaseException:
        if made:
            with suppress(OSError):
                (hub / "lock").unlink(missing_ok=True)
                for path in made:
                    path.rmdir()
        raise
    return manifest


def _check(backup: Path, manifest: Manifest, stage: Path, tell: Tell) -> None:
    """Whether what came out can be read to its end, and holds what it should."""
    known = migrations()[-1][0]
    if manifest.hub_version > known:
        raise EvalhubError(
            f"{backup} is a hub of version {manifest.hub_version}, this evalhub knows only up to {known}: "
            "update it with pip install --upgrade evalhub"
        )
    tell("reading blobs.sqlite")
    if fault := fault_of_texts(stage / "blobs.sqlite"):
        raise EvalhubError(f"{backup} is of a damaged hub (blobs.sqlite: {fault}): take another one")
    try:
        found = looked_into(stage / "hub.duckdb", reading=tell)
    except EvalhubError as error:
        reason = str(error).replace(f"{stage}/", "")
        raise EvalhubError(f"{backup} is of a damaged hub ({reason}): take another one") from error
    if found != (manifest.hub_version, manifest.rows):
        raise EvalhubError(f"{backup} does not hold the rows that it says: take another one")


def _check_room(backup: Path, hub: Path) -> None:
    files = [backup] if backup.is_file() else [path for path in backup.rglob("*") if path.is_file()]
    needed, free = sum(path.stat().st_size for path in files), shutil.disk_usage(hub).free
    if needed > free:
        raise EvalhubError(
            f"the disk of {hub} is too full: {needed / 2**20:,.0f} MiB are needed, {free / 2**20:,.0f} are free"
        )
