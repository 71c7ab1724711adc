"""Elo: ratings that move after each comparison, averaged over random orders. For comparison's sake."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from aggregate.caveats import named
from aggregate.estimates import make_ranking
from aggregate.measurements import Measurements
from aggregate.method import Intervals, check_options
from aggregate.methods.bradley_terry import BradleyTerry
from aggregate.ranking import Ranking
from aggregate.sandwich import centring
from kernels.elo import elo_ratings

_K = 8.0
_START = 1000.0
_POINTS = 400 / np.log(10)
"""Of a rating for one unit of log-odds."""

_CLEARLY = 0.5
"""Of an interval's half width, how far a rating may be from Bradley-Terry's strength without a word."""

# Orders to average over, comparisons in all of them together, and in one: enough to forget the start many times.
_ORDERS = (20, 100)
_MOST_STEPS = 2**23
_MOST_IN_PASS = 2**18
_MOST_IN_PASS_PER_MODEL = 2**9


class Elo:
    """Score: rating after one pass over all comparisons, K = 8, averaged over 20 to 100 random orders.

    Elo chases the strengths of Bradley-Terry and forgets its start at about 90 comparisons a model, so that the
    interval is that of Bradley-Terry, in points, with the spread of the orders' average added.
    """

    name = "elo"
    assumes = (
        "one strength per model decides every comparison, and models met often enough to leave the common start "
        "of 1000 behind (hundreds of comparisons each at K = 8); ratings depend on the order, so that random ones "
        "are averaged: prefer bradley-terry, which needs none"
    )
    unit = "Elo points, 400 being odds of 10 to 1; a tie is half a win"
    pairwise = True

    def __call__(
        self,
        measurements: Measurements,
        *,
        level: float = 0.95,
        intervals: Intervals = "sandwich",
        replicates: int = 1000,
        seed: int = 0,
    ) -> Ranking:
        """See `aggregate.method.Method`."""
        check_options(level, intervals, replicates)
        strengths, used = BradleyTerry().estimate(
            measurements, level=level, draws=replicates if intervals == "bootstrap" else 0, seed=seed
        )
        passes = _passes(used, np.random.default_rng([seed, 3])) * _POINTS
        mean = passes.mean(axis=0)
        wobble = (passes - mean) / np.sqrt(len(passes) * (len(passes) - 1))
        # Points never leave a group of models that met: each group's average stays the start.
        zero = centring(np.ones(mean.size), _given(strengths.comparable).argmax(axis=1)) * _POINTS
        scores = np.round(_START + mean, 6)
        if strengths.draws is None:
            covariance = zero @ _given(strengths.covariance) @ zero.T + wobble.T @ wobble
            estimates = replace(strengths, scores=scores, covariance=covariance)
        else:
            noise = np.random.default_rng([seed, 4]).standard_normal((len(strengths.draws), len(passes))) @ wobble
            draws = scores + (strengths.draws - strengths.scores) @ zero.T + noise
            estimates = replace(strengths, scores=scores, draws=draws)
        low, high = _given(strengths.low), _given(strengths.high)
        estimates = replace(
            estimates,
            low=np.where(np.isinf(low), low, np.nan),
            high=np.where(np.isinf(high), high, np.nan),
        )
        ranking = make_ranking(self, measurements, estimates, level=level, seed=seed, used=used)
        points = dict(zip(used.models, (_START + zero @ strengths.scores).tolist(), strict=True))
        return replace(ranking, warnings=(*ranking.warnings, *_held_back(ranking, points)))


def _held_back(ranking: Ranking, strengths: dict[str, float]) -> list[str]:
    """Who is still near the start; strengths: Bradley-Terry's by model, in points, from the same one."""
    away = {row.model: strengths[row.model] - row.score for row in ranking.models}
    half = {row.model: (row.high - row.low) / 2 for row in ranking.models}
    held = [name for name, gap in away.items() if abs(gap) > _CLEARLY * half[name] and np.isfinite(half[name])]
    if not held:
        return []
    held.sort(key=lambda name: -abs(away[name]))
    gap = away[held[0]]
    return [
        f"held back by the common start of {_START:.0f}, of few comparisons: {named(held)}; {held[0]} would be "
        f"{abs(gap):.0f} points {'higher' if gap > 0 else 'lower'} by bradley-terry, which has no start"
    ]


def _given(array: np.ndarray | None) -> np.ndarray:
    """What Bradley-Terry always gives."""
    assert array is not None
    return array


def _passes(m: Measurements, rng: np.random.Generator) -> np.ndarray:
    """(orders, M) ratings after each pass; of large tables a pass takes a part, drawn anew each time."""
    models = len(m.models)
    pairs = m.observers * (m.observers - 1) // 2
    total = int(pairs.sum()) + m.votes.outcome.size
    if not total:
        return np.zeros((2, models))
    most = max(_MOST_IN_PASS, _MOST_IN_PASS_PER_MODEL * models)
    samples = np.arange(len(m.samples))
    whole = _comparisons(m, samples) if total <= most else None
    found = []
    for _ in range(int(np.clip(_MOST_STEPS // min(total, most), *_ORDERS))):
        if whole is None:
            drawn = rng.permutation(samples)
            part = _comparisons(m, np.sort(drawn[: 1 + np.searchsorted(np.cumsum(pairs[drawn]), most)]))
        else:
            part = whole
        order = rng.permutation(part[0].size)[:most]
        found.append(elo_ratings(models, part[0], part[1], part[2], part[3], order))
    return np.stack(found)


def _comparisons(m: Measurements, samples: np.ndarray) -> tuple[np.ndarray, ...]:
    """(N,) first and second model, outcome of the first, and step: the votes and all pairs of these samples."""
    votes = m.votes
    parts = [(votes.first, votes.second, votes.outcome.astype(np.float64), np.ones(votes.outcome.size))]
    start, many = np.searchsorted(m.sample, samples), m.observers[samples]
    for k in np.unique(many[many > 1]):
        here = many == k
        rows = start[here][:, None] + np.arange(k)
        a, b = np.triu_indices(k, 1)
        i, j = rows[:, a].ravel(), rows[:, b].ravel()
        of = np.repeat(samples[here], a.size)
        lead = (m.upward[i] - m.upward[j]).astype(np.float64)
        outcome = 0.5 + np.where(m.chances[of], lead, np.sign(lead)) / 2
        parts.append((m.model[i], m.model[j], outcome, m.weight[of]))
    first, second, outcome, weight = (np.concatenate(column) for column in zip(*parts, strict=True))
    # The usual comparison moves by K, whatever the scale of the weights.
    return first, second, outcome, weight / np.median(weight) * _K / _POINTS
