"""`evalhub backup` and `restore`: the same hub comes back, or one line and nothing."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from evalhub.backup.container import write_file
from evalhub.backup.manifest import Manifest, hash_of
from evalhub.exports.target import fresh_folder
from evalhub.store import migrate as migrations
from evalhub.store import staged
from evalhub.store.copying import looked_into
from evalhub.store.hub import Hub
from evalhub.store.snapshot import current
from ingest.records import content_hash
from tests.cli.helpers import evalhub, process


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hub with scored samples, a snapshot, and a month that a refresh has begun."""
    path = tmp_path_factory.mktemp("scored") / "hub"
    evalhub("ingest", "easy-vqa", "--limit", 6, "--hub", path)
    assert evalhub("score", "baseline:random", "--max-attempts", 3, "--hub", path).code == 0
    assert evalhub("publish", "--hub", path).code == 0
    (path / "live" / "making" / "2026-10").mkdir(parents=True)
    (path / "live" / "making" / "2026-10" / "written.msgpack").write_bytes(b"\x93\x01\x02\x03")
    (path / "live.toml").write_text("day = 3\n")
    (path / "efficiency.toml").write_text('ladder = ["pythia-*"]\n')
    (path / "prices.toml").write_text("[tiny]\ninput = 1.5\noutput = 6\n")
    return path


@pytest.fixture(scope="module")
def made(scored: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a backup of it in either shape, and nothing beside them."""
    place = tmp_path_factory.mktemp("made")
    for name in ("backup", "backup.tar"):
        assert evalhub("backup", place / name, "--hub", scored).code == 0
    assert len([*place.iterdir()]) == 2
    return place


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another hub."""
    path = tmp_path_factory.mktemp("other") / "hub"
    evalhub("ingest", "reasoning-gym", "-o", "generators=gcd", "-o", "size=2", "--hub", path)
    (path / "mine.txt").touch()
    return path


@pytest.fixture(params=["backup", "backup.tar"])
def backup(request: pytest.FixtureRequest, made: Path, tmp_path: Path) -> Path:
    """A copy of a backup, in either shape."""
    out = tmp_path / request.param
    (shutil.copyfile if out.suffix else shutil.copytree)(made / out.name, out)
    return out


def rows(hub: Path) -> dict[str, int]:
    return looked_into(hub / "hub.duckdb")[1]


def test_it_comes_back_as_it_was(scored: Path, backup: Path, tmp_path: Path) -> None:
    hub = tmp_path / "again" / "hub"
    done = evalhub("restore", backup, "--json", "--hub", hub)
    assert done.code == 0, done.err
    assert done.json["rows"] == rows(scored) == rows(hub) and done.json["rows"]["attempt"] == 18
    texts = ("live.toml", "efficiency.toml", "prices.toml")
    for name in ("hub.duckdb", f"snapshots/{current(scored)}.duckdb", *texts):
        assert (hub / name).read_bytes() == (scored / name).read_bytes()
    assert (hub / "live/making/2026-10/written.msgpack").exists() and current(hub) == current(scored)
    assert sorted(path.name for path in hub.iterdir()) == [
        *("blobs.sqlite", "efficiency.toml", "hub.duckdb", "live", "live.toml", "lock", "prices.toml", "snapshots")
    ]
    found = evalhub("doctor", "--json", "--hub", hub).json
    assert found["sound"] and found["findings"] == []


def test_what_is_there_stays_without_force(scored: Path, backup: Path, other: Path, hub_path: Path) -> None:
    assert "is there already: --force replaces it" in evalhub("backup", backup, "--hub", scored).line
    assert evalhub("backup", backup, "--force", "--hub", scored).code == 0
    shutil.copytree(other, hub_path)
    assert "there is a hub" in evalhub("restore", backup, "--hub", hub_path).line
    assert rows(hub_path)["sample"] == 2
    with Hub(hub_path):
        assert evalhub("restore", backup, "--force", "--hub", hub_path).code == 75
    assert evalhub("restore", backup, "--force", "--hub", hub_path).code == 0
    assert rows(hub_path) == rows(scored) and (hub_path / "mine.txt").exists()


@pytest.mark.parametrize("name", ["latest", "latest.tar"])
def test_what_a_link_points_to_is_replaced_and_the_link_stays(
    name: str, scored: Path, backup: Path, tmp_path: Path
) -> None:
    (tmp_path / "disk").mkdir()
    backup = backup.rename(tmp_path / "disk" / backup.name)
    link = tmp_path / name
    link.symlink_to(backup)
    before = (backup / "manifest.json" if backup.is_dir() else backup).stat().st_ino
    assert "is there already" in evalhub("backup", link, "--hub", scored).line
    for _ in range(2):
        done = evalhub("backup", link, "--force", "--json", "--hub", scored)
        assert done.code == 0 and done.json["backup"] == str(backup.resolve()), done.err
    assert (backup / "manifest.json" if backup.is_dir() else backup).stat().st_ino != before
    assert link.is_symlink() and sorted(path.name for path in tmp_path.iterdir()) == ["disk", name]
    assert [path.name for path in (tmp_path / "disk").iterdir()] == [backup.name]
    assert evalhub("restore", link, "--hub", tmp_path / "hub").code == 0


def test_what_a_dangling_link_points_to_is_made_where_its_folder_is(scored: Path, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    for name in ("b", "b.tar"):
        (tmp_path / f"to-{name}").symlink_to(tmp_path / "disk" / name)
        assert evalhub("backup", tmp_path / f"to-{name}", "--hub", scored).code == 0
        assert (tmp_path / f"to-{name}").is_symlink()
    assert (tmp_path / "disk" / "b").is_dir() and (tmp_path / "disk" / "b.tar").is_file()
    (tmp_path / "gone").symlink_to(tmp_path / "unmounted" / "b")
    assert (
        f"no folder {tmp_path / 'unmounted'}: make it"
        in evalhub("backup", tmp_path / "gone", "--hub", scored).line
    )
    (tmp_path / "itself").symlink_to("itself")
    assert "leads to itself" in evalhub("backup", tmp_path / "itself", "--hub", scored).line
    assert (tmp_path / "itself").is_symlink() and not (tmp_path / "unmounted").exists()
    (tmp_path / "home").symlink_to(scored / "out")
    assert "lies inside the hub" in evalhub("backup", tmp_path / "home", "--hub", scored).line


def cut(backup: Path, name: str) -> None:
    path = backup / name if backup.is_dir() else backup
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])


