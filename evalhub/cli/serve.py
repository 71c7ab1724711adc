"""`evalhub serve`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from evalhub.cli.options import hub_option


@click.command("serve")
@click.option("--port", type=click.IntRange(1, 65535), default=8501, show_default=True)
@click.option("--address", default="localhost", show_default=True, help="0.0.0.0 to serve other machines.")
@click.option("--browser/--no-browser", default=True, help="Open a browser window.  [default: open]")
@hub_option
def command(port: int, address: str, browser: bool, hub_path: Path) -> None:
    """Open the leaderboard in a browser.

    Shows the published snapshot; where none was published yet, this publishes the first one. Stop with
    Ctrl-C.
    """
    import socket

    from evalhub.board_server import server
    from evalhub.cli.publish import command as publish
    from evalhub.errors import EvalhubError
    from evalhub.store import snapshot

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            raise EvalhubError(
                f"{address}:{port} cannot be used ({error.strerror}): choose another --port"
            ) from None
    if snapshot.current(hub_path) is None:
        publish.main(["--hub", str(hub_path)], standalone_mode=False)
    arguments, environment = server(snapshot.folder(hub_path), address, port)
    options = [address, str(port), *(["--browser"] if browser else [])]
    watch = [sys.executable, "-P", "-m", "evalhub.board_watch", *options, "--", *arguments]
    # In the place of this process, which may have ranked a hub and keeps the memory.
    os.execve(sys.executable, watch, environment)
