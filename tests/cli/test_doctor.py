"""`evalhub doctor`: each kind of damage is found and told in a line, and mended where nothing is lost."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from evalhub.store import migrate as migrations
from evalhub.store.checkup.finding import Finding
from evalhub.store.hub import Hub
from evalhub.store.snapshot import current
from evalhub.store.vectors import put_vectors
from tests.cli.helpers import evalhub


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hub with scored samples, a benchmark and a snapshot."""
    path = tmp_path_factory.mktemp("scored") / "hub"
    for call in (
        ("ingest", "easy-vqa", "--limit", 6),
        ("score", "baseline:random", "--max-attempts", 3),
        ("bench", "new", "all", "--where", "source = 'easy-vqa'"),
        ("publish",),
    ):
        done = evalhub(*call, "--hub", path)
        assert done.code == 0, done.err
    return path


@pytest.fixture
def small(scored: Path, hub_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(scored, hub_path))


def doctor(path: Path, *options: str) -> dict[str, Any]:
    """What it finds; its exit code says the same."""
    done = evalhub("doctor", *options, "--json", "--hub", path)
    assert done.code == (0 if done.json["sound"] else 1), done.err
    found: dict[str, Any] = done.json
    return found


def sql(path: Path, *statements: str) -> None:
    with closing(duckdb.connect(str(path / "hub.duckdb"))) as database:
        for statement in statements:
            database.execute(statement)


def texts(path: Path, statement: str, *given: object) -> None:
    with closing(sqlite3.connect(path / "blobs.sqlite", isolation_level=None)) as file:
        file.execute(statement, given)


def test_a_hub_that_was_left_alone_is_sound(small: Path) -> None:
    found = doctor(small)
    assert found["sound"] and found["findings"] == [] and found["rows"] > 0
    done = evalhub("doctor", "--hub", small)
    assert done.out.startswith(f"{small}: sound at version") and done.out.count("\n") == 1