def flip(backup: Path, name: str) -> None:
    path = backup / name if backup.is_dir() else backup
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def forge(backup: Path, name: str) -> None:
    """Other numbers in the manifest, of the same length."""
    del name
    path = backup / "manifest.json" if backup.is_dir() else backup
    content = path.read_bytes()
    assert content.count(b'"attempt": 18') == 1
    path.write_bytes(content.replace(b'"attempt": 18', b'"attempt": 19'))


def drop(backup: Path, name: str) -> None:
    if backup.is_dir():
        (backup / name).unlink()
        return
    with tarfile.open(backup) as tar, tarfile.open(backup.with_suffix(".new"), "w") as rest:
        for member in tar:
            if member.name != name:
                rest.addfile(member, tar.extractfile(member))
    backup.with_suffix(".new").replace(backup)


HARM = [(harm, name) for harm in (cut, flip, drop) for name in ("hub.duckdb", "blobs.sqlite", "manifest.json")]


@pytest.mark.parametrize(("harm", "name"), [*HARM, (forge, "")])
def test_a_damaged_backup_is_one_line_and_nothing(
    harm: Callable[[Path, str], None], name: str, backup: Path, tmp_path: Path
) -> None:
    harm(backup, name)
    hub = tmp_path / "hub"
    assert "is no whole backup" in evalhub("restore", backup, "--hub", hub).line
    assert not hub.exists()


OTHER_FIELDS: list[dict[str, object]] = [
    {"hub_version": "x"},
    {"made_at": 5},
    {"evalhub": None},
    {"rows": {"sample": None}},
    {"files": []},
    {"files": {"a": {"sha256": "", "bytes": "5"}}},
    {"more": 5},
]


