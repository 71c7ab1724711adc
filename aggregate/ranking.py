"""What every method returns."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Any


@dataclass(frozen=True, kw_only=True)
class RankedModel:
    """One row of a ranking."""

    model: str

    group: int
    """From 1: which of the ranking's `groups`. Ranks count the models of a group alone."""

    score: float
    """In the `unit` of its group."""

    low: float
    high: float
    """Interval of the score, for this model alone; infinite where the data set no bound on that side."""

    rank: int
    """1 is the best of its group; equal scores share a rank and the next one is skipped."""

    rank_low: int
    """Best rank that the data allow ..."""

    rank_high: int
    """... and worst: these ranges hold for all models of a group at once with the ranking's level."""

    tie_group: int
    """From 1 in each group. Models of a tie group cannot be told apart from its first."""

    samples: int
    """Of the ranking's samples, those that the model was measured on."""

    coverage: float
    """Their share of the samples that any model of its group was measured on; of a hub's benchmark or filter, of
    all that it picks."""


@dataclass(frozen=True, kw_only=True)
class RankedGroup:
    """Models that samples or votes connect, directly or through others. Of the order of two models of different
    groups nothing is known."""

    group: int

    models: int
    """How many they are."""

    unit: str
    """What a score is, in words."""

    sources: tuple[str, ...]
    """Names of the sources whose samples its models were measured on, where samples have any."""


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """Models in order, best first, with what has to be known to read them."""

    method: str

    assumes: str
    """What the method takes for granted, in a sentence."""

    groups: tuple[RankedGroup, ...]
    """The largest first. One wherever all models can be compared."""

    level: float
    """Of the intervals and of the rank ranges, e.g. 0.95."""

    models: tuple[RankedModel, ...]
    """By group, then rank, then name."""

    samples: int
    """Samples that the ranking rests on."""

    clusters: int
    """Clusters they fall into, or groups of them where counts were ranked: the number that widths depend on."""

    warnings: tuple[str, ...]
    """What a reader must hear, one line each."""

    @property
    def unit(self) -> str:
        """What a score of the first group is."""
        return self.groups[0].unit if self.groups else ""

    def of_group(self, group: int) -> Ranking:
        """The ranking of one group's models."""
        return replace(
            self,
            groups=tuple(one for one in self.groups if one.group == group),
            models=tuple(row for row in self.models if row.group == group),
        )

    def to_json(self) -> dict[str, Any]:
        """The fields as plain JSON: those of `evalhub rank --json` and the rest beside them.

        An end of an interval that has no bound is null.
        """
        ends = ("low", "high")
        return {
            **asdict(self),
            "models": [
                {name: None if name in ends and math.isinf(v) else v for name, v in asdict(row).items()}
                for row in self.models
            ],
            "groups": [{**asdict(group), "sources": list(group.sources)} for group in self.groups],
            "warnings": list(self.warnings),
        }
