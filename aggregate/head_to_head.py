"""Two models on the samples that both were measured on."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from aggregate.differences import differences, differences_of_numbers
from aggregate.measurements import Measurements, Metric
from aggregate.vote_shares import vote_shares
from aggregate.win_rates import win_rates


@dataclass(frozen=True, kw_only=True)
class HeadToHead:
    """The first model beside the second by one metric, on the shared samples of one source or of all."""

    metric: Metric

    source: str | None
    """None for all together, where there are several or none is known."""

    samples: int
    clusters: int

    first: float
    second: float
    """Means on the shared samples."""

    difference: float
    """Of the first less the second, whichever direction is better."""

    low: float | None
    high: float | None
    """None where the samples say nothing of the spread."""

    wins: float
    ties: float
    losses: float
    """Samples on which the first does better, as well, or worse; see `aggregate.win_rates`."""


@dataclass(frozen=True, kw_only=True)
class Outcomes:
    """Of the votes between two models, for the first."""

    wins: int = 0
    ties: int = 0
    losses: int = 0

    share: float | None = None
    """Of votes won, a tie being half a win; None where there is no vote."""

    low: float | None = None
    high: float | None = None
    """See `aggregate.vote_shares`."""

    clusters: int = 0

    @property
    def total(self) -> int:
        """All votes with an outcome."""
        return self.wins + self.ties + self.losses


def numbers_of(values: pl.DataFrame) -> Measurements:
    """What `head_to_head` compares, of values in long form with a column kind. Grades count as numbers: a mean of
    several is no grade, and differences are of numbers."""
    kind = pl.col("kind").cast(pl.String).replace("ordinal", "numeric")
    return Measurements.from_frame(values.with_columns(kind))


def head_to_head(
    measurements: Measurements,
    first: str,
    second: str,
    level: float = 0.95,
) -> list[HeadToHead]:
    """By each metric: on all samples with a value of both, and on those of each source. Where a metric's ends are
    known, no difference is greater than what lies between them.

    Samples are paired; those of one cluster are not independent. See `aggregate.differences`.
    """
    both = np.array([model in (first, second) for model in measurements.models], bool)
    voted = measurements.votes
    unvoted = replace(measurements, votes=voted.where(np.zeros(voted.first.size, bool)))
    shared = unvoted.of_models(both).of_shared()
    found = []
    for number, metric in enumerate(shared.metrics):
        by_metric = shared.metric_of == number
        if not by_metric.any():
            continue
        parts = [(name, by_metric & (shared.source_of == one)) for one, name in enumerate(shared.sources)]
        parts = [(name, keep) for name, keep in parts if keep.any()]
        for source, keep in parts if len(parts) == 1 else [(None, by_metric), *parts]:
            found.append(_on(shared.of_samples(keep), metric, source, first, second, level))
    return found


def votes_between(measurements: Measurements, first: str, second: str, level: float = 0.95) -> Outcomes:
    """How the votes between two models of the measurements came out, for the first."""
    if not {first, second} <= set(measurements.models):
        return Outcomes()
    votes, (one, other) = measurements.votes, map(measurements.models.index, (first, second))
    here, turned = ((votes.first == a) & (votes.second == b) for a, b in ((one, other), (other, one)))
    if not (here | turned).any():
        return Outcomes()
    found = vote_shares(votes.where(here | turned), level)
    wins, ties, losses, clusters = (
        int(each[0]) for each in (found.wins, found.ties, found.losses, found.clusters)
    )
    share, low, high = (float(each[0]) for each in (found.share, found.low, found.high))
    if one > other:
        wins, losses, share, low, high = losses, wins, 1 - share, 1 - high, 1 - low
    return Outcomes(wins=wins, ties=ties, losses=losses, share=share, low=low, high=high, clusters=clusters)


def _on(
    part: Measurements,
    metric: Metric,
    source: str | None,
    first: str,
    second: str,
    level: float,
) -> HeadToHead:
    """On samples that both were measured on, by one metric."""
    one, other = part.models.index(first), part.models.index(second)
    # Rows are sorted by sample, so that both models' values stand in the order of samples.
    a, b = (part.value[part.model == model].astype(np.float64) for model in (one, other))
    paired = differences if metric.kind == "binary" else differences_of_numbers
    found = paired(a, b, part.cluster_of, np.zeros(a.size, np.int64), level)
    counted = win_rates(part)
    low, high = (None if np.isnan(end[0]) else float(end[0]) for end in (found.low, found.high))
    if low is not None and high is not None:
        widest = metric.ends[1] - metric.ends[0]
        low, high = max(low, -widest), min(high, widest)
    return HeadToHead(
        metric=metric,
        source=source,
        samples=a.size,
        clusters=int(found.clusters[0]),
        first=float(a.mean()),
        second=float(b.mean()),
        difference=float(found.difference[0]),
        low=low,
        high=high,
        wins=float(counted.wins[one, other]),
        ties=float(counted.ties[one, other]),
        losses=float(counted.wins[other, one]),
    )
