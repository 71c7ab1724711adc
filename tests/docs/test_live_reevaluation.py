"""docs/live-reevaluation.md: its commands and its Python run on two releases, and its fields are the JSON's."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.aggregate.releases import release
from tests.cli.helpers import evalhub
from tests.docs.shell import output_here

PAGE = (Path(__file__).parents[2] / "docs/live-reevaluation.md").read_text()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where v1.parquet and v2.parquet lie, the results of ten models on two releases."""
    rng = np.random.default_rng(0)
    ability = rng.normal(0, 1, 10)
    named = pl.format("model-{}", pl.col("model").str.strip_prefix("m").cast(pl.Int32))
    for version in ("v1", "v2"):
        release(version, ability, 80, rng).with_columns(model=named).write_parquet(tmp_path / f"{version}.parquet")
    return tmp_path


def test_commands_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = "".join(re.findall(r"```sh\n(.*?)```", PAGE, re.S)).splitlines()
    assert len(lines) == 5
    for line in lines:
        assert output_here(line, folder, monkeypatch)


def test_the_python_runs(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    exec(code, {})
    assert capsys.readouterr().out == "samples (10, 200)\n"


def test_all_fields_are_explained(folder: Path) -> None:
    call = ("live", "predict", "--old", folder / "v1.parquet", "--new", folder / "v2.parquet", "--models", 3)
    found = evalhub(*call, "--json").json
    table = PAGE[PAGE.index("| field") : PAGE.index("A score is")]
    told = {*re.findall(r"\w+", " ".join(re.findall(r"`([^`]+)`", table)))}
    parts = (found, found["models"][0], found["drift"], found["backtest"], found["backtest"]["error"])
    assert {name for part in parts for name in part} <= told
