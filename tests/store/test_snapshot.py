"""Publishing: a whole snapshot or none, readable while the hub is open for writing."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

from aggregate.laws.family import Means
from aggregate.laws.law import law_of_means
from evalhub.ranking import rank_everything
from evalhub.store import snapshot
from evalhub.store.hub import Hub
from evalhub.store.laws import keep_law
from evalhub.store.samples import add_samples
from ingest.records import Model, Status
from tests.scoring.fakes import Fake, run, samples
from tests.store.items import FULL, item


@pytest.fixture
def filled(hub: Hub) -> Hub:
    """A hub with two models' results and rankings, and a law."""
    add_samples(hub, [FULL])
    run(hub, Fake(), samples(6), passes=2, max_attempts=5)
    worse = Fake(answers=lambda asked: (f"no \ud800 \x00 {asked.attempt}", Status.OK))
    worse.model = Model(model_id="worse", parameters=7)
    run(hub, worse, samples(6), passes=2, max_attempts=5)
    rank_everything(hub)
    means = Means.of(["a", "b", "c"], [1e7, 1e8, 1e9], [0.1, 0.2, 0.3], 0.0)
    keep_law(hub, "family", law_of_means(means), "evalhub law fit")
    return hub


def opened(hub: Hub, name: str) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(str(snapshot.folder(hub.path) / f"{name}.duckdb"), read_only=True)


def test_a_snapshot_holds_the_hub(filled: Hub) -> None:
    """Every table of it, row for row, with the texts and images beside them; while the hub is open."""
    name = snapshot.publish(filled)
    assert snapshot.current(filled.path) == name
    with opened(filled, name) as board:
        for table in snapshot._TABLES:
            rows = filled.database.execute(f"SELECT * FROM {table} ORDER BY ALL").fetchall()
            assert rows and board.execute(f"SELECT * FROM {table} ORDER BY ALL").fetchall() == rows, table
        texts = {row[0] for row in board.execute("SELECT text FROM output").fetchall()}
        assert "yes" in texts and "no \ufffd\ufffd\ufffd \x00 3" in texts
        assert not board.execute("SELECT output FROM attempt ANTI JOIN output USING (output)").fetchall()
        images = dict(board.execute("SELECT image, bytes FROM image").fetchall())
        assert images == dict(zip(FULL.image_hashes, FULL.images, strict=True))
        assert board.execute("SELECT snapshot_id, hub_version FROM snapshot").fetchall() == [
            (name, filled.version)
        ]
    assert not list(snapshot.folder(filled.path).glob("*.wal"))


def test_a_reader_keeps_its_snapshot(filled: Hub) -> None:
    """It reads on when newer ones came and its own was deleted."""
    first = snapshot.publish(filled)
    with opened(filled, first) as board:
        before = board.execute("SELECT count(*) FROM sample").fetchall()
        add_samples(filled, [item("new")])
        for _ in range(4):
            snapshot.publish(filled)
        assert not (snapshot.folder(filled.path) / f"{first}.duckdb").exists()
        assert board.execute("SELECT count(*) FROM sample").fetchall() == before


def test_three_snapshots_stay(filled: Hub) -> None:
    """The last ones; `current` names the newest."""
    names = [snapshot.publish(filled) for _ in range(5)]
    place = snapshot.folder(filled.path)
    assert sorted(path.name for path in place.iterdir()) == [*(f"{name}.duckdb" for name in names[2:]), "current"]
    assert snapshot.current(filled.path) == names[-1]


def test_the_published_one_stays_when_the_clock_goes_back(filled: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names are times; one that sorts before the others is not the oldest for that."""
    for _ in range(3):
        snapshot.publish(filled)
    earlier = SimpleNamespace(now=lambda zone: __import__("datetime").datetime(2001, 1, 1, tzinfo=zone))
    monkeypatch.setattr(snapshot, "datetime", earlier)
    name = snapshot.publish(filled)
    assert snapshot.current(filled.path) == name
    assert len(list(snapshot.folder(filled.path).glob("*.duckdb"))) == 3


def test_a_publish_that_failed_changes_nothing(filled: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """The published one stays, the hub can be written, and what lies about is swept up."""
    first = snapshot.publish(filled)
    monkeypatch.setattr(snapshot, "version", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        snapshot.publish(filled)
    assert snapshot.current(filled.path) == first
    assert sorted(path.name for path in snapshot.folder(filled.path).iterdir()) == [f"{first}.duckdb", "current"]
    add_samples(filled, [item("later")])
    monkeypatch.undo()
    assert snapshot.publish(filled) != first


def test_leftovers_of_a_killed_publish_are_swept_up(filled: Hub) -> None:
    """Half-written files and their logs."""
    place = snapshot.folder(filled.path)
    place.mkdir()
    for name in (".20200101T000000.000000Z.tmp", ".20200101T000000.000000Z.tmp.wal", ".current-x.tmp"):
        (place / name).write_bytes(b"half")
    name = snapshot.publish(filled)
    assert sorted(path.name for path in place.iterdir()) == [f"{name}.duckdb", "current"]


def test_the_pointer_is_swapped_in_one_step(filled: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """It always names a whole snapshot: the file is in its place before the pointer is, by renames alone."""
    snapshot.publish(filled)
    seen = []
    real = Path.replace

    def watched(self: Path, target: Path) -> Path:
        seen.append((Path(target).name, snapshot.current(filled.path)))
        return real(self, target)

    monkeypatch.setattr(Path, "replace", watched)
    before = snapshot.current(filled.path)
    inode = (snapshot.folder(filled.path) / "current").stat().st_ino
    name = snapshot.publish(filled)
    assert seen == [(f"{name}.duckdb", before), ("current", before)]
    assert (snapshot.folder(filled.path) / "current").stat().st_ino != inode


@pytest.mark.parametrize("content", [b"", b"gone\n", b"\xff\xfe", b"../hub\n"])
def test_a_pointer_to_nothing_is_no_snapshot(hub: Hub, content: bytes) -> None:
    """Nor one that leads elsewhere, nor no pointer at all."""
    assert snapshot.current(hub.path) is None
    snapshot.folder(hub.path).mkdir()
    (snapshot.folder(hub.path) / "current").write_bytes(content)
    assert snapshot.current(hub.path) is None


def test_a_hub_with_a_quote_in_its_name(tmp_path: Path) -> None:
    """The path is data, not SQL."""
    with Hub(tmp_path / "it's; --") as hub:
        assert snapshot.current(hub.path) != snapshot.publish(hub)
    assert [path.name for path in tmp_path.iterdir()] == ["it's; --"]
