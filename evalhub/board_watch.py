"""Runs the leaderboard's server, says when it answers or ends, and opens the browser: `python -m
evalhub.board_watch ADDRESS PORT [--browser] -- COMMAND...`.

Streamlit would open a browser, too, but asks for an address of e-mail before.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
import webbrowser
from http.client import HTTPConnection, HTTPException

from evalhub.interrupt import Stopped, raising
from evalhub.sandbox.inside import linux

_PATIENCE = 10
"""Seconds that the server has to end when it is asked to."""

_EVERYWHERE = {"0.0.0.0": "localhost", "::": "localhost"}
"""Addresses that are no place to go to."""


def main(arguments: list[str]) -> int:
    """Run the server until it ends or a signal comes; the exit code of `evalhub serve`."""
    parser = argparse.ArgumentParser(prog="python -m evalhub.board_watch")
    parser.add_argument("address")
    parser.add_argument("port", type=int)
    parser.add_argument("--browser", action="store_true")
    end = arguments.index("--")
    given, command = parser.parse_args(arguments[:end]), arguments[end + 1 :]
    try:
        with raising():
            return _watch(command, given.address, given.port, browser=given.browser)
    except Stopped as stop:
        return 128 + stop.number


def _watch(command: list[str], address: str, port: int, *, browser: bool) -> int:
    server = subprocess.Popen(command, preexec_fn=_end_with_parent if sys.platform == "linux" else None)
    try:
        while not _answers(address, port):
            if server.poll() is not None:
                return _ended(server.returncode, "before it answered")
            time.sleep(0.2)
        print(f"leaderboard at http://{address}:{port}  (Ctrl-C stops it)", flush=True)
        if browser and _can_show():
            webbrowser.open(f"http://{_EVERYWHERE.get(address, address)}:{port}")
        return _ended(server.wait(), "by itself")
    finally:
        _end(server)


def _answers(address: str, port: int) -> bool:
    connection = HTTPConnection(_EVERYWHERE.get(address, address), port, timeout=5)
    try:
        connection.request("GET", "/_stcore/health")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _can_show() -> bool:
    """Whether there is a browser with a window: one of text would take the terminal."""
    return sys.platform == "darwin" or any(os.environ.get(n) for n in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"))


def _ended(code: int, when: str) -> int:
    print(f"evalhub: the leaderboard's server ended {when}, with exit code {code}", file=sys.stderr)
    return 1


def _end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _end_with_parent() -> None:
    """However this process ends, the server does too."""
    linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
