"""docs/runtime.md: its commands run, and its file of settings is one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from evalhub.efficiency import FILE, read_efficiency
from tests.docs.shell import output_here

PAGE = (Path(__file__).parents[2] / "docs/runtime.md").read_text()


def block(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.S)
    return str(found)


def test_commands_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "small").mkdir()
    (tmp_path / "small/config.json").write_text(block("json"))
    first, listed = (output_here(line, tmp_path, monkeypatch) for line in block("sh").splitlines())
    assert "1 x H100" in first and "1 x L4" in first and "500+200" in first
    assert "MI300X" in listed


def test_the_settings_are_read(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(block("toml"))
    found = read_efficiency(tmp_path)
    assert (found.accelerator, found.price, found.ladder) == ("H100", 2.5, ("pythia-*",))
    assert found.accelerators["mine"].bandwidth == 864e9 and "L4" in found.accelerators
