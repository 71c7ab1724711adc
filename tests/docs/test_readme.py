"""The README's commands do what it says."""

import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import pytest

from evalhub.cli import COMMANDS
from tests.docs.shell import output_here

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def shell_lines() -> list[str]:
    """Lines of the README's sh blocks, without comments."""
    blocks = re.findall(r"```sh\n(.*?)```", README, re.S)
    lines = [line.split("  #")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line]


def test_the_two_set_up_commands_are_there() -> None:
    assert shell_lines()[:2] == [
        "pip install -e . && evalhub score smollm2-135m",
        'pip install -e ".[test]" && pytest',
    ]


@pytest.mark.slow
def test_the_daily_commands_run_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    daily = [line for line in shell_lines() if line.startswith("evalhub") and line != "evalhub serve"]
    assert len(daily) >= 8
    for line in daily:
        assert output_here(line, tmp_path, monkeypatch).strip(), line


@pytest.mark.slow
def test_serve_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output_here("evalhub score baseline:random --limit 2", tmp_path, monkeypatch)
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "evalhub",
        "serve",
        "--no-browser",
        "--port",
        str(port),
        "--hub",
        str(tmp_path / "hub"),
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            for _ in range(120):
                try:
                    with urlopen(f"http://localhost:{port}/_stcore/health", timeout=2) as answer:
                        assert answer.read() == b"ok"
                        break
                except OSError:
                    time.sleep(0.5)
            else:
                pytest.fail("the leaderboard does not answer")
        finally:
            server.send_signal(signal.SIGTERM)


def test_every_command_is_documented() -> None:
    for command in COMMANDS:
        assert f"evalhub {command}" in README, f"the README does not show evalhub {command}"


def test_links_lead_somewhere() -> None:
    for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!http)([^)#]+)", path.read_text()):
            assert (path.parent / target).exists(), f"{path.name} links to {target}"
