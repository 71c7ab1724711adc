"""An import from files and folders to the ledger."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from evalhub.errors import EvalhubError
from evalhub.imports.find import Found, find, nothing_found
from evalhub.imports.keep import keep_log
from evalhub.imports.read import content_of, read_all
from evalhub.store.hub import Hub
from evalhub.store.imports import LogEntry, end_import, imported_before, start_import
from ingest.importer import Told


class Watcher(Protocol):
    """Hears how an import goes on."""

    def begin(self, logs: int) -> None:
        """So many logs are to be read."""
        ...

    def advance(self, path: Path) -> None:
        """One of them is done."""
        ...


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What an import did."""

    import_id: str
    """'' where nothing came in."""

    logs: tuple[LogEntry, ...]
    failed: tuple[tuple[str, str], ...]
    """Logs that could not be read, each with the reason."""

    before: tuple[tuple[str, str], ...]
    """Logs that were there already, each with the import that brought them."""

    unknown: tuple[str, ...]
    """Files in folders that are no log of any format."""

    def to_json(self) -> dict[str, Any]:
        """As `evalhub import --json` prints it."""
        refused: Counter[str] = Counter()
        for log in self.logs:
            refused.update(log.refused)
        formats = {log.format for log in self.logs}
        return {
            "import": self.import_id,
            "format": formats.pop() if len(formats) == 1 else "several" if formats else "",
            "rows": sum(log.rows for log in self.logs),
            "kept": sum(log.kept for log in self.logs),
            "refused": dict(refused.most_common()),
            "partial": [f"{log.path}: {log.partial}" for log in self.logs if log.partial],
            "warnings": [f"{log.path}: {text}" for log in self.logs for text in log.warnings],
            "logs": [log_json(log) for log in self.logs],
            "failed": [{"path": path, "error": error} for path, error in self.failed],
            "before": [{"path": path, "import": import_id} for path, import_id in self.before],
            "unknown": list(self.unknown),
        }


def log_json(log: LogEntry) -> dict[str, Any]:
    """A log's entry in the ledger."""
    return {"sha256" if name == "content" else name: value for name, value in vars(log).items()}


def import_logs(hub: Hub, paths: Sequence[Path], format: str, told: Told, watcher: Watcher) -> Imported:
    """Bring in the logs in files and folders. Each log is in the hub whole or not at all; one that is broken does
    not keep the others out. One whose content came in before is left alone, so that a stopped import goes on by
    running it again.

    Raises:
        EvalhubError: no log is there, or none could be read.
    """
    search = find(paths, format)
    if not search.logs:
        raise EvalhubError(nothing_found(paths, search.unknown))
    contents = {found: content_of(found) for found in search.logs}
    said = {**vars(told), "columns": dict(told.columns), "scales": {k: vars(v) for k, v in told.scales.items()}}
    known = imported_before(hub, (content for content, _ in contents.values()), said)
    fresh: list[Found] = []
    before = []
    for found, (content, _) in contents.items():
        key = (content, found.files[0].name)
        if key in known:
            before.append((str(found.files[0]), known[key]))
        else:
            fresh.append(found)
    import_id = secrets.token_hex(4)
    watcher.begin(len(fresh))
    start_import(hub, import_id, said)
    logs, failed = [], []
    try:
        for read in read_all(fresh, told):
            if read.log is None:
                failed.append((str(read.found.files[0]), read.error))
            else:
                logs.append(keep_log(hub, import_id, read.found, *contents[read.found], read.log))
            watcher.advance(read.found.files[0])
    finally:
        end_import(hub, import_id)
    if failed and not logs and not before:
        raise EvalhubError("; ".join(error for _, error in failed[:3]))
    return Imported(
        import_id=import_id if logs else "",
        logs=tuple(logs),
        failed=tuple(failed),
        before=tuple(before),
        unknown=tuple(map(str, search.unknown)),
    )
