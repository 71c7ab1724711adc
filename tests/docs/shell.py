"""Commands of a page, as a reader would type them: in a shell, or each in this process, which starts sooner."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.helpers import evalhub


def output_of(script: str, folder: Path, **variables: object) -> str:
    """What a script prints that has to end well, run in a folder with the commands of this installation.

    variables: of the environment.
    """
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, **{name: str(value) for name, value in variables.items()}}
    done = subprocess.run(
        ["bash", "-euc", script],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, f"{script}: {done.stderr}"
    return done.stdout


def output_here(line: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """What one command of evalhub prints that has to end well, run in a folder with a hub."""
    name, *words = shlex.split(line, comments=True)
    assert name == "evalhub", line
    with monkeypatch.context() as patch:
        patch.setenv("EVALHUB_HOME", str(folder / "hub"))
        patch.chdir(folder)
        done = evalhub(*words)
    assert done.code == 0, f"{line}: {done.err}"
    return done.out
