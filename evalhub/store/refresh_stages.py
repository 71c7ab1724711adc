"""How a refresh goes on: which of its stages are done, for the next call and for whoever looks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from evalhub.store.hub import Hub

STAGES = ("collect", "extract", "write", "filter", "freeze", "score", "rank", "publish")


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A stage of a refresh, the last time that it ran."""

    release: str
    stage: str

    status: str
    """`running` (or killed), `done` or `failed`."""

    counts: Mapping[str, Any]
    """What it did; `{"why": …}` where it failed."""

    started_at: datetime
    ended_at: datetime | None

    def to_json(self) -> dict[str, Any]:
        """The fields as plain JSON."""
        return {
            "release": self.release,
            "stage": self.stage,
            "status": self.status,
            "counts": dict(self.counts),
            "started_at": self.started_at.isoformat(),
            "ended_at": self.ended_at.isoformat() if self.ended_at else None,
        }


def begin(hub: Hub, release: str, stage: str) -> None:
    """Say that a stage runs."""
    hub.database.execute(
        "INSERT OR REPLACE INTO refresh_stage VALUES (?, ?, 'running', '{}', now(), NULL)", [release, stage]
    )


def forget(hub: Hub, release: str) -> None:
    """Forget the stages of a release that is to be made from the beginning."""
    hub.database.execute("DELETE FROM refresh_stage WHERE release = ?", [release])


def end(hub: Hub, release: str, stage: str, status: str, counts: Mapping[str, Any]) -> None:
    """Say how it ended."""
    hub.database.execute(
        "UPDATE refresh_stage SET status = ?, counts = ?, ended_at = now() WHERE release = ? AND stage = ?",
        [status, json.dumps(dict(counts), ensure_ascii=False), release, stage],
    )


def stages(hub: Hub, release: str = "") -> list[Stage]:
    """The stages of a refresh, or of all, in order of release and of running."""
    rows = hub.database.execute(
        """
        SELECT release, stage, status, counts, make_timestamp(epoch_us(started_at)),
               make_timestamp(epoch_us(ended_at))
        FROM refresh_stage WHERE $release IN ('', release)
        """,
        {"release": release},
    ).fetchall()
    found = [
        Stage(
            release=name,
            stage=stage,
            status=status,
            counts=json.loads(counts),
            started_at=started_at.replace(tzinfo=UTC),
            ended_at=ended_at and ended_at.replace(tzinfo=UTC),
        )
        for name, stage, status, counts, started_at, ended_at in rows
    ]
    return sorted(found, key=lambda one: (one.release, STAGES.index(one.stage)))
