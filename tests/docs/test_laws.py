"""docs/laws.md: its commands run."""

from __future__ import annotations

import re
from pathlib import Path

from tests.docs.shell import output_of

PAGE = (Path(__file__).parents[2] / "docs/laws.md").read_text()


def test_commands_run(tmp_path: Path) -> None:
    (script,) = re.findall(r"```sh\n(.*?)```", PAGE, re.S)
    said = output_of(script, tmp_path)
    assert "verdict: not rejected" in said and "at 10B parameters" in said
    assert (tmp_path / "law.svg").is_file()
