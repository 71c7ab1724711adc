"""From what a method estimated to the ranking it returns: one way for all methods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from aggregate.basis import Basis
from aggregate.caveats import caveats, few_units
from aggregate.intervals import small_sample_factor
from aggregate.method import Method
from aggregate.ranking import RankedGroup, RankedModel, Ranking
from aggregate.ranks import Ranks, ranks_from_covariance, ranks_from_draws


@dataclass(frozen=True, eq=False, kw_only=True)
class Estimates:
    """Scores of M models and how sure they are: either a covariance or draws."""

    scores: np.ndarray
    """(M,); equal where models tie, so round off what the solver left in the last digits."""

    covariance: np.ndarray | None = None
    """(M, M) of the scores, as `aggregate.sandwich` gives it: without any correction for few clusters."""

    draws: np.ndarray | None = None
    """(B, M) bootstrap replicates of the scores, all models of a row resampled together."""

    low: np.ndarray | None = None
    high: np.ndarray | None = None
    """(M,) ends of the scores' intervals where the method knows better than the spread, NaN where it does
    not; infinite where the data set no bound."""

    within: np.ndarray | None = None
    """(2, M) the least and the most that each score can be, where that is known, else infinite or NaN."""

    comparable: np.ndarray | None = None
    """(M, M) bool, False for pairs on which there is no evidence; they are never told apart."""

    higher_is_better: bool | np.ndarray = True
    """Of all, or (M,) of each model: alike within a group that can be compared."""

    units: tuple[str, ...] = ()
    """(M,) what each score is, in words, where the method's own does not say it."""

    warnings: tuple[str, ...] = ()
    """What the method itself has to say."""


def make_ranking(
    method: Method,
    measurements: Basis,
    estimates: Estimates,
    *,
    level: float,
    seed: int = 0,
    used: Basis | None = None,
) -> Ranking:
    """The ranking that these estimates give.

    used: the part of the measurements that the estimates rest on, if not all; its models are the same.

    Intervals are score +- normal quantile x standard error from a covariance, and the tails' distances from
    the score from draws; both are widened by `small_sample_factor` with the model's own number of clusters.
    A model without any keeps its spread as it is. Rank ranges: `aggregate.ranks`.
    """
    rest = measurements if used is None else used
    clusters = _clusters(rest)
    low, high = _ends(estimates, small_sample_factor(clusters, level), level)
    sign = np.where(estimates.higher_is_better, 1, -1)
    scores, comparable = sign * estimates.scores, estimates.comparable
    if estimates.draws is not None:
        draws = sign * estimates.draws
        ranks = ranks_from_draws(scores, draws, level=level, clusters=clusters, comparable=comparable)
    else:
        spread = given(estimates.covariance)
        ranks = ranks_from_covariance(
            scores, spread, level=level, clusters=clusters, comparable=comparable, seed=seed
        )
    group = _groups(rest, comparable)
    return Ranking(
        method=method.name,
        assumes=method.assumes,
        groups=_described(rest, group, estimates.units or (method.unit,) * len(rest.models)),
        level=level,
        models=_rows(rest, group, estimates.scores, low, high, ranks),
        samples=rest.sample_count,
        clusters=rest.cluster_count,
        warnings=(*caveats(measurements), *few_units(rest), *estimates.warnings),
    )


def difference_intervals(estimates: Estimates, used: Basis, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """(M, M) ends of the interval of score i - score j, for each pair alone, by the estimates' covariance.

    used: the measurements that the estimates rest on.
    """
    spread = given(estimates.covariance)
    widen = small_sample_factor(_clusters(used), level) * special.ndtri((1 + level) / 2)
    variance = np.diag(spread)
    se = np.sqrt(np.maximum(variance[:, None] + variance - 2 * spread, 0))
    gap, half = estimates.scores[:, None] - estimates.scores, se * np.maximum(widen[:, None], widen)
    if estimates.comparable is not None:
        half = np.where(estimates.comparable, half, np.inf)
    return gap - half, gap + half


def _clusters(used: Basis) -> np.ndarray:
    """(M,) clusters behind each score; without any, all spread is the method's own and stays."""
    clusters = used.units_per_model
    return np.where(clusters == 0, 10**6, clusters)


def _ends(estimates: Estimates, widen: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    scores = estimates.scores
    if estimates.draws is not None:
        tails = np.quantile(estimates.draws, [(1 - level) / 2, (1 + level) / 2], axis=0)
        low = scores - widen * np.maximum(scores - tails[0], 0)
        high = scores + widen * np.maximum(tails[1] - scores, 0)
    else:
        se = np.sqrt(np.maximum(np.diag(given(estimates.covariance)), 0))
        half = widen * special.ndtri((1 + level) / 2) * se
        low, high = scores - half, scores + half
    if estimates.low is not None:
        low = np.where(np.isnan(estimates.low), low, estimates.low)
    if estimates.high is not None:
        high = np.where(np.isnan(estimates.high), high, estimates.high)
    if estimates.within is not None:
        low = np.fmin(np.fmax(low, estimates.within[0]), scores)
        high = np.fmax(np.fmin(high, estimates.within[1]), scores)
    return low, high


def given(covariance: np.ndarray | None) -> np.ndarray:
    """The covariance that estimates without draws have."""
    if covariance is None:
        raise ValueError("estimates need a covariance or draws")
    return covariance


def _groups(rest: Basis, comparable: np.ndarray | None) -> np.ndarray:
    """(M,) from 1: the group of each model, those of more models first, then of more samples, then by name."""
    if comparable is None:
        return np.ones(len(rest.models), np.int64)
    first, group = np.unique(comparable.argmax(axis=1), return_inverse=True)
    most = np.zeros(first.size)
    np.maximum.at(most, group, rest.samples_per_model)
    order = np.lexsort((first, -most, -np.bincount(group)))
    number = np.empty(first.size, np.int64)
    number[order] = np.arange(1, first.size + 1)
    return number[group]


def _described(rest: Basis, group: np.ndarray, units: Sequence[str]) -> tuple[RankedGroup, ...]:
    return tuple(
        RankedGroup(
            group=g,
            models=int((group == g).sum()),
            unit=units[int((group == g).argmax())],
            sources=sources,
        )
        for g, sources in enumerate(rest.sources_per_group(group - 1), 1)
    )


def _rows(
    rest: Basis, group: np.ndarray, scores: np.ndarray, low: np.ndarray, high: np.ndarray, ranks: Ranks
) -> tuple[RankedModel, ...]:
    """By group, then rank, then name."""
    samples = rest.samples_per_group(group - 1)[group - 1]
    rows = [
        RankedModel(
            model=name,
            group=int(group[i]),
            score=float(scores[i]),
            low=float(low[i]),
            high=float(high[i]),
            rank=int(ranks.rank[i]),
            rank_low=int(ranks.rank_low[i]),
            rank_high=int(ranks.rank_high[i]),
            tie_group=int(ranks.tie_group[i]),
            samples=int(rest.samples_per_model[i]),
            coverage=float(rest.samples_per_model[i] / max(samples[i], 1)),
        )
        for i, name in enumerate(rest.models)
    ]
    return tuple(sorted(rows, key=lambda row: (row.group, row.rank, row.model)))
