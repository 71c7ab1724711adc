"""docs/filters.md: its commands run one after the other, and its tables are the code's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from evalhub.filters.words import DEEPEST, MOST_CHARACTERS, MOST_WORDS
from evalhub.store.model_columns import MODEL_COLUMNS
from evalhub.store.sample_columns import SAMPLE_COLUMNS
from tests.docs.shell import output_here

PAGE = (Path(__file__).parents[2] / "docs/filters.md").read_text()


@pytest.mark.slow
def test_commands_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = "".join(re.findall(r"```sh\n(.*?)```", PAGE, re.S)).splitlines()
    assert len(lines) >= 8
    for line in lines:
        output_here(line, tmp_path, monkeypatch)


def test_all_columns_are_explained() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (.+) \|$", PAGE, re.M)
    assert rows == [(one.name, one.kind, one.about) for one in (*SAMPLE_COLUMNS, *MODEL_COLUMNS)]


def test_limits_are_told() -> None:
    for limit in (MOST_CHARACTERS, MOST_WORDS, DEEPEST):
        assert f"{limit:,} " in PAGE
