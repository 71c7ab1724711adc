"""Simulated releases of samples from papers, and models that change between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from aggregate.measurements import Measurements


@dataclass(frozen=True, eq=False)
class Simulated:
    """Two releases that every model answered in full. Models are named m00, m01, … by number."""

    old: Measurements
    new: Measurements

    @property
    def truth(self) -> np.ndarray:
        """(M,) scores on the new release."""
        return np.bincount(self.new.model, self.new.value) / len(self.new.samples)


def release(name: str, ability: np.ndarray, papers: int, rng: np.random.Generator, each: int = 5) -> pl.DataFrame:
    """0/1 results of models of these abilities on `each` samples of so many papers."""
    paper = np.repeat(np.arange(papers), each)
    difficulty = rng.normal(0, 0.8, papers)[paper] + rng.normal(0, 1.0, paper.size)
    chance = 1 / (1 + np.exp(difficulty[:, None] - ability))
    value = (rng.random(chance.shape) < chance).astype(float)
    sample, model = (index.ravel() for index in np.indices(value.shape))
    return pl.DataFrame(
        {"model": model, "sample": sample, "value": value.ravel(), "cluster": paper[sample]}
    ).select(
        pl.format("m{}", pl.col("model").cast(pl.String).str.zfill(2)).alias("model"),
        pl.format("{}/{}", pl.lit(name), "sample").alias("sample"),
        "value",
        pl.format("{} paper {}", pl.lit(name), "cluster").alias("cluster"),
    )


def simulated(
    seed: int,
    *,
    models: int = 12,
    papers: int = 120,
    shift: float = 0.0,
    together: float = 0.0,
    alone: float = 0.0,
) -> Simulated:
    """shift: of all abilities, in log-odds. together, alone: standard deviations of a change that all models
    share and of each one's own."""
    rng = np.random.default_rng(seed)
    ability = rng.normal(0, 1, models)
    change = shift + together * rng.normal() + alone * rng.normal(size=models)
    return Simulated(
        Measurements.from_frame(release("old", ability, papers, rng)),
        Measurements.from_frame(release("new", ability + change, papers, rng)),
    )
