"""The commands of docs/export.md run one after the other, in a shell."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from evalhub.store.exported import MATRIX
from tests.docs.shell import output_of

PAGE = (Path(__file__).parents[2] / "docs/export.md").read_text()


@pytest.mark.slow
def test_commands_run(tmp_path: Path) -> None:
    """In an empty hub, and what they write is there."""
    script = "".join(re.findall(r"```sh\n(.*?)```", PAGE, re.S))
    output_of(script, tmp_path, EVALHUB_HOME=tmp_path / "hub")
    for name in ("results.parquet", "records/data", "questions/README.md", "tasks", "another-hub/hub.duckdb"):
        assert (tmp_path / name).exists(), name
    assert len(list((tmp_path / "tasks").glob("*.yaml"))) == 2


def test_all_columns_are_explained() -> None:
    names = re.findall(r"(?:AS )?(\w+)(?:,|$)", MATRIX.strip())
    table = PAGE[PAGE.index("## Tables") : PAGE.index("## Every")]
    assert {*names} - {"measurements"} <= {*re.findall(r"`(\w+)`", table)}
