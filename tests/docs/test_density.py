"""docs/density.md: its commands run, and its file of settings is one."""

from __future__ import annotations

import re
from pathlib import Path

from evalhub.efficiency import FILE, read_efficiency
from tests.docs.shell import output_of

PAGE = (Path(__file__).parents[2] / "docs/density.md").read_text()


def test_commands_run(tmp_path: Path) -> None:
    (script,) = re.findall(r"```sh\n(.*?)```", PAGE, re.S)
    said = output_of(script, tmp_path)
    assert "by 300 samples" in said and "half of the ladder's inner models" in said
    assert (tmp_path / "density.svg").is_file()


def test_the_settings_are_read(tmp_path: Path) -> None:
    (settings,) = re.findall(r"```toml\n(.*?)```", PAGE, re.S)
    (tmp_path / FILE).write_text(settings)
    assert read_efficiency(tmp_path).ladder == ("pythia-*",)
