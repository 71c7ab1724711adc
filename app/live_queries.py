"""Every question that a page asks of a snapshot about live releases, as one typed function each.

Like `app.queries`: all values go in as parameters. Texts of papers, models and errors come as they are.
"""

from __future__ import annotations

import json
from datetime import UTC, date
from typing import Any

import polars as pl

from app.queries import frame_of, tables
from app.snapshot import LIVE, Snapshot, cached
from evalhub.live.release import PREFIX
from evalhub.live.schedule import Standing, standing_of
from evalhub.live.settings import Settings
from evalhub.store.refresh_stages import Stage


def held(snapshot: Snapshot) -> bool:
    """Whether the snapshot was published by an evalhub that puts live releases into it."""
    return tables(snapshot) >= LIVE


@cached
def releases(snapshot: Snapshot) -> pl.DataFrame:
    """All releases, the newest first: release, release_id, frozen_at, private_until, private (when this was
    published), questions, papers, removed, recipe and counts (JSON; null where private)."""
    return frame_of(
        snapshot,
        "SELECT * REPLACE (make_timestamp(epoch_us(frozen_at)) AS frozen_at) FROM release ORDER BY release DESC",
    )


@cached
def scores(snapshot: Snapshot) -> pl.DataFrame:
    """Every model on every release, oldest release first: see `evalhub.live.board.SCORES`."""
    return frame_of(snapshot, "SELECT * FROM release_score ORDER BY place, score DESC, model")


@cached
def changes(snapshot: Snapshot) -> pl.DataFrame:
    """Neighbouring releases, oldest first: see `evalhub.live.board.CHANGES`."""
    return frame_of(snapshot, "SELECT * FROM release_change")


@cached
def removed(snapshot: Snapshot) -> pl.DataFrame:
    """What filters took out: release, filter, reason (null where private), questions; the most frequent first."""
    return frame_of(
        snapshot,
        """
        SELECT release, filter, reason, questions FROM removed_count
        ORDER BY sum(questions) OVER (PARTITION BY filter, reason) DESC, filter, reason, release
        """,
    )


def standing(snapshot: Snapshot, today: date) -> Standing | None:
    """Where the monthly refresh stands on a day (UTC); None where none was ever run."""
    rows = frame_of(
        snapshot,
        """
        SELECT release, stage, status, counts::VARCHAR AS counts,
               make_timestamp(epoch_us(started_at)) AS started_at, make_timestamp(epoch_us(ended_at)) AS ended_at
        FROM refresh_stage WHERE release IN (SELECT release FROM refresh_stage WHERE stage = 'collect')
        ORDER BY release, started_at
        """,
    ).to_dicts()
    if not rows:
        return None
    stages = [
        Stage(
            **{
                **row,
                "counts": json.loads(row["counts"]),
                "started_at": row["started_at"].replace(tzinfo=UTC),
                "ended_at": row["ended_at"] and row["ended_at"].replace(tzinfo=UTC),
            }
        )
        for row in rows
    ]
    day = frame_of(snapshot, "SELECT day FROM live_schedule")["day"][0]
    return standing_of(stages, Settings(day=day), today)


def provenance(snapshot: Snapshot, sample_id: str) -> dict[str, Any] | None:
    """What a live sample was written from: release, proof (JSON), paper_id, version, title, licence of the paper.
    None where the sample is not live, or private."""
    found = frame_of(
        snapshot,
        """
        SELECT q.release, q.proof::VARCHAR AS proof, q.paper_id, q.version,
               coalesce(p.title, '') AS title, coalesce(p.licence, '') AS licence
        FROM release_question q JOIN release r USING (release)
             LEFT JOIN paper p ON p.paper_id = q.paper_id AND p.version = q.version
        WHERE q.sample_id = $sample_id ORDER BY r.frozen_at LIMIT 1
        """,
        sample_id=sample_id,
    )
    return None if found.is_empty() else found.row(0, named=True)


def private_until(snapshot: Snapshot, sample_id: str) -> date | None:
    """The day from which on a sample that this snapshot hides may be published; None where it hides nothing."""
    found = frame_of(
        snapshot,
        """
        SELECT min(r.private_until) AS until FROM origin o JOIN release r ON o.source = $prefix || r.release
        WHERE o.sample_id = $sample_id AND r.private
              AND o.sample_id NOT IN (SELECT sample_id FROM release_question)
        """,
        sample_id=sample_id,
        prefix=PREFIX,
    )
    until: date | None = found["until"][0]
    return until
