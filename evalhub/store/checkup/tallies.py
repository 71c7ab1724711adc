"""Measurements rest on attempts that are there."""

from __future__ import annotations

from collections.abc import Iterator

from evalhub.store.checkup.finding import BACKUP, Finding
from evalhub.store.chosen import PASS_RATE
from evalhub.store.hub import Hub
from evalhub.telling import Tell


def check_tallies(hub: Hub, tell: Tell) -> Iterator[Finding]:
    """The attempts of a sample that count are its first ones, up to what its measurement says: all of them must be
    there, with as many passes, as far as that can be told.

    It cannot be told where a run goes on that makes failed attempts again. Where only verdicts are others, another
    model's attempts with the same outputs were judged anew.
    """
    tell("measurements and the attempts that they rest on")
    rows = hub.database.execute(
        """
        WITH going_on AS (
            SELECT DISTINCT model_id, seed, sample_id, condition_id FROM run JOIN run_sample USING (run_id)
            WHERE ended_at IS NULL
        ), counted AS (
            SELECT tallied.model_id, tallied.sample_id, tallied.passes,
                   tallied.attempts + tallied.missing AS wanted, count(attempt.attempt) AS there,
                   count(*) FILTER (attempt.status = 'ok' AND verdict.value >= 1) AS passed
            FROM measurement AS tallied
            LEFT JOIN attempt ON attempt.model_id = tallied.model_id AND attempt.sample_id = tallied.sample_id
                 AND attempt.condition_id = tallied.condition_id AND attempt.seed = tallied.seed
                 AND attempt.attempt < tallied.attempts + tallied.missing
            LEFT JOIN verdict ON verdict.sample_id = attempt.sample_id AND verdict.output = attempt.output
            ANTI JOIN going_on ON going_on.model_id = tallied.model_id AND going_on.seed = tallied.seed
                 AND going_on.sample_id = tallied.sample_id AND going_on.condition_id = tallied.condition_id
            WHERE tallied.import_id = '' AND tallied.metric = ?
            GROUP BY ALL
        )
        SELECT model_id, count(*) FILTER (there < wanted), count(*) FILTER (there = wanted AND passed <> passes)
        FROM counted GROUP BY model_id ORDER BY model_id
        """,
        [PASS_RATE],
    ).fetchall()
    for model_id, lacking, others in rows:
        if lacking:
            what = f"{lacking:,} measurements of {model_id} rest on attempts that are not there"
            yield Finding(check="tallies", fault=True, what=what, todo=BACKUP)
        if others:
            what = f"{others:,} measurements of {model_id} rest on older verdicts than those that are there"
            todo = f"evalhub score {model_id} --regrade counts them again"
            yield Finding(check="tallies", fault=False, what=what, todo=todo)
