"""docs/reliability.md: its commands run, and what its rows name is there."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.docs.shell import output_here

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/reliability.md").read_text()


def test_commands_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for line in "".join(re.findall(r"```sh\n(.*?)```", PAGE, re.S)).splitlines():
        output = output_here(line, tmp_path, monkeypatch)
        assert "sound" in output if "doctor" in line else output.strip()
    assert (tmp_path / "another-hub" / "hub.duckdb").exists()


def test_every_row_names_what_can_be_run() -> None:
    tests, modules = re.findall(r"`pytest ([\w/.]+)`", PAGE), re.findall(r"`python -m ([\w.]+)", PAGE)
    assert len(tests) > 10 and len(modules) > 2
    for path in tests:
        assert (ROOT / path).exists(), path
    for module in modules:
        assert find_spec(module), module
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and line.count("|") == 5]
    assert all(
        "`pytest" in row or "(by hand)" in row or row.startswith(("| what", "| ---"))
        for row in rows
        if "command |" not in row
    )
