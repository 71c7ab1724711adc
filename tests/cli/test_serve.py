"""`evalhub serve`: the leaderboard's server, wherever and by whomever it is started."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from socket import socket
from typing import Any

import aiohttp
import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from evalhub import board_watch
from tests.cli.helpers import evalhub

PATIENCE = 60
"""Seconds to wait for a server, and for a page."""

START = "from evalhub.cli import main; main()"
"""As the command `evalhub` starts: without the working folder among those that modules come from."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that holds a hub, and what a clone beside it has at its top."""
    assert evalhub("score", "baseline:random", "--limit", 2, "--hub", tmp_path / "hub").code == 0
    for name in ("app", "benchmarks", "evalhub"):
        (tmp_path / "evalhub" / name).mkdir(parents=True)
    return tmp_path


def free_port() -> int:
    """A port that nobody listens on."""
    with socket() as free:
        free.bind(("localhost", 0))
        return int(free.getsockname()[1])


@contextmanager
def serving(folder: Path, *options: object, **environment: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """`evalhub serve` in a folder, on a hub with a relative path and for a user who never ran it, and its port."""
    port = free_port()
    home = folder / "home"
    home.mkdir(exist_ok=True)
    running = subprocess.Popen(
        [sys.executable, "-P", "-c", START, "serve", "--port", str(port), "--hub", "hub", *map(str, options)],
        cwd=folder,
        env={**os.environ, "HOME": str(home), **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield running, port
    finally:
        running.terminate()
        running.wait(PATIENCE)


def until_it_answers(running: subprocess.Popen[str], port: int) -> None:
    """Wait for the server."""
    deadline = time.monotonic() + PATIENCE
    while not answers(port):
        assert running.poll() is None, running.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.2)


def answers(port: int) -> bool:
    """Whether a server says that it is well."""
    try:
        connection = HTTPConnection("localhost", port, timeout=5)
        connection.request("GET", "/_stcore/health")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False


async def page(port: int) -> list[Any]:
    """The elements of the first page, as a browser gets them."""
    found = []
    address = f"http://localhost:{port}/_stcore/stream"
    async with aiohttp.ClientSession() as client, client.ws_connect(address) as socket:
        ask = BackMsg()
        ask.rerun_script.query_string = ""
        await socket.send_bytes(ask.SerializeToString())
        while True:
            message = ForwardMsg.FromString(await socket.receive_bytes(timeout=PATIENCE))
            found.append(message.delta.new_element)
            if message.WhichOneof("type") == "script_finished":
                return found


@pytest.mark.slow
def test_pages_show_where_a_clone_lies_in_the_working_folder(folder: Path) -> None:
    """There `evalhub.benchmarks` would be the clone's folder `benchmarks`."""
    with serving(folder, "--no-browser") as (running, port):
        until_it_answers(running, port)
        elements = asyncio.run(page(port))
    said = [element.exception.message for element in elements if element.WhichOneof("type") == "exception"]
    assert not said
    assert any(element.heading.body == "Ranking" for element in elements)
    assert any(element.WhichOneof("type") == "dataframe" for element in elements)


@pytest.mark.slow
def test_it_asks_nothing_and_says_where_it_is_when_it_answers(folder: Path) -> None:
    """The address is opened by the user's browser; a signal ends the server, too."""
    opened = folder / "opened"
    browser = folder / "browser"
    browser.write_text(f"#!/bin/sh\necho $1 > {opened}\n")
    browser.chmod(0o755)
    with serving(folder, BROWSER=str(browser)) as (running, port):
        assert running.stdout is not None
        said = []
        while not said or not said[-1].startswith("leaderboard at"):
            said.append(running.stdout.readline())
            assert said[-1], "it ended"
        assert answers(port)
        assert said[-1] == f"leaderboard at http://localhost:{port}  (Ctrl-C stops it)\n"
        assert "mail" not in "".join(said)
        deadline = time.monotonic() + PATIENCE
        while not opened.exists() or not opened.read_text():
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert opened.read_text() == f"http://localhost:{port}\n"
    assert running.returncode == 143 and not answers(port)


def test_a_server_that_does_not_come_up_is_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    """After what it says itself."""
    code = board_watch.main(["localhost", str(free_port()), "--browser", "--", sys.executable, "-c", "exit('no')"])
    assert code == 1
    assert capfd.readouterr() == (
        "",
        "no\nevalhub: the leaderboard's server ended before it answered, with exit code 1\n",
    )


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
@pytest.mark.slow
def test_no_server_is_left_behind(folder: Path) -> None:
    """Not even by a kill that nobody can hear."""
    with serving(folder, "--no-browser") as (running, port):
        until_it_answers(running, port)
        running.kill()
        deadline = time.monotonic() + PATIENCE
        while answers(port):
            assert time.monotonic() < deadline
            time.sleep(0.2)
