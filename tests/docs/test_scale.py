"""docs/scale.md: its commands run, on a Ray cluster that is started for them."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.docs.shell import output_here

PAGE = (Path(__file__).parents[2] / "docs/scale.md").read_text()


@pytest.mark.slow
def test_commands_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cluster: str) -> None:
    model, sample = np.nonzero(np.random.default_rng(0).random((4, 200)) < 0.7)
    value = (np.random.default_rng(1).random(model.size) < 0.2 * (model + 1)).astype(float)
    rows = pl.DataFrame({"model": model, "sample": sample, "value": value}).cast({"model": pl.String})
    for number in range(2):
        rows.gather_every(2, number).write_parquet(tmp_path / f"part-{number}.parquet")
    lines = [
        line for line in "".join(re.findall(r"```sh\n(.*?)```", PAGE, re.S)).splitlines() if "pip" not in line
    ]
    output_here("evalhub ingest easy-vqa --limit 10", tmp_path, monkeypatch)
    found = []
    for line in lines:
        files = " ".join(sorted(path.name for path in tmp_path.glob("part-*.parquet")))
        line = line.replace("part-*.parquet", files).replace("--ray auto", f"--ray {cluster}")
        found.append(output_here(line, tmp_path, monkeypatch))
    scored, ranked = found
    assert "baseline:random" in scored and "Ranking by bradley-terry" in ranked
