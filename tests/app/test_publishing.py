"""What the app does about the snapshot itself: none yet, a broken one, a newer one."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from app.snapshot import BrokenSnapshotError, NoSnapshotError, published
from tests.app import snapshot
from tests.app.conftest import Open, words


def test_an_empty_hub_says_what_to_run(open_app: Open, tmp_path: Path) -> None:
    """Neither a folder without a snapshot nor no folder at all is an error."""
    for folder in (tmp_path, tmp_path / "nowhere"):
        app = open_app(folder)
        assert app.title[0].value == "Nothing published yet"
        assert app.code[0].value == "evalhub score MODEL\nevalhub publish"
        assert not app.error


def test_a_snapshot_of_an_empty_hub(open_app: Open, tmp_path: Path) -> None:
    """A snapshot without rankings says what to run, too."""
    snapshot.write(tmp_path, bare=True)
    assert "This snapshot holds no ranking." in words(open_app(tmp_path))


def test_a_broken_snapshot_is_one_clear_line(open_app: Open, snapshots: Path) -> None:
    """Bytes that are no database: no traceback, and what to do."""
    (snapshots / "torn.duckdb").write_bytes(b"half a file")
    snapshot.publish(snapshots, "torn")
    app = open_app(snapshots)
    assert len(app.error) == 1
    assert "Snapshot torn cannot be read" in words(app)
    assert "Publish again with `evalhub publish`." in words(app)
    assert "\n" not in app.error[0].value


def test_a_database_without_the_tables_is_broken(open_app: Open, snapshots: Path) -> None:
    """The missing ones are named."""
    with duckdb.connect(str(snapshots / "old.duckdb")) as connection:
        connection.execute("CREATE TABLE sample (sample_id VARCHAR)")
    snapshot.publish(snapshots, "old")
    assert "it has no table attempt, condition, image" in words(open_app(snapshots))


def test_a_table_of_another_shape_is_one_clear_line(open_app: Open, snapshots: Path) -> None:
    """A snapshot of another version of evalhub costs a line, not a traceback."""
    with duckdb.connect(str(snapshots / "2026-11-03-a.duckdb")) as connection:
        connection.execute("ALTER TABLE ranking RENAME COLUMN method TO way")
    app = open_app(snapshots)
    assert "The snapshot cannot answer this page" in words(app)


@pytest.mark.parametrize("pointer", ["", "../secret", "a/b", "two\nlines"])
def test_a_pointer_cannot_lead_elsewhere(snapshots: Path, pointer: str) -> None:
    """Only a plain name is followed."""
    (snapshots / "current").write_text(pointer, "utf-8")
    with pytest.raises(BrokenSnapshotError, match="does not hold the id"):
        published(snapshots)


def test_a_pointer_to_a_deleted_file(snapshots: Path) -> None:
    """It is named."""
    snapshot.publish(snapshots, "gone")
    with pytest.raises(BrokenSnapshotError, match=r"Snapshot gone cannot be read: gone.duckdb is not there"):
        published(snapshots)


def test_no_pointer(tmp_path: Path) -> None:
    """Nothing published is not the same as broken."""
    with pytest.raises(NoSnapshotError):
        published(tmp_path)


def test_a_new_snapshot_is_picked_up_on_the_next_rerun(open_app: Open, snapshots: Path) -> None:
    """Without waiting; and the old file may be gone by then."""
    app = open_app(snapshots, method="mean")
    assert len(app.dataframe[0].value) == 5
    snapshot.write(snapshots, "2026-11-03-b", many=3)
    (snapshots / "2026-11-03-a.duckdb").unlink()
    app.run()
    assert len(app.dataframe[0].value) == 8
    assert "2026-11-03-b" in words(app)


def test_the_old_connection_is_closed_but_a_running_page_keeps_reading(snapshots: Path) -> None:
    """Sessions share one connection per snapshot; each run holds a cursor of its own."""
    before = published(snapshots)
    assert published(snapshots).connection is not before.connection
    snapshot.write(snapshots, "2026-11-03-b")
    after = published(snapshots)
    assert after.snapshot_id == "2026-11-03-b"
    count = "SELECT count(*) FROM ranking"
    assert before.connection.execute(count).fetchone() == after.connection.execute(count).fetchone()
    old = snapshots / "2026-11-03-a.duckdb"
    with pytest.raises(duckdb.Error):
        duckdb.connect(str(old))  # for writing, which no reader may be in the way of
    del before
    duckdb.connect(str(old)).close()


def test_the_snapshot_is_never_written(snapshots: Path) -> None:
    """The connection is read-only."""
    with pytest.raises(duckdb.InvalidInputException, match="read-only"):
        published(snapshots).connection.execute("DELETE FROM ranking")
