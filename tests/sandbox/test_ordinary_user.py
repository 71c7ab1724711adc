"""Root is not needed: an ordinary user's sandbox holds as well, where user namespaces are allowed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import evalhub.sandbox
import ingest.records

NOBODY = 65534
CODE = """
import json
from evalhub.sandbox import Limits, Sandbox, SandboxUnavailable
programs = json.load(open("programs.json"))
result = {}
for kind in ("bubblewrap", "namespaces"):
    try:
        limits = Limits(cpu_seconds=1, memory_bytes=2**28, wall_seconds=5)
        sandbox = Sandbox(workers=1, jail=kind, limits=limits)
    except SandboxUnavailable as error:
        result[kind] = str(error)
        continue
    with sandbox:
        result[kind] = {
            name: sandbox.judge(program=program, entry_point="f", prompt="", tests=tests).passed
            for name, (program, tests) in programs.items()
        }
print(json.dumps(result))
"""


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user; the other tests are ordinary")
@pytest.mark.parametrize("kind", ["bubblewrap", "namespaces"])
def test_as_nobody(kind: str) -> None:
    from .helpers import HONEST, SQUARES
    from .hostile import PROGRAMS
    from .test_hostile import HARMED

    python = _readable_python()
    folder = Path(tempfile.mkdtemp(prefix="nobody", dir="/tmp"))  # where anybody may go
    _copy_code(folder)
    values = f"CANARY, SECRET, PORT, PARENT = {str(folder / 'programs.json')!r}, 'secret', 9, {os.getpid()}\n"
    programs = {name: (values + program, HARMED) for name, (program, _) in PROGRAMS.items()}
    # The copy that holds the canary's name is the file with the programs itself, which is not shown inside.
    (folder / "programs.json").write_text(json.dumps({**programs, "honest": (HONEST, SQUARES)}))
    try:
        run = subprocess.run(
            [python, "-B", "-c", CODE],
            cwd=folder,
            user=NOBODY,
            group=NOBODY,
            extra_groups=[],
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(folder)},
            capture_output=True,
            text=True,
            timeout=300,
        )
    finally:
        shutil.rmtree(folder)
    assert run.returncode == 0, run.stderr
    result = json.loads(run.stdout)[kind]
    if isinstance(result, str):
        pytest.skip(result)
    assert result.pop("honest") is True
    assert {name: passed for name, passed in result.items() if passed is not False} == {}


def _copy_code(folder: Path) -> None:
    """What the sandbox needs, where anybody can read it."""
    shutil.copytree(Path(evalhub.sandbox.__file__).parent, folder / "evalhub/sandbox")
    (folder / "evalhub/__init__.py").touch()
    (folder / "ingest").mkdir()
    shutil.copy(ingest.records.__file__, folder / "ingest/records.py")
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755)


def _readable_python() -> str:
    """An interpreter that an ordinary user may execute."""
    check = "import sys; sys.exit(sys.version_info < (3, 11))"
    for python in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        try:
            run = subprocess.run([python, "-c", check], user=NOBODY, group=NOBODY, extra_groups=[], cwd="/")
        except OSError:
            continue
        if run.returncode == 0:
            return python
    pytest.skip("no Python of 3.11 or later that an ordinary user may execute")
