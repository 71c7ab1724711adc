"""Commands of a page in a shell, as a reader would type them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


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
