"""A checkup from the folder to the last row, and mending."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from evalhub.doctor.files import check_access, check_leftovers, check_room, last_writer
from evalhub.doctor.settings import check_settings
from evalhub.doctor.snapshots import check_snapshots
from evalhub.errors import EvalhubError, HubLocked
from evalhub.store.checkup.finding import BACKUP, RESCUE, Finding
from evalhub.store.checkup.hashes import check_frozen, check_samples
from evalhub.store.checkup.rows import check_keys, check_names, check_tables
from evalhub.store.checkup.tallies import check_tallies
from evalhub.store.checkup.texts import check_texts
from evalhub.store.checkup.unfinished import check_unfinished
from evalhub.store.copying import looked_into
from evalhub.store.hub import Hub
from evalhub.store.lock import writer_lock
from evalhub.store.migrate import migrations
from evalhub.store.staged import finish_staged, is_staged
from evalhub.telling import Tell
from evalhub.wording import counted

_SHUT = "database has been invalidated"


@dataclass(frozen=True, kw_only=True)
class Checkup:
    """What a checkup came to."""

    hub: Path
    version: int | None
    """Number of the newest migration; None where the database cannot be opened."""

    rows: int
    """Of all tables."""

    findings: tuple[Finding, ...]

    @property
    def sound(self) -> bool:
        """Whether no fault is left."""
        return all(one.mended for one in self.findings if one.fault)

    def to_json(self) -> dict[str, Any]:
        """As `evalhub doctor --json` prints it."""
        return {
            "hub": str(self.hub),
            "sound": self.sound,
            "version": self.version,
            "rows": self.rows,
            "findings": [one.to_json() for one in self.findings],
        }


def check_up(path: Path, tell: Tell, *, mend: bool = False, drop_unnamed: bool = False) -> Checkup:
    """Look at all of a hub.

    Args:
        mend: mend what can be mended without losing anything, as it is found.
        drop_unnamed: also drop texts that nothing names.

    Raises:
        HubLocked: another process writes to the hub.
        EvalhubError: there is no hub.
    """
    path = path.resolve()
    if not any((path / name).exists() for name in ("hub.duckdb", "blobs.sqlite")) and not is_staged(path):
        raise EvalhubError(
            f"there is no hub in {path}: evalhub ingest, import or score makes one, evalhub restore brings one"
        )
    doctor = _Doctor(path, tell, mend=mend, drop_unnamed=drop_unnamed)
    findings = tuple(doctor.findings())
    return Checkup(hub=path, version=doctor.version, rows=doctor.rows, findings=findings)


class _Doctor:
    def __init__(self, path: Path, tell: Tell, *, mend: bool, drop_unnamed: bool) -> None:
        self._path, self._tell, self._mend, self._drop = path, tell, mend, drop_unnamed
        self.version: int | None = None
        self.rows = 0

    def findings(self) -> Iterator[Finding]:
        """All of them, each mended where it can be and is to be."""
        shut = list(check_access(self._path))
        yield from (*shut, *check_room(self._path))
        if shut:
            return
        notes = list(last_writer(self._path))
        with writer_lock(self._path):
            yield from notes
            finish_staged(self._path)
            yield from self._mended(check_leftovers(self._path))
            yield from self._mended(check_snapshots(self._path, self._tell))
            yield from check_settings(self._path)
            found = list(self._version())
        opened = list(self._mended(found))
        yield from opened
        if not any(one.fault and not one.mended for one in opened):
            yield from self._inside()

    def _version(self) -> Iterator[Finding]:
        """Whether the database opens, and is this evalhub's."""
        try:
            self.version, rows = looked_into(self._path / "hub.duckdb")
        except EvalhubError as error:
            yield Finding(check="opens", fault=True, what=str(error), todo=BACKUP)
            return
        self.rows = sum(rows.values())
        known = migrations()[-1][0]
        if self.version > known:
            what = f"the hub is of version {self.version}, this evalhub knows only up to {known}"
            yield Finding(check="version", fault=True, what=what, todo="pip install --upgrade evalhub")
        elif self.version < known:
            yield Finding(
                check="version",
                fault=True,
                what=f"the hub is of version {self.version}, and has not been looked into further",
                todo=f"evalhub doctor --mend, like any other command, brings it to version {known} and goes on",
                mend=lambda: Hub(self._path, make=False).close(),
            )

    def _inside(self) -> Iterator[Finding]:
        try:
            hub = Hub(self._path, make=False)
        except HubLocked:
            raise
        except EvalhubError as error:
            yield Finding(check="opens", fault=True, what=str(error), todo=BACKUP)
            return
        unmade: dict[str, int] = {}
        todo = f"{BACKUP}; {RESCUE}"
        with hub:
            self.version = hub.version
            for check in (
                check_tables(hub, self._tell),
                check_keys(hub, self._tell),
                check_names(hub, self._tell),
                check_samples(hub, self._tell),
                check_frozen(hub, self._tell),
                check_texts(hub, self._tell, drop=self._drop),
                check_tallies(hub, self._tell),
                check_unfinished(hub),
            ):
                try:
                    for one in self._mended(check):
                        if one.check == "tables" and one.mend and not self._mend:
                            todo = "evalhub doctor --mend, which is told above, first"
                        yield one
                except (duckdb.Error, sqlite3.Error, ValueError, KeyError, TypeError) as error:
                    # DuckDB shuts the whole database after some of them: what follows is the same fault.
                    shut = _SHUT in str(error) and unmade
                    why = next(iter(unmade)) if shut else str(error).splitlines()[0]
                    unmade[why] = unmade.get(why, 0) + 1
        for why, checks in unmade.items():
            what = f"{counted(checks, 'check')} could not be made ({why})"
            yield Finding(check="opens", fault=True, what=what, todo=todo)

    def _mended(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        for one in findings:
            if not self._mend or one.mend is None:
                yield one
                continue
            try:
                one.mend()
            except OSError as error:
                yield replace(one, todo=f"--mend could not ({error}): do it by hand")
            except duckdb.Error as error:
                reason = str(error).splitlines()[0]
                yield replace(one, todo=f"--mend could not ({reason}): {BACKUP}; {RESCUE}")
            else:
                yield replace(one, mended=True)
