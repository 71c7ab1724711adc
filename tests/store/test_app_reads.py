"""The leaderboard's own queries on a snapshot that the store published."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st

from app import queries
from app.snapshot import (
    COSTS,
    COUNTS,
    EFFICIENCY,
    GROUPS,
    LAWS,
    LIVE,
    PAIRS,
    RANGES,
    SEARCH,
    TABLES,
    VOTES,
    published,
)
from evalhub.ranking import rank_everything
from evalhub.store import snapshot
from evalhub.store.hub import Hub
from ingest.records import Model
from tests.scoring.fakes import Fake, run, samples


@pytest.fixture(autouse=True)
def fresh_caches() -> Iterator[None]:
    """Connections are closed at the end."""
    yield
    st.cache_data.clear()
    st.cache_resource.clear()


def test_the_app_reads_what_was_published(hub_path: Path) -> None:
    """Rankings of the pool and of the source, the models, their samples and attempts."""
    with Hub(hub_path) as hub:
        run(hub, Fake(), samples(6), passes=2, max_attempts=5)
        other = Fake(3)
        other.model = Model(model_id="other", parameters=7)
        scored = run(hub, other, samples(4), passes=2, max_attempts=5)
        rankings = rank_everything(hub)
        name = snapshot.publish(hub)
        with hub.transaction():  # the hub is open, and being written
            board = published(snapshot.folder(hub_path))
    assert board.snapshot_id == name == queries.about(board)["snapshot_id"]
    listed = queries.rankings(board)
    assert sorted(listed["source"].to_list()) == [""] * 3 + ["fake"] * 3 and listed.height == rankings
    assert set(listed["models"]) == {2}
    rows = queries.ranking_rows(board, listed["ranking_id"][0])
    assert rows["model"].to_list() and set(rows["model"]) == {"fake", "other"}
    models = {row["model_id"]: row for row in queries.models(board).iter_rows(named=True)}
    assert models["other"]["measured"] + models["other"]["missing"] == 4
    verdicts = queries.verdicts(board, "other")
    assert list(verdicts) == ["", "fake"] and verdicts["fake"] == verdicts[""]
    counts = verdicts[""]
    values = [tally.value for tally in scored.tallies]
    assert counts["missing"] == values.count(None)
    assert sum(counts.values()) == 4
    assert counts["always passes"] == values.count(1.0)


def test_the_app_wants_no_table_that_is_not_published(hub: Hub) -> None:
    """Nor leaves one out."""
    name = snapshot.publish(hub)
    import duckdb

    with duckdb.connect(str(snapshot.folder(hub.path) / f"{name}.duckdb"), read_only=True) as board:
        tables = {row[0] for row in board.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    assert tables == (
        TABLES | GROUPS | PAIRS | VOTES | RANGES | COSTS | COUNTS | EFFICIENCY | LAWS | SEARCH | LIVE
    )
