"""MMLU-Pro with cells taken away by one pattern or another: what the benchmarks of rankings share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy import stats

from aggregate.measurements import Measurements

PATTERNS = (
    "random 90 %",
    "random 95 %",
    "random 98 %",
    "random 99 %",
    "3 of 14 subjects",
    "leaning choice",
    "strong models, easy items",
    "only successes",
)
"""The first six are those that the floors of the project speak of."""


@dataclass(frozen=True, eq=False)
class Pool:
    """All results there are."""

    value: np.ndarray
    """(S, M) float, NaN where a model has no result."""

    subject: np.ndarray
    """(S,) names."""

    @property
    def truth(self) -> np.ndarray:
        """(M,) mean over all results."""
        found: np.ndarray = np.nanmean(self.value, axis=0)
        return found

    def complete(self) -> Pool:
        """The samples that every model has a result on."""
        kept = ~np.isnan(self.value).any(axis=1)
        return Pool(self.value[kept], self.subject[kept])

    def drawn(self, samples: int, rng: np.random.Generator) -> Pool:
        """So many samples with replacement, as if this pool were the population."""
        which = rng.integers(len(self.value), size=samples)
        return Pool(self.value[which], self.subject[which])


def read(results: str, samples: str) -> Pool:
    """From Parquet with `model, sample_id, score` and with `sample_id, category`."""
    wide = pl.read_parquet(results).select("model", "sample_id", "score")
    wide = wide.pivot("model", index="sample_id", values="score").sort("sample_id")
    subject = pl.read_parquet(samples).select("sample_id", "category")
    subject = wide.select("sample_id").join(subject, on="sample_id", how="left", maintain_order="left")
    models = sorted(name for name in wide.columns if name != "sample_id")
    return Pool(wide.select(models).cast(pl.Float64).to_numpy(), subject["category"].to_numpy())


def thinned(pool: Pool, pattern: str, rng: np.random.Generator) -> np.ndarray:
    """(S, M) bool: the cells that are kept."""
    value = pool.value
    uniform = rng.random(value.shape)
    ease = np.nanmean(value, axis=1)
    ease = (ease - ease.mean()) / ease.std()
    strength = stats.zscore(pool.truth)
    if pattern.startswith("random"):
        keep = uniform >= float(pattern.split()[1]) / 100
    elif pattern == "3 of 14 subjects":
        subjects = np.unique(pool.subject)
        saw = [np.isin(pool.subject, rng.choice(subjects, 3, replace=False)) for _ in strength]
        keep = np.stack(saw, axis=1) & (uniform < 0.2)
    elif pattern == "leaning choice":
        wish = np.exp(rng.normal(0, 2, strength.size) * ease[:, None])
        keep = uniform < 0.05 * wish / wish.mean(axis=0)
    elif pattern == "strong models, easy items":
        wish = np.exp(strength * ease[:, None])
        keep = uniform < 0.05 * wish / wish.mean(axis=0)
    elif pattern == "only successes":
        keep = uniform < np.where(value == 1, 0.08, 0.008)
    else:
        raise ValueError(f"no pattern {pattern!r}")
    kept: np.ndarray = keep & ~np.isnan(value)
    return kept


def measured(pool: Pool, keep: np.ndarray, *, tags: bool) -> Measurements:
    """What was kept, models under their number."""
    sample, model = np.nonzero(keep)
    frame = pl.DataFrame({"model": model, "sample": sample, "value": pool.value[sample, model]})
    return Measurements.from_frame(frame.with_columns(tag=pool.subject[sample]) if tags else frame)