DAMAGE: dict[str, tuple[str, str, Callable[[Path], None]]] = {
    "a text is lost": (
        "texts",
        "attempt names are not there",
        lambda hub: texts(hub, "DELETE FROM blob WHERE length(bytes) < 60"),
    ),
    "an image is lost": (
        "texts",
        "evalhub ingest SOURCE brings images back",
        lambda hub: texts(hub, "DELETE FROM blob WHERE length(bytes) > 60"),
    ),
    "a text is another one": (
        "texts",
        "not what their names say",
        lambda hub: texts(hub, "UPDATE blob SET bytes = ?", b"no zlib"),
    ),
    "attempts are lost": (
        "tallies",
        "rest on attempts that are not there",
        lambda hub: sql(hub, "DELETE FROM attempt WHERE attempt = 0"),
    ),
    "measurements are doubled": (
        "keys",
        "there twice",
        lambda hub: sql(hub, "INSERT INTO measured FROM measured"),
    ),
    "a sample is gone": (
        "names",
        "name a sample that is not there",
        lambda hub: sql(hub, "DELETE FROM sample WHERE sample_id = (SELECT min(sample_id) FROM sample)"),
    ),
    "a sample is another one": (
        "hashes",
        "of kind sample",
        lambda hub: sql(hub, "UPDATE sample SET prompt = prompt || '.'"),
    ),
    "a benchmark has a sample less": (
        "hashes",
        "of kind benchmark",
        lambda hub: sql(hub, "DELETE FROM benchmark_sample WHERE place = 0"),
    ),
    "the database is none": (
        "opens",
        "cannot be opened",
        lambda hub: (hub / "hub.duckdb").write_bytes(b"x" * 9000) and None,
    ),
    "the texts are none": (
        "opens",
        "cannot be opened",
        lambda hub: (hub / "blobs.sqlite").write_bytes(b"x" * 9000) and None,
    ),
    "the texts are gone": (
        "opens",
        "without its blobs.sqlite",
        lambda hub: (hub / "blobs.sqlite").unlink(),
    ),
    "a newer evalhub wrote it": (
        "version",
        "pip install --upgrade",
        lambda hub: sql(hub, "INSERT INTO migration VALUES (999, now())"),
    ),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_found_and_nothing_is_changed_by_guess(name: str, small: Path) -> None:
    check, said, damage = DAMAGE[name]
    damage(small)
    found = doctor(small, "--mend")
    assert not found["sound"]
    faults = [one for one in found["findings"] if one["fault"]]
    assert any(one["check"] == check and said in one["what"] + one["do"] for one in faults), faults
    assert all(one["do"] and not one["mended"] for one in faults)


def test_a_damaged_block_is_found(small: Path) -> None:
    """A byte of the database's middle is another one: DuckDB's checksum says so."""
    path = small / "hub.duckdb"
    size = path.stat().st_size
    with path.open("r+b") as file:
        for place in range(20_000, size, 50_000):
            file.seek(place)
            byte = file.read(1)
            file.seek(place)
            file.write(bytes([byte[0] ^ 255]))
    found = doctor(small)
    assert not found["sound"] and all("evalhub restore" in one["do"] for one in found["findings"])


@pytest.fixture
def with_damaged_vectors(small: Path) -> Path:
    """A byte of a vector is another one."""
    vectors = np.random.default_rng(0).integers(-127, 127, (1500, 384)).astype(np.int8)
    with Hub(small) as hub:
        put_vectors(hub, "encoder", [f"sample {i}" for i in range(1500)], vectors, np.ones(1500, np.float32))
    damage_rows(small, "vector")
    return small


def damage_rows(hub: Path, table: str) -> None:
    """A byte of the last block in which rows of a table lie is another one."""
    with closing(duckdb.connect(str(hub / "hub.duckdb"))) as database:
        query = f"SELECT max(block_id) FROM pragma_storage_info('{table}')"
        block = database.execute(query).fetchall()[0][0]
    content = bytearray((hub / "hub.duckdb").read_bytes())
    content[3 * 4096 + block * 2**18 + 4000] ^= 255
    (hub / "hub.duckdb").write_bytes(content)


def test_a_damaged_table_of_what_is_lost_stays_and_exports_are_told_of(small: Path) -> None:
    damage_rows(small, "origin")
    for options in ((), ("--mend",)):
        first, *_ = found = doctor(small, *options)["findings"]
        assert "the table origin cannot be read" in first["what"] and not any(one["mended"] for one in found)
        assert all(one["do"].endswith("without one, evalhub export rescues what can be read") for one in found)


def test_a_damaged_table_of_what_can_be_computed_again_is_emptied(
    with_damaged_vectors: Path, tmp_path: Path
) -> None:
    hub = with_damaged_vectors
    assert "evalhub doctor says more" in evalhub("backup", tmp_path / "b", "--hub", hub).line
    (one,) = doctor(hub)["findings"]
    assert "the table vector cannot be read" in one["what"] and one["can_mend"] and not one["mended"]
    assert one["do"] == "evalhub doctor --mend empties it; evalhub probe fills it again"
    assert doctor(hub, "--mend")["sound"] and doctor(hub)["findings"] == []
    with Hub(hub) as opened:
        for _ in range(2):  # its key is there again
            put_vectors(opened, "encoder", ["one"], np.ones((1, 384), np.int8), np.ones(1, np.float32))
        assert opened.database.execute("SELECT count(*) FROM vector").fetchall() == [(1,)]
        assert opened.database.execute("SELECT count(*) FROM sample").fetchall() == [(6,)]
    assert evalhub("backup", tmp_path / "b", "--hub", hub).code == 0


def test_where_it_cannot_be_emptied_the_line_says_what_is_left_to_do(
    with_damaged_vectors: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shut(*_: object) -> None:
        raise duckdb.IOException("block 7 is damaged\nand more")

    monkeypatch.setattr("evalhub.store.checkup.rows._make_again", shut)
    (one,) = doctor(with_damaged_vectors, "--mend")["findings"]
    assert not one["mended"] and one["do"].startswith("--mend could not (block 7 is damaged): restore the hub")
    assert one["do"].endswith("evalhub export rescues what can be read")
    assert evalhub("export", tmp_path / "rows.csv", "--hub", with_damaged_vectors).code == 0


def test_what_only_that_damage_keeps_from_being_checked_waits_for_it(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(*_: object) -> Iterator[Finding]:
        yield Finding(check="tables", fault=True, what="vector", todo="--mend", mend=lambda: None)

    def broken(*_: object) -> Iterator[Finding]:
        raise duckdb.IOException("block 7 is damaged")
        yield

    monkeypatch.setattr("evalhub.doctor.doctor.check_tables", damaged)
    monkeypatch.setattr("evalhub.doctor.doctor.check_keys", broken)
    assert doctor(small)["findings"][1]["do"] == "evalhub doctor --mend, which is told above, first"
    assert "restore the hub" in doctor(small, "--mend")["findings"][1]["do"]


def test_one_damaged_place_is_told_once_and_that_nothing_could_be_mended(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though every check stumbles over it."""

    def broken(*_: object, **__: object) -> Iterator[Finding]:
        raise duckdb.IOException("block 7 is damaged")
        yield

    for name in ("check_tables", "check_keys", "check_names", "check_samples"):
        monkeypatch.setattr(f"evalhub.doctor.doctor.{name}", broken)
    lines = evalhub("doctor", "--mend", "--hub", small).out.splitlines()
    assert len(lines) == 3
    assert "4 checks could not be made (block 7 is damaged) → restore" in lines[0]
    assert "not sound" in lines[1] and lines[2] == "not mended: 1 fault, as told above"


def test_a_fault_is_a_line_with_what_to_do(small: Path) -> None:
    (small / "hub.duckdb").write_bytes(b"")
    (small / "snapshots" / "current").write_text("none")
    done = evalhub("doctor", "--hub", small)
    assert done.code == 1 and done.out.count("\n") == 3 and done.out.endswith(": not sound\n")
    assert all(line.startswith("FAULT  ") and " → " in line for line in done.out.splitlines()[:2])


def test_leftovers_are_mended(small: Path) -> None:
    """What killed commands leave is no fault, and goes on being none; --mend takes it away."""
    for name in ("snapshots/.2026.tmp", "snapshots/.2026.tmp.wal", ".restore/hub.duckdb", "search/.words.tmp/a"):
        (small / name).parent.mkdir(parents=True, exist_ok=True)
        (small / name).write_bytes(b"half")
    (small / "lock.json").write_text('{"pid": 7, "host": "h", "command": "evalhub rank", "since": "today"}')
    found = doctor(small)
    assert found["sound"] and [one["check"] for one in found["findings"]] == ["lock", "leftovers"]
    assert "`evalhub rank` (process 7 on h, since today)" in found["findings"][0]["what"]
    assert doctor(small, "--mend")["findings"][0]["mended"]
    assert doctor(small)["findings"] == [] and evalhub("rank", "--hub", small).code == 0


def test_a_pointer_to_no_whole_snapshot_is_mended(small: Path) -> None:
    """It goes back to the newest one that is whole, else away."""
    first = current(small)
    assert first and evalhub("publish", "--hub", small).code == 0
    second = current(small)
    damaged = small / "snapshots" / f"{second}.duckdb"
    damaged.write_bytes(damaged.read_bytes()[:50_000])
    found = doctor(small)
    assert [one["check"] for one in found["findings"]] == ["snapshots", "snapshots"] and not found["sound"]
    assert doctor(small, "--mend")["sound"] and current(small) == first
    (small / "snapshots" / f"{first}.duckdb").unlink()
    assert not doctor(small)["sound"]
    assert doctor(small, "--mend")["sound"] and not (small / "snapshots" / "current").exists()
    assert doctor(small)["findings"] == []


@pytest.mark.parametrize("name", ["current", "20260101T000000.000000Z.duckdb"])
def test_a_folder_in_the_place_of_a_file_is_told_and_stays(name: str, small: Path) -> None:
    """Nobody knows whose it is."""
    path = small / "snapshots" / name
    path.unlink(missing_ok=True)
    path.mkdir()
    (path / "mine.txt").touch()
    for options in ((), ("--mend",)):
        (one,) = doctor(small, *options)["findings"]
        assert one["fault"] and not one["mended"] and f"snapshots/{name} is a folder" in one["what"]
        assert "move it out of the hub" in one["do"]
    assert (path / "mine.txt").exists()


def test_what_cannot_be_mended_is_told_and_the_rest_goes_on(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (small / "snapshots" / "current").write_text("none")

    def shut(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted", "current")

    monkeypatch.setattr("evalhub.doctor.snapshots.point_to", shut)
    found = doctor(small, "--mend")
    assert not found["sound"] and found["rows"] > 0
    assert ["--mend could not" in one["do"] for one in found["findings"]] == [True]


SETTINGS = {
    "bytes that are no text": ("efficiency.toml", b'ladder = ["\xff"]', "cannot be read"),
    "a control character": ("efficiency.toml", b'accelerator = "\x07"', "cannot be read"),
    "a card that nobody knows": ("efficiency.toml", b'accelerator = "abacus"', "abacus"),
    "a setting that nobody knows": ("efficiency.toml", b"rungs = 3", "unknown setting"),
    "prices in other bytes": ("prices.toml", b"[\xff]", "cannot be read"),
    "prices with a control character": ("prices.toml", b'["a\x1b"]', "cannot be read"),
    "half a price": ("prices.toml", b"[tiny]\ninput = 1", "needs input and output"),
    "a refresh of no day": ("live.toml", b"day = 40", "day is from"),
    "runs that are none": ("runtimes.csv", b"\xff", "runtimes.csv"),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_broken_file_of_settings_is_a_fault(name: str, small: Path) -> None:
    file, content, said = SETTINGS[name]
    (small / file).write_bytes(content)
    (one,) = doctor(small, "--mend")["findings"]
    assert one["fault"] and one["check"] == "settings" and "mend this file" in one["do"]
    assert str(small / file) in one["what"] and said in one["what"]
    assert (small / file).read_bytes() == content


def test_texts_that_nothing_names_stay_until_asked_for(small: Path) -> None:
    with Hub(small) as hub:
        before = len(hub.blobs.get(hub.blobs.put([b"nobody's"])))
    assert before == 1
    for options, mended in (((), False), (("--mend",), False), (("--mend", "--drop-unnamed"), True)):
        found = doctor(small, *options)
        (one,) = found["findings"]
        assert found["sound"] and "1 texts that nothing names" in one["what"] and one["mended"] is mended
    assert doctor(small)["findings"] == []
    assert evalhub("doctor", "--drop-unnamed", "--hub", small).code == 2


def test_what_was_stopped_is_told_with_the_command_that_goes_on(small: Path) -> None:
    sql(
        small,
        "UPDATE run SET ended_at = NULL",
        "INSERT INTO import VALUES ('abcd', '{\"source\": \"logs\"}', '1', now(), NULL)",
        "INSERT INTO refresh_stage VALUES ('2026-10', 'write', 'running', '{}', now(), NULL)",
    )
    found = doctor(small)
    told = " ".join(one["do"] for one in found["findings"])
    assert found["sound"] and len(found["findings"]) == 3
    for command in ("evalhub score baseline:random", "evalhub import", "evalhub refresh --month 2026-10"):
        assert command in told
    doctor(small, "--mend")
    assert len(doctor(small)["findings"]) == 2  # the import, which brought nothing in, is no entry any more


def test_verdicts_given_anew_are_told(small: Path) -> None:
    sql(small, "UPDATE verdict SET value = 1 - value")
    found = doctor(small)
    assert found["sound"] and "baseline:random --regrade" in found["findings"][0]["do"]


def test_an_older_hub_is_brought_up_to_date_only_when_asked(
    hub_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = migrations.migrations()
    with monkeypatch.context() as older:
        older.setattr(migrations, "migrations", lambda: known[:1])
        with Hub(hub_path):
            pass
    found = doctor(hub_path)
    assert (found["sound"], found["version"]) == (False, 1) and "--mend" in found["findings"][0]["do"]
    assert doctor(hub_path)["version"] == 1
    assert doctor(hub_path, "--mend")["sound"] and doctor(hub_path)["version"] == known[-1][0]


def test_no_hub_and_a_hub_at_work(small: Path, tmp_path: Path) -> None:
    assert "evalhub restore brings one" in evalhub("doctor", "--hub", tmp_path / "none").line
    with Hub(small):
        assert evalhub("doctor", "--hub", small).code == 75
