"""What was stopped before its end. Nothing of it is lost: the same command goes on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial

from evalhub.store.checkup.finding import Finding
from evalhub.store.hub import Hub
from evalhub.store.imports import close_import
from evalhub.store.journal import stopped_runs


def check_unfinished(hub: Hub) -> Iterator[Finding]:
    """Runs, imports and refreshes that have not ended; nobody is at work on them, since the hub is held here."""
    for run_id, model_id, seed in stopped_runs(hub):
        yield Finding(
            check="unfinished",
            fault=False,
            what=f"the run {run_id} of {model_id} (seed {seed}) was stopped",
            todo=f"evalhub score {model_id} with the same options goes on",
        )
    for import_id, told, logs in hub.database.execute(
        """
        SELECT import_id, any_value(told), count(path) FROM import LEFT JOIN import_log USING (import_id)
        WHERE ended_at IS NULL GROUP BY import_id, started_at ORDER BY started_at
        """
    ).fetchall():
        source = json.loads(told).get("source") or "its logs"
        yield Finding(
            check="unfinished",
            fault=False,
            what=f"the import {import_id} ({source}) was stopped behind {logs:,} logs, which are there whole",
            todo="the same evalhub import brings the others; --mend closes its entry",
            mend=partial(close_import, hub, import_id),
        )
    for release, stage in hub.database.execute(
        "SELECT release, stage FROM refresh_stage WHERE status = 'running' ORDER BY ALL"
    ).fetchall():
        yield Finding(
            check="unfinished",
            fault=False,
            what=f"the release {release} was stopped in the stage {stage}",
            todo=f"evalhub refresh --month {release} goes on",
        )
