"""What a snapshot holds of live releases, beside their samples: of a private one its name, numbers and hash."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl

from evalhub.store.hub import Hub

_ADDRESS = r"@https?://[^\s\",;]+"
"""Where a model is served, as in `openai:MODEL@URL`: nothing for the public."""

# Whatever is private must not be written and then removed: DuckDB leaves the bytes of rows that are changed.
_TABLES = {
    "release": """
        SELECT release, release_id, private_until, frozen_at, hidden AS private,
               (SELECT count(*) FROM release_question q WHERE q.release = r.release) AS questions,
               (SELECT count(DISTINCT paper_id) FROM release_question q WHERE q.release = r.release) AS papers,
               (SELECT count(*) FROM removed_question g WHERE g.release = r.release) AS removed,
               CASE WHEN NOT hidden THEN regexp_replace(recipe::VARCHAR, $address, '', 'g') END AS recipe,
               CASE WHEN NOT hidden THEN regexp_replace(counts::VARCHAR, $address, '', 'g') END AS counts
        FROM release r JOIN shown USING (release)
    """,
    "release_question": "SELECT q.* FROM release_question q JOIN shown USING (release) WHERE NOT hidden",
    "paper": "SELECT * FROM paper SEMI JOIN board.release_question USING (paper_id, version)",
    "removed_count": """
        SELECT release, filter, CASE WHEN NOT hidden THEN reason END AS reason, count(*) AS questions
        FROM removed_question JOIN shown USING (release) GROUP BY ALL
    """,
    # A stage `publish` is what writes this, so in a snapshot it is done.
    "refresh_stage": """
        SELECT release, stage, started_at, if(stage = 'publish', 'done', status) AS status,
               if(stage = 'publish' AND status <> 'done', now(), ended_at) AS ended_at,
               if(coalesce(hidden, $private), '{}', regexp_replace(counts::VARCHAR, $address, '', 'g')) AS counts
        FROM refresh_stage LEFT JOIN shown USING (release)
    """,
}


def write_live(hub: Hub, day: int, private: bool, scores: pl.DataFrame, changes: pl.DataFrame) -> None:
    """Fill the tables of the attached snapshot `board`.

    Args:
        day: of the month, on which a refresh is due.
        private: whether a release that is not there yet will be private, so that its stages tell nothing.
        scores, changes: see `evalhub.live.board.SideBySide`.
    """
    given = {"today": datetime.now(UTC).date(), "address": _ADDRESS, "private": private}
    for table, query in _TABLES.items():
        needed = {name: value for name, value in given.items() if name == "today" or f"${name}" in query}
        hub.database.execute(
            f"""
            CREATE TABLE board.{table} AS
            WITH shown AS (SELECT release, coalesce(private_until > $today, false) AS hidden FROM release) {query}
            """,
            needed,
        )
    hub.database.execute("CREATE TABLE board.live_schedule AS SELECT ?::INTEGER AS day", [day])
    for table, frame in (("release_score", scores), ("release_change", changes)):
        hub.insert(f"CREATE TABLE board.{table} AS SELECT * FROM given", frame)
