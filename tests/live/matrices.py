"""LiveXiv's result matrices as files that evalhub reads."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

FOLDER = Path(__file__).parents[3] / "shared/data/livexiv"

there = pytest.mark.skipif(not FOLDER.exists(), reason="shared/data/livexiv is not beside this checkout")


def long_form(part: str, version: str) -> pl.DataFrame:
    """Results of the 17 models that both versions have, by domain: part vqa or tqa, version v1 or v2."""
    return (
        pl.read_parquet(FOLDER / f"{part}_{version}.parquet")
        .filter(pl.col("model_row") < 17)
        .select(
            model=pl.format("model {}", "model_row"),
            sample=pl.format("{}/{}/{}", "version", "domain", "question"),
            value="correct",
            tag="domain",
        )
    )
