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
import json, sys
from evalhub.sandbox import Limits, Sandbox, SandboxUnavailable
programs = json.load(open("programs.json"))
limits = Limits(cpu_seconds=1, memory_bytes=2**28, wall_seconds=5)
try:
    sandbox = Sandbox(workers=1, jail=sys.argv[1], limits=limits)
except SandboxUnavailable as error:
    print(json.dumps(str(error)))
    sys.exit()
result = {}
with sandbox:
    for name, (program, tests) in programs.items():
        judgement = sandbox.judge(program=program, entry_point="f", prompt="", tests=tests)
        result[name] = judgement.passed, judgement.detail, judgement.seconds
print(json.dumps(result))
"""


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user; the other tests are ordinary")
@pytest.mark.parametrize("kind", ["bubblewrap", "namespaces"])
def test_as_nobody(kind: str) -> None:
    from .helpers import HONEST, SQUARES
    from .test_hostile import PROGRAMS, told

    python = _readable_python()
    folder = Path(tempfile.mkdtemp(prefix="nobody", dir="/tmp"))  # where anybody may go
    _copy_code(folder)
    # The canary is the file with the programs itself, which is not shown inside.
    canary = folder / "programs.json"
    programs = {name: (told(program, canary, 9), tests) for name, (program, tests, _) in PROGRAMS.items()}
    canary.write_text(json.dumps({**programs, "honest": (HONEST, SQUARES)}))
    before = canary.read_bytes()
    try:
        run = subprocess.run(
            [python, "-B", "-c", CODE, kind],
            cwd=folder,
            user=NOBODY,
            group=NOBODY,
            extra_groups=[],
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(folder)},
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert canary.read_bytes() == before
    finally:
        shutil.rmtree(folder)
    assert run.returncode == 0, run.stderr
    result = json.loads(run.stdout)
    if isinstance(result, str):
        pytest.skip(result)
    assert result.pop("honest")[0] is True
    assert set(result) == set(PROGRAMS)
    assert {name: found for name, found in result.items() if found[0] is not False or found[2] > 10} == {}
    assert {name: found for name, found in result.items() if PROGRAMS[name][2] not in found[1]} == {}


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
