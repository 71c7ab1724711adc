"""The commands of docs/which-method.md run, and print tables as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.shell import output_of

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/which-method.md").read_text()
DATA = ROOT.parent / "shared/data/measurements"
LINES = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.S) for line in block.splitlines()]

FEWER = {"--seeds 8": "--seeds 1 --patterns 1", "--runs 40": "--runs 1"}
"""What makes a command quick and leaves it the same."""


@pytest.mark.slow
@pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data/measurements")
@pytest.mark.parametrize("line", [line for line in LINES if not line.startswith("DATA=")])
def test_commands_run(line: str) -> None:
    if "llmfao" in line:
        pytest.importorskip("evalica", reason="evalica, which the votes are compared with, is not installed")
    for long, short in FEWER.items():
        line = line.replace(long, short)
    said = output_of(line, ROOT, DATA=f"../{DATA.relative_to(ROOT.parent)}")
    heads = re.findall(r"^\| (\S+) .*\|$", said, re.M)
    assert said.strip() and all(f"| {head} |" in PAGE for head in heads[:1])


def test_the_data_are_where_the_page_says() -> None:
    assert LINES[0] == f"DATA=../{DATA.relative_to(ROOT.parent)}"
