"""The hub's files: migrations, broken and newer ones, transactions, blobs."""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack
from pathlib import Path

import duckdb
import polars as pl
import pytest

from evalhub.errors import EvalhubError, HubLocked
from evalhub.store import migrate as migrations
from evalhub.store.hub import Hub
from ingest.records import bytes_hash


def test_migrations_are_numbered_from_one_without_a_gap() -> None:
    """And every SQL file in the folder is one of them."""
    folder = Path(migrations.__file__).parent / "migrations"
    numbers = [number for number, _ in migrations.migrations()]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) == len(list(folder.glob("*.sql")))


def test_migrations_run_once(hub_path: Path) -> None:
    """A second opening finds the first one's note and leaves the tables as they are."""
    with Hub(hub_path) as hub:
        noted = hub.database.execute("SELECT * FROM migration ORDER BY number").fetchall()
        assert [row[0] for row in noted] == [number for number, _ in migrations.migrations()]
        assert hub.version == noted[-1][0]
    with Hub(hub_path) as hub:
        assert hub.database.execute("SELECT * FROM migration ORDER BY number").fetchall() == noted


def test_only_missing_migrations_run_and_a_broken_one_changes_nothing(
    hub_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An update adds its own; one that fails in the middle is undone, and the hub opens as before."""
    with Hub(hub_path):
        pass
    known = migrations.migrations()
    last = known[-1][0]
    torn = (last + 1, "CREATE TABLE half (x INTEGER); SELECT nonsense FROM nowhere")
    monkeypatch.setattr(migrations, "migrations", lambda: [*known, torn])
    with pytest.raises(duckdb.Error):
        Hub(hub_path)
    whole = (last + 1, "CREATE TABLE half (x INTEGER)")
    monkeypatch.setattr(migrations, "migrations", lambda: [*known, whole])
    with Hub(hub_path) as hub:
        assert hub.version == last + 1
        assert hub.database.execute("SELECT count(*) FROM half").fetchall() == [(0,)]


def test_a_hub_of_a_newer_version_is_refused(hub_path: Path) -> None:
    """With the way out; and its file is closed again."""
    with Hub(hub_path) as hub:
        hub.database.execute("INSERT INTO migration VALUES (999, now())")
    for _ in range(2):
        with pytest.raises(EvalhubError, match=r"version 999.*pip install --upgrade evalhub"):
            Hub(hub_path)
    duckdb.connect(str(hub_path / "hub.duckdb"), read_only=True).close()


@pytest.mark.parametrize("name", ["hub.duckdb", "blobs.sqlite"])
@pytest.mark.parametrize("content", [b"no database at all, only some text " * 400, b"\x00" * 9000])
def test_a_broken_file_is_one_clear_line_and_stays_as_it_is(hub_path: Path, name: str, content: bytes) -> None:
    """Nothing is repaired by guess; mended by hand, the hub opens again."""
    with Hub(hub_path):
        pass
    whole = (hub_path / name).read_bytes()
    (hub_path / name).write_bytes(content)
    with pytest.raises(EvalhubError, match=r"cannot be opened as a hub .*: restore it from a backup") as caught:
        Hub(hub_path)
    assert name in str(caught.value) and "\n" not in str(caught.value)
    assert (hub_path / name).read_bytes() == content
    (hub_path / name).write_bytes(whole)
    with Hub(hub_path):
        pass


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    """A file stands where the folder, or its parent, should be."""
    (tmp_path / "file").write_text("x")
    for path in (tmp_path / "file", tmp_path / "file" / "hub"):
        with pytest.raises(EvalhubError, match="cannot be made"):
            Hub(path)
    assert (tmp_path / "file").read_text() == "x"


def test_a_transaction_is_all_or_nothing(hub: Hub) -> None:
    """What an exception interrupts is undone; the hub works on."""
    conditions = pl.DataFrame({"id": ["a"], "variant": [""], "spec": ["{}"]})
    with pytest.raises(KeyboardInterrupt), hub.transaction():
        hub.insert("INSERT INTO condition SELECT * FROM given", conditions)
        raise KeyboardInterrupt
    assert hub.frame("SELECT * FROM condition").is_empty()
    with hub.transaction():
        hub.insert("INSERT INTO condition SELECT * FROM given", conditions)
    assert hub.frame("SELECT condition_id FROM condition").rows() == [("a",)]


def test_a_renewed_hub_is_the_same(hub: Hub, hub_path: Path) -> None:
    """It holds what it held, is shut out of other files still, and nobody else gets it meanwhile."""
    hub.insert("INSERT INTO condition SELECT * FROM given", pl.DataFrame({"id": ["a"], "v": [""], "s": ["{}"]}))
    before = hub.database
    hub.renew()
    assert hub.database is not before
    assert hub.frame("SELECT condition_id FROM condition").rows() == [("a",)]
    with pytest.raises(duckdb.PermissionException):
        hub.database.execute("SELECT * FROM read_text('/etc/hostname')")
    with pytest.raises(HubLocked):
        Hub(hub_path)


def test_an_interrupt_leaves_no_hub_closed(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes where the database has been closed and is not yet open again."""

    class Interrupted(ExitStack):
        def close(self) -> None:
            super().close()
            raise KeyboardInterrupt

    interrupted = Interrupted()
    interrupted.enter_context(hub._connection.pop_all())
    monkeypatch.setattr(hub, "_connection", interrupted)
    with pytest.raises(KeyboardInterrupt):
        hub.renew()
    assert hub.frame("SELECT 1 AS one").rows() == [(1,)]
    ExitStack.close(interrupted)


def test_a_hub_that_is_let_go_lets_others_in(hub_path: Path) -> None:
    """Without a collection of garbage."""
    lost = Hub(hub_path)
    lost.renew()
    del lost
    Hub(hub_path).close()


BLOBS = [b"", b"\x00", b"a\x00b", "\ud800".encode("utf-8", "surrogatepass"), bytes(range(256)), b"x" * 10**6]


def test_blobs_come_back_as_they_went_in(hub_path: Path) -> None:
    """Under the hash of their content, once, also after the hub was closed."""
    with Hub(hub_path) as hub:
        names = hub.blobs.put(BLOBS)
        assert names == [bytes_hash(blob) for blob in BLOBS]
        assert hub.blobs.put(BLOBS) == names
    with Hub(hub_path) as hub:
        assert hub.blobs.get([*names, "absent", names[0]]) == dict(zip(names, BLOBS, strict=True))
        assert hub.blobs.get([]) == {}
    with sqlite3.connect(hub_path / "blobs.sqlite") as file:
        assert file.execute("SELECT count(*) FROM blob").fetchone() == (len(BLOBS),)


def test_more_blobs_than_one_query_takes(hub: Hub) -> None:
    """Thousands are found together."""
    names = hub.blobs.put(str(number).encode() for number in range(1300))
    assert len(hub.blobs.get(names)) == 1300


def test_blobs_work_on_after_a_write_that_failed(hub: Hub) -> None:
    """A put that fails half-way keeps nothing and blocks nothing."""
    with pytest.raises(sqlite3.Error):
        hub.blobs._file.execute("CREATE TRIGGER full BEFORE INSERT ON blob BEGIN SELECT RAISE(FAIL, 'full'); END")
        hub.blobs.put([b"lost"])
    hub.blobs._file.execute("DROP TRIGGER full")
    hub.blobs.put([b"kept"])
    assert list(hub.blobs.get([bytes_hash(b"kept"), bytes_hash(b"lost")]).values()) == [b"kept"]


def test_a_hub_whose_making_failed_is_none(hub_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At any of its steps: nothing stands under the database's name, and the next call makes it."""
    known = migrations.migrations()
    for number in range(len(known)):
        with monkeypatch.context() as torn:
            torn.setattr(migrations, "migrations", lambda count=number: [*known[:count], (count + 1, "SELECT x")])
            with pytest.raises(duckdb.Error):
                Hub(hub_path)
        assert not [path.name for path in hub_path.iterdir() if "duckdb" in path.name]
    (hub_path / ".hub.duckdb.tmp").touch()  # as a kill leaves it
    with Hub(hub_path) as hub:
        assert hub.version == len(known)
    assert not (hub_path / ".hub.duckdb.tmp").exists()


def test_half_a_hub_is_refused(hub_path: Path) -> None:
    """Texts without the nouns, or attempts without their texts: better said than served."""
    with Hub(hub_path) as hub:
        hub.database.execute(
            "INSERT INTO attempt VALUES ('m', 'c', 0, 's', 0, 'ok', 'hash', 1, 1.0, now(), 0, NULL)"
        )
    (hub_path / "blobs.sqlite").rename(hub_path / "elsewhere")
    with pytest.raises(EvalhubError, match=r"without its blobs\.sqlite"):
        Hub(hub_path)
    (hub_path / "elsewhere").rename(hub_path / "blobs.sqlite")
    (hub_path / "hub.duckdb").unlink()
    with pytest.raises(EvalhubError, match=r"without its hub\.duckdb"):
        Hub(hub_path)
    assert not (hub_path / "hub.duckdb").exists()
