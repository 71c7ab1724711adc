"""Which model to use for a need: how likely each is the best one, and what two together would gain.

Chances: clusters of the samples that all candidates share are weighed at random (Bayesian bootstrap, with one
more cluster of coin tosses: `aggregate.bootstrap.weighed_means`). Assumes that clusters were drawn independently
from the need.

Two together: for each tag of the samples the better of the two is asked. That is decided on one half of the
clusters and counted on the other, and the other way round, so that luck in deciding is not gain. What pairs gain
over the recommended model has intervals that hold for all pairs that were looked at at once, so that the best of
many has no luck of having been picked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import combinations
from types import MappingProxyType
from typing import Any

import numpy as np

from aggregate.bootstrap import weighed_means
from aggregate.intervals import check_level
from aggregate.measurements import Measurements, MeasurementsError

_DRAWS = 4000
_TOLD = 2
"""Digits of a chance."""

_FEWEST = 10
"""Shared samples from which on there is a recommendation."""

_LEAST_COVERAGE = 0.5
"""Of the samples, below which a model is left out: with it few would be shared."""

_PAIRED = 8
"""Models, the likeliest best, of which pairs are looked at."""

_SPLITS = 20
"""Into halves."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A model that could be used."""

    model: str

    score: float
    """Mean value on the shared samples."""

    low: float
    high: float

    best: float | None
    """How likely it has the highest score of all candidates; None where it is the only one."""

    beats_guessing: bool | None
    """Whether the interval lies beyond what guessing scores; None where that is not known."""


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two models, of which each tag's samples go to the better one."""

    first: str
    second: str

    score: float
    """Mean value of both together, each sample's by what was decided without its half of the clusters."""

    gain: float
    """How much better that is than the recommended model alone: above 0 is better, whichever way the metric goes.
    The best figure of many pairs is a lucky one: its interval is what counts."""

    low: float
    high: float
    """Of the gain, for all pairs that were looked at at once: with low above 0 it is more than luck."""

    oracle: float
    """The gain if it were known of each sample which of the two does better: never less than luck makes of it."""

    second_on: tuple[str, ...]
    """Tags on which the second one is asked."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What is recommended."""

    candidates: tuple[Candidate, ...]
    """The likeliest best first, by score where chances are equal to two digits."""

    samples: int
    """That all candidates were measured on."""

    clusters: int
    level: float

    guessing: float | None
    """What guessing scores on these samples; None where that is not known of all of them."""

    left_out: dict[str, float]
    """Models with the share of the samples that they were measured on: too small."""

    pair: Pair | None
    """Of pairs of the likeliest models that do better than the first candidate by more than luck, else of all, the
    one with the best score; None where there is one model, fewer than two tags or four clusters."""

    @property
    def alike(self) -> tuple[str, ...]:
        """The likeliest models, as few as hold the best one with the level."""
        held = np.cumsum([one.best or 0 for one in self.candidates])
        return tuple(one.model for one in self.candidates[: int(np.searchsorted(held, self.level)) + 1])

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        return asdict(self)


def choose(
    m: Measurements, *, guesses: Mapping[str, float] = MappingProxyType({}), level: float = 0.9, seed: int = 0
) -> Choice:
    """Recommend one of the models of M measurements by one metric.

    guesses: what guessing scores by that metric, by sample, where it is known.

    Raises:
        MeasurementsError: there are several metrics or none, or too few samples that the models share.
    """
    check_level(level)
    if len(m.metrics) != 1:
        raise MeasurementsError("a recommendation is by one metric")
    value = np.full((len(m.models), len(m.samples)), np.nan)
    value[m.model, m.sample] = m.value
    if m.metrics[0].direction == "down":
        value = -value
    coverage = np.isfinite(value).mean(axis=1)
    kept = np.flatnonzero(coverage >= _LEAST_COVERAGE)
    if not kept.size:
        raise MeasurementsError("no model was measured on half of the samples: there is nothing to compare")
    shared = np.isfinite(value[kept]).all(axis=0)
    if shared.sum() < _FEWEST:
        raise MeasurementsError(_too_few(np.isfinite(value[kept])))
    rng = np.random.default_rng(seed)
    seen = value[kept][:, shared]
    names = [m.models[place] for place in kept]
    cluster = np.unique(m.cluster_of[shared], return_inverse=True)[1]
    tossed = cluster.size / (cluster.max() + 1)  # as large as clusters are: a few that all agree are not certainty
    draws = np.concatenate(list(weighed_means(seen, cluster, _DRAWS, rng, tossed=tossed)))
    best = _best(draws)
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2], axis=0)
    score = seen.mean(axis=1)
    low, high = np.minimum(low, score), np.maximum(high, score)
    order = np.lexsort((-score, -np.round(best, _TOLD)))
    sign = -1.0 if m.metrics[0].direction == "down" else 1.0
    guessing = np.mean([guesses.get(m.samples[place], np.nan) for place in np.flatnonzero(shared)])
    known = bool(np.isfinite(guessing))
    candidates = []
    for place in order:
        ends = sorted((sign * float(low[place]), sign * float(high[place])))
        candidates.append(
            Candidate(
                model=names[place],
                score=sign * float(score[place]),
                low=ends[0],
                high=ends[1],
                best=float(best[place]) if len(kept) > 1 else None,
                beats_guessing=bool(low[place] > sign * guessing) if known else None,
            )
        )
    pair = None
    if m.tag_of.size:
        tag = m.tag_of[shared]
        top = [int(place) for place in order[:_PAIRED]]
        pair = _pair(seen, names, top, cluster, tag, m.tags, sign, level, rng)
    return Choice(
        candidates=tuple(candidates),
        samples=int(shared.sum()),
        clusters=int(cluster.max()) + 1,
        level=level,
        guessing=float(guessing) if known else None,
        left_out={m.models[place]: float(coverage[place]) for place in np.flatnonzero(coverage < _LEAST_COVERAGE)},
        pair=pair,
    )