@pytest.mark.parametrize("fields", OTHER_FIELDS, ids=str)
def test_a_manifest_with_odd_fields_is_one_line_and_nothing(
    fields: dict[str, object], made: Path, backup: Path, tmp_path: Path
) -> None:
    """Though its hash is right."""
    told = {**json.loads((made / "backup" / "manifest.json").read_bytes()), **fields}
    del told["hash"]
    put_manifest(backup, json.dumps({**told, "hash": content_hash(told)}).encode())
    assert "is no whole backup" in evalhub("restore", backup, "--hub", tmp_path / "hub").line
    assert not (tmp_path / "hub").exists()


NO_MANIFESTS = [b"[" * 200_000, b"", b"\xff", b"nul", b"[]", b"5", b"{}", b'{"hash":1,"form":1,"files":[]}']


@pytest.mark.parametrize("text", NO_MANIFESTS, ids=lambda text: repr(text[:20]))
def test_what_is_no_manifest_is_one_line_and_nothing(
    text: bytes, scored: Path, backup: Path, tmp_path: Path
) -> None:
    put_manifest(backup, text)
    assert "is no whole backup" in evalhub("restore", backup, "--hub", tmp_path / "hub").line
    assert not (tmp_path / "hub").exists()
    assert "is no backup" in evalhub("backup", backup, "--force", "--hub", scored).line


