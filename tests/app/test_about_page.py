"""About this ranking: hashes that anyone can compute again, the command, and the matrix of all measurements."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from app import pair_queries
from app.downloads import csv
from app.snapshot import published
from tests.app.conftest import codes, open_page, words
from tests.app.pair_snapshot import EVIL, FEW, GOOD, NUMBER, POOR


def open_about(folder: Path, **parameters: str) -> AppTest:
    """The page alone, at an address."""
    return open_page("about", folder, **parameters)


def test_hashes_are_of_the_samples_and_the_file(pair_snapshots: Path) -> None:
    """Computed here by other means."""
    app = open_about(pair_snapshots, source="fake", method="mean")
    board = published(pair_snapshots)
    ids = sorted(row[0] for row in board.connection.execute("SELECT sample_id FROM sample").fetchall())
    assert f"`{sha256(''.join(one + chr(10) for one in ids).encode()).hexdigest()}`" in words(app)
    assert f"`{sha256(board.path.read_bytes()).hexdigest()}`" in words(app)
    assert "evalhub rank --source fake --method mean" in codes(app)
    assert [button.label for button in app.download_button] == ["CSV", "Parquet"]


def test_the_matrix_holds_every_measurement(pair_snapshots: Path) -> None:
    """A row for each sample; what was not measured is null, and lists survive CSV."""
    found = pair_queries.matrix(published(pair_snapshots), "")
    assert set(found.columns) == {"sample_id", "source", "source_id", "cluster", "tags", GOOD, POOR, EVIL, FEW}
    assert len(found) == NUMBER and found[FEW].count() == 5 and found[GOOD].count() == NUMBER - 1
    assert found[GOOD].mean() == pytest.approx(pl.Series([p % 4 != 1 for p in range(NUMBER - 1)]).mean())
    assert b'["even"]' in csv(found).replace(b'""', b'"')


def test_a_large_matrix_is_left_to_the_hub(pair_snapshots: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command."""
    monkeypatch.setattr(pair_queries, "MOST_CELLS", 10)
    app = open_about(pair_snapshots)
    assert "evalhub export measurements.parquet" in codes(app) and not app.download_button


def test_an_older_snapshot_says_what_to_run(snapshots: Path) -> None:
    """Its ranking is explained all the same."""
    app = open_about(snapshots)
    assert "Run `evalhub publish` again." in words(app) and "evalhub rank --method auto" in codes(app)