def _too_few(seen: np.ndarray) -> str:
    """That models (M, S) share too few samples, and what helps."""
    most = seen.sum(axis=1).max()
    if most < _FEWEST:
        least = f"a recommendation needs {_FEWEST} samples"
        return f"{least}, and no model was measured on more than {most:,}: score more of them"
    return (
        f"a recommendation needs {_FEWEST} samples that all models share, and these {len(seen):,} share only "
        f"{seen.all(axis=0).sum():,}: score them on the same ones, or leave some out"
    )


def _best(draws: np.ndarray) -> np.ndarray:
    """(M,) share of draws in which each is the highest; those that tie share one."""
    top = draws >= draws.max(axis=1, keepdims=True) - 1e-12
    return np.asarray((top / top.sum(axis=1, keepdims=True)).mean(axis=0))


def _pair(
    value: np.ndarray,
    names: list[str],
    top: list[int],
    cluster: np.ndarray,
    tag: np.ndarray,
    tags: tuple[str, ...],
    sign: float,
    level: float,
    rng: np.random.Generator,
) -> Pair | None:
    """The best pair of the models `top`, against the first of them: see `Choice.pair`."""
    number = int(cluster.max()) + 1
    if len(top) < 2 or number < 4 or len(np.unique(tag)) < 2:
        return None
    halves = np.array([rng.permutation(number) < number // 2 for _ in range(_SPLITS)])[:, cluster]
    pairs, alone = list(combinations(top, 2)), value[top[0]]
    gains = np.array([_held_out(value[a], value[b], halves, tag) for a, b in pairs]) - alone
    gain, (low, high) = gains.mean(axis=1), _at_once(gains, cluster, level, rng)
    surely = low > 0
    found = int(np.argmax(np.where(surely, gain, -np.inf) if surely.any() else gain))
    first, second = pairs[found]
    a, b = value[first], value[second]
    sums = np.bincount(tag, b - a, len(tags))
    return Pair(
        first=names[first],
        second=names[second],
        score=sign * float(gain[found] + alone.mean()),
        gain=float(gain[found]),
        low=float(low[found]),
        high=float(high[found]),
        oracle=float(np.maximum(a, b).mean() - alone.mean()),
        second_on=tuple(tags[place] for place in np.flatnonzero(sums > 0)),
    )


def _held_out(a: np.ndarray, b: np.ndarray, halves: np.ndarray, tag: np.ndarray) -> np.ndarray:
    """(S,) mean over the splits of the values of the one of two models that is better on a sample's tag, which is
    decided without the sample's half."""
    total = np.zeros(len(a))
    lead = b - a
    number = int(tag.max()) + 1
    for half in halves:
        for told in (half, ~half):
            by_tag = np.bincount(tag[told], lead[told], number)
            better = lead[told].sum() > 0
            # A tag that was not seen goes to the better one of all.
            there = np.bincount(tag[told], minlength=number) > 0
            asked = np.where(there, by_tag > 0, better)[tag]
            counted = ~told
            total[counted] += np.where(asked, b, a)[counted]
    return total / len(halves)


def _at_once(
    gains: np.ndarray, cluster: np.ndarray, level: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """(P,) ends of intervals of the mean gains (P, S) that hold for all of them at once: as many standard
    deviations wide as the one that strays farthest needs."""
    drawn = np.concatenate(list(weighed_means(gains, cluster, _DRAWS, rng)))
    spread = np.maximum(drawn.std(axis=0), 1e-12)
    farthest = (np.abs(drawn - drawn.mean(axis=0)) / spread).max(axis=1)
    wide = np.quantile(farthest, level) * spread
    mean = gains.mean(axis=1)
    return mean - wide, mean + wide
