"""What every method returns, and the step from bootstrap draws to ranks that all share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from aggregate.intervals import small_sample_factor


@dataclass(frozen=True, kw_only=True)
class RankedModel:
    """One row of a ranking."""

    model: str

    score: float
    """In the ranking's `unit`."""

    low: float
    high: float
    """Interval of the score, for this model alone."""

    rank: int
    """1 is best; equal scores share a rank and the next one is skipped."""

    rank_low: int
    """Best rank that the data allow ..."""

    rank_high: int
    """... and worst: these ranges hold for all models at once with the ranking's level."""

    tie_group: int
    """From 1. Models of a group cannot be told apart from the group's first."""

    samples: int
    """Of the ranking's samples, those that the model was measured on."""

    coverage: float
    """Their share of the ranking's samples."""


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """Models in order, best first, with what has to be known to read them."""

    method: str

    assumes: str
    """What the method takes for granted, in a sentence."""

    unit: str
    """What a score is, in words."""

    level: float
    """Of the intervals and of the rank ranges, e.g. 0.95."""

    models: tuple[RankedModel, ...]
    """By rank, then name."""

    samples: int
    """Samples that the ranking rests on."""

    clusters: int
    """Clusters they fall into: the number that the widths depend on."""

    warnings: tuple[str, ...]
    """What a reader must hear, one line each."""

    def to_json(self) -> dict[str, Any]:
        """The fields as plain JSON: those of `evalhub rank --json` and the rest beside them."""
        return {
            **asdict(self),
            "models": [asdict(row) for row in self.models],
            "warnings": list(self.warnings),
        }


@dataclass(frozen=True, eq=False)
class Ranks:
    """Of M models, in the order of the scores given: all arrays (M,) int64."""

    rank: np.ndarray
    rank_low: np.ndarray
    rank_high: np.ndarray
    tie_group: np.ndarray


def ranks_from_draws(
    scores: np.ndarray,
    draws: np.ndarray,
    *,
    level: float,
    clusters: np.ndarray,
    comparable: np.ndarray | None = None,
) -> Ranks:
    """Ranks, simultaneous rank ranges and tie groups from bootstrap draws.

    scores: (M,) estimates, higher is better, equal where they tie.
    draws: (B, M) bootstrap replicates of them, all models of a row resampled together.
    clusters: (M,) clusters that each model was measured on, which widen the intervals where they are few.
    comparable: (M, M) bool, False for pairs on which there is no evidence; they are never told apart.

    All differences get intervals that hold at once: the critical value is the `level` quantile over draws
    of the largest |difference* - difference| / se of any pair (max-|T|; Romano & Wolf 2005, Mogstad et al.
    2024). A model's best rank is 1 + the models significantly above it, its worst M - those below. From
    the top, a model opens a new tie group when it is significantly below the first of the present one.
    A pair whose draws never vary carries no evidence and is not told apart.
    """
    models = scores.size
    widen = small_sample_factor(clusters, level)
    above = np.zeros((models, models))  # how many se's the row stands above the column
    largest = np.zeros(len(draws))
    for i in range(models - 1):
        gap = scores[i] - scores[i + 1 :]
        wobble = draws[:, i, None] - draws[:, i + 1 :] - gap
        se = wobble.std(axis=0, ddof=1)
        # Differences in the last digits of equal draws are rounding, not spread.
        told = se > 1e-12 * np.maximum(1.0, np.abs(gap))
        if comparable is not None:
            told &= comparable[i, i + 1 :]
        if told.any():
            largest = np.maximum(largest, (np.abs(wobble[:, told]) / se[told]).max(axis=1))
            factor = np.maximum(widen[i], widen[i + 1 :][told])
            above[i, i + 1 :][told] = gap[told] / (se[told] * factor)
    above -= above.T
    better = above > np.quantile(largest, level)

    rank = 1 + (scores[None, :] > scores[:, None]).sum(axis=1)
    tie_group = np.ones(models, np.int64)
    group, first = 1, -1
    for i in np.argsort(rank, kind="stable"):
        if first < 0:
            first = i
        elif better[first, i]:
            group, first = group + 1, i
        tie_group[i] = group
    return Ranks(rank, 1 + better.sum(axis=0), models - better.sum(axis=1), tie_group)


def ranking_rows(
    names: Sequence[str],
    scores: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    ranks: Ranks,
    samples: np.ndarray,
    all_samples: int,
) -> tuple[RankedModel, ...]:
    """Rows by rank, then name, from arrays (M,) in any order; `samples` counts those of each model."""
    rows = [
        RankedModel(
            model=name,
            score=float(scores[i]),
            low=float(low[i]),
            high=float(high[i]),
            rank=int(ranks.rank[i]),
            rank_low=int(ranks.rank_low[i]),
            rank_high=int(ranks.rank_high[i]),
            tie_group=int(ranks.tie_group[i]),
            samples=int(samples[i]),
            coverage=float(samples[i] / all_samples),
        )
        for i, name in enumerate(names)
    ]
    return tuple(sorted(rows, key=lambda row: (row.rank, row.model)))