@pytest.mark.parametrize("size", [2**56, 2**86])
def test_a_tar_file_of_an_impossible_size_is_one_line_and_nothing(size: int, tmp_path: Path) -> None:
    about = tarfile.TarInfo("manifest.json")
    about.size = size
    (tmp_path / "b.tar").write_bytes(about.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
    assert "is no whole backup" in evalhub("restore", tmp_path / "b.tar", "--hub", tmp_path / "hub").line
    assert not (tmp_path / "hub").exists()


def put_manifest(backup: Path, text: bytes) -> None:
    """In the place of a backup's own, and alone where it is a tar file."""
    if backup.is_dir():
        (backup / "manifest.json").write_bytes(text)
        return
    with tarfile.open(backup, "w") as tar:
        about = tarfile.TarInfo("manifest.json")
        about.size = len(text)
        tar.addfile(about, io.BytesIO(text))


def contents(place: Path) -> dict[str, bytes]:
    """Of all files in a folder."""
    return {str(path.relative_to(place)): path.read_bytes() for path in place.rglob("*") if path.is_file()}


def test_a_damaged_backup_leaves_the_hub_that_is_there(scored: Path, backup: Path, hub_path: Path) -> None:
    flip(backup, "blobs.sqlite")
    shutil.copytree(scored, hub_path)
    before = contents(hub_path)
    assert "is no whole backup" in evalhub("restore", backup, "--force", "--hub", hub_path).line
    assert contents(hub_path) == before


def halve(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def scribble(path: Path) -> None:
    path.write_bytes(b"x" * 9000)


DAMAGED = [
    (halve, "hub.duckdb"),
    (scribble, "hub.duckdb"),
    (scribble, "blobs.sqlite"),
    (Path.unlink, "blobs.sqlite"),
]


@pytest.fixture(params=DAMAGED, ids=lambda one: f"{one[0].__name__} {one[1]}")
def damaged(request: pytest.FixtureRequest, scored: Path, tmp_path: Path) -> Path:
    """A copy of the hub, one file of which is damaged."""
    hub = Path(shutil.copytree(scored, tmp_path / "damaged"))
    harm, name = request.param
    harm(hub / name)
    return hub


def test_a_damaged_hub_takes_no_good_backups_place(damaged: Path, backup: Path) -> None:
    place = backup.parent
    before = contents(place)
    line = evalhub("backup", backup, "--force", "--hub", damaged).line
    assert "evalhub doctor says more" in line and contents(place) == before


def test_what_was_backed_up_of_a_damaged_hub_becomes_none(
    damaged: Path, scored: Path, made: Path, tmp_path: Path
) -> None:
    """By an evalhub that did not look: all hashes are right."""
    told = Manifest.read((made / "backup" / "manifest.json").read_bytes())
    files = {name: damaged / name for name in ("hub.duckdb", "blobs.sqlite") if (damaged / name).exists()}
    manifest = replace(told, files={name: hash_of(path) for name, path in files.items()})
    backup = tmp_path / "backup.tar"
    write_file(backup, manifest, files, lambda _: None)
    assert "is of a damaged hub" in evalhub("restore", backup, "--hub", tmp_path / "new" / "hub").line
    assert not (tmp_path / "new").exists()
    sound = Path(shutil.copytree(scored, tmp_path / "sound"))
    before = contents(sound)
    assert "is of a damaged hub" in evalhub("restore", backup, "--force", "--hub", sound).line
    assert contents(sound) == before


@pytest.mark.parametrize("name", ["fold", "fold/in", "fold/in/it", "link", "link/in"])
def test_no_hub_is_put_into_the_backup(name: str, made: Path, tmp_path: Path) -> None:
    """The next backup would take its place."""
    shutil.copytree(made / "backup", tmp_path / "fold")
    (tmp_path / "link").symlink_to("fold")
    before = contents(tmp_path)
    line = evalhub("restore", tmp_path / "fold", "--hub", tmp_path / name, "--force").line
    assert "lies inside the backup" in line and contents(tmp_path) == before


@pytest.mark.parametrize("name", ["live/b.tar", ".restore/b.tar", "snapshots/more/b.tar"])
def test_no_backup_is_removed_by_its_own_restore(name: str, scored: Path, made: Path, hub_path: Path) -> None:
    shutil.copytree(scored, hub_path)
    (hub_path / name).parent.mkdir(exist_ok=True)
    shutil.copyfile(made / "backup.tar", hub_path / name)
    line = evalhub("restore", hub_path / name, "--hub", hub_path, "--force").line
    assert "move it out of the hub" in line and (hub_path / name).exists()


@pytest.mark.parametrize("name", ["lock", "live/mine.txt", "more/hub.duckdb"])
def test_a_backup_with_other_files_in_it_is_not_replaced(
    name: str, scored: Path, made: Path, tmp_path: Path
) -> None:
    out = Path(shutil.copytree(made / "backup", tmp_path / "backup"))
    (out / name).parent.mkdir(exist_ok=True)
    (out / name).write_text("mine")
    before = contents(tmp_path)
    line = evalhub("backup", out, "--force", "--hub", scored).line
    assert name in line and "would be lost" in line and contents(tmp_path) == before


def test_what_is_no_backup_is_not_replaced(scored: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.tar").write_text("mine")
    (tmp_path / "empty.tar").touch()
    with fresh_folder(tmp_path / "out") as out:  # as an export fills one
        (out / "samples.jsonl").write_text("mine")
    before = contents(tmp_path)
    for name in ("notes.tar", "empty.tar", "out"):
        assert "is no backup" in evalhub("backup", tmp_path / name, "--force", "--hub", scored).line
    assert contents(tmp_path) == before


def test_where_no_backup_goes(scored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for out in ("nosuch/b.tar", "nosuch/b", tmp_path / "nosuch" / "b.tar"):
        assert "mount its disk" in evalhub("backup", out, "--hub", scored).line
    assert "standard output" in evalhub("backup", "-", "--hub", scored).line
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("name", ["na me\nnl", "a\x1b[31m\u202eb\x9b", "two  spaces", "q'uo\\te\t1", "\udcff.tar"])
def test_the_line_that_brings_it_back_is_taken_by_a_shell(
    name: str, scored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not (shell := shutil.which("bash")):
        pytest.skip("no bash here")
    monkeypatch.chdir(tmp_path)
    word = evalhub("backup", name, "--hub", scored).out.splitlines()[-1].split("evalhub restore ")[1]
    word = word.removesuffix(" --hub PATH")
    read = subprocess.run([shell, "-c", f"printf %s {word}"], capture_output=True, check=True).stdout
    assert read == os.fsencode(name) and word.isprintable()


def test_a_name_says_nothing_to_the_terminal(scored: Path, tmp_path: Path) -> None:
    odd = "a\x1b[31m\u202eb\x9b\nc"
    backup, hub = tmp_path / f"{odd}.tar", tmp_path / odd
    done = (
        evalhub("backup", backup, "--hub", scored),
        evalhub("restore", backup, "--hub", hub),
        evalhub("doctor", "--hub", hub),
    )
    for one, lines in zip(done, (3, 2, 1), strict=True):
        told = one.out.splitlines()
        assert one.code == 0 and len(told) == lines and all(line.isprintable() for line in told)


@pytest.mark.parametrize("steps", [0, 4, 6, 9])
def test_killed_while_files_are_moved_it_ends_as_if_it_was_not(
    steps: int, scored: Path, made: Path, other: Path, hub_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After so many removals and moves: whoever opens the hub next finds all of the new one."""
    shutil.copytree(other, hub_path)
    (hub_path / "search").mkdir()
    left = steps
    remove = staged._remove

    class Killed(BaseException):
        pass

    def counted(path: Path) -> None:
        nonlocal left
        if left == 0:
            raise Killed
        left -= 1
        remove(path)

    with monkeypatch.context() as patch:
        patch.setattr(staged, "_remove", counted)
        with pytest.raises(Killed):
            evalhub("restore", made / "backup", "--force", "--hub", hub_path)
    assert staged.is_staged(hub_path)
    with Hub(hub_path, make=False):
        pass
    assert not (hub_path / ".restore").exists() and rows(hub_path) == rows(scored)
    assert evalhub("doctor", "--json", "--hub", hub_path).json["findings"] == []


def test_an_older_hub_is_backed_up_as_it_is_and_a_newer_one_is_refused(
    hub_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = migrations.migrations()
    with monkeypatch.context() as older:
        older.setattr(migrations, "migrations", lambda: known[:1])
        with Hub(hub_path):
            pass
    assert evalhub("backup", tmp_path / "b", "--json", "--hub", hub_path).json["hub_version"] == 1
    assert looked_into(hub_path / "hub.duckdb")[0] == 1
    assert evalhub("restore", tmp_path / "b", "--hub", tmp_path / "again").code == 0
    monkeypatch.setattr("evalhub.backup.restore.migrations", lambda: [(0, "")])
    done = evalhub("restore", tmp_path / "b", "--hub", tmp_path / "newer")
    assert "pip install --upgrade" in done.line and not (tmp_path / "newer").exists()


def test_what_is_no_backup(scored: Path, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no tar")
    (tmp_path / "folder").mkdir()
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "manifest.json").write_text(json.dumps({"form": 1, "hash": "", "files": {}}))
    for name in ("text", "folder", "odd"):
        assert "is no whole backup" in evalhub("restore", tmp_path / name, "--hub", tmp_path / "hub").line
    assert "there is no backup" in evalhub("restore", tmp_path / "none", "--hub", tmp_path / "hub").line
    assert "there is no hub" in evalhub("backup", tmp_path / "out", "--hub", tmp_path / "hub").line
    assert "lies inside the hub" in evalhub("backup", scored / "out", "--hub", scored).line
    assert not (tmp_path / "hub").exists() and not (tmp_path / "out").exists()


def test_what_is_no_file_and_no_folder_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "b.tar")
    with process("restore", tmp_path / "b.tar", "--hub", tmp_path / "hub", stderr=subprocess.PIPE) as command:
        try:
            said = command.communicate(timeout=60)[1]
        finally:
            command.kill()
    assert command.returncode == 1 and "is no file and no folder" in said and said.count("\n") == 1
    assert not (tmp_path / "hub").exists()


def test_a_disk_that_is_too_small(scored: Path, made: Path, tmp_path: Path) -> None:
    """Of either command: one line, and nothing half."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)], check=False)
    if mounted.returncode:
        pytest.skip("no small disk can be mounted here")
    try:
        for out in (place / "b", place / "b.tar"):
            assert "is too full" in evalhub("backup", out, "--hub", scored).line
        assert "is too full" in evalhub("restore", made / "backup", "--hub", place / "hub").line
        assert list(place.iterdir()) == []
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.parametrize("name", ["backup.tar.gz", "backup.tgz", "backup.zip"])
def test_no_folder_is_made_under_the_name_of_a_packed_file(scored: Path, tmp_path: Path, name: str) -> None:
    assert "a folder or a .tar" in evalhub("backup", tmp_path / name, "--hub", scored).line
    assert not [*tmp_path.iterdir()]
