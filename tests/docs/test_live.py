"""The commands of docs/live.md do what it says."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from evalhub.live.settings import FILE, read_settings
from tests.docs.shell import output_of

TEXT = (Path(__file__).parents[2] / "docs/live.md").read_text()


@pytest.mark.slow
def test_a_paper_becomes_a_release(tmp_path: Path) -> None:
    pytest.importorskip("pylatexenc", reason="pylatexenc is not installed")
    (block,) = re.findall(r"```sh\n(.*?)```", TEXT, re.S)
    out = output_of(block, tmp_path, EVALHUB_HOME=tmp_path / "hub")
    assert "birds" in out and "0 faults" in out


def test_the_settings_shown_are_settings(tmp_path: Path) -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", TEXT, re.S)
    (tmp_path / FILE).write_text(block)
    settings = read_settings(tmp_path)
    for name, value in tomllib.loads(block).items():
        shown = getattr(settings, name)
        assert (list(shown) if isinstance(shown, tuple) else shown) == value
