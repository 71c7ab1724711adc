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
    """`evalhub serve` in a folder, on a hub with a relative path, and its port."""
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
        running.communicate(timeout=PATIENCE)


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
