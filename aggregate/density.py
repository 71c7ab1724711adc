"""Relative capacity density: the size at which a ladder of reference models scores as much, over the model's size.

Xiao et al. 2024 (arXiv 2412.04315) go from score to loss to size by laws whose constants are not public. Here the
ladder is one that the user names, and its own curve of score over size is turned round (`aggregate.ladder`).
Beyond the ladder's ends nothing is said: there a density has one bound.

Intervals: clusters of samples are weighed at random, for the ladder and the model together. Assumes that
clusters were drawn independently, and the ladder as it is: that one of the same sizes would have come out
differently in another training is not in the intervals; `Densities.factor` shows how far that goes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal

import numpy as np

from aggregate.bootstrap import weighed_means
from aggregate.doubling import Doubling, doubling
from aggregate.intervals import check_level
from aggregate.ladder import reached, rising, span
from aggregate.laws.family import FamilyError, in_order

_FEWEST = 10
"""Samples that all rungs share, from which on there is a curve."""

_LEAST_COVERAGE = 0.5
"""Of the ladder's samples, below which a model is left out."""

Place = Literal["below", "within", "above"]


@dataclass(frozen=True, kw_only=True)
class Rung:
    """A model of the ladder."""

    model: str
    parameters: float

    score: float
    """Mean rate on the samples that all rungs share."""

    by_others: float | None
    """The size at which the other rungs score as much, over its own; None at the ends and where these do not."""


@dataclass(frozen=True, kw_only=True)
class Density:
    """A model against the ladder."""

    model: str

    parameters: float | None
    """Its own size; None where unknown."""

    active: float | None
    """Weights that a token passes through; None where unknown."""

    released: date | None

    samples: int
    """Those of the ladder's that it was measured on."""

    score: float
    """Mean rate on them."""

    place: Place
    """Of the score: below what the ladder's smallest model has on them, within, or above the largest one's."""

    equivalent: float | None
    """The smallest size at which the ladder scores as much; None outside."""

    equivalent_low: float | None
    equivalent_high: float | None
    """None: the ladder knows no bound; or, of means alone, no interval."""

    def over(self, size: float | None) -> tuple[float | None, float | None, float | None]:
        """Density by a size of the model, and its interval."""
        if size is None:
            return None, None, None
        found = [self.equivalent, self.equivalent_low, self.equivalent_high]
        middle, low, high = (None if one is None else one / size for one in found)
        return middle, low, high

    def to_json(self) -> dict[str, Any]:
        """As plain JSON, with densities by total and by active parameters."""
        names = ("density", "low", "high")
        by_active = zip((f"active_{name}" for name in names), self.over(self.active), strict=True)
        return {
            **asdict(self),
            "released": self.released and self.released.isoformat(),
            **dict(zip(names, self.over(self.parameters), strict=True)),
            **dict(by_active),
        }


@dataclass(frozen=True, kw_only=True)
class Densities:
    """What a ladder makes of other models."""

    ladder: tuple[Rung, ...]
    """From the smallest to the largest."""

    models: tuple[Density, ...]
    """The densest first; those of unknown density at the end."""

    samples: int
    """That all rungs share; 0 where only means are known."""

    clusters: int
    level: float

    factor: float | None
    """Half of the inner rungs lie within this factor of the size that the others say; None without any."""

    trend: Doubling | None
    """Of density by total size over release dates; None for too few models."""

    left_out: dict[str, float]
    """Models with the share of the ladder's samples that they were measured on: too small."""

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        return {**asdict(self), "models": [one.to_json() for one in self.models]}


@dataclass(frozen=True, kw_only=True, eq=False)
class Measured:
    """M models on S samples, with what is known of them."""

    models: tuple[str, ...]

    rates: np.ndarray
    """(S, M) in [0, 1], NaN where missing."""

    parameters: tuple[float | None, ...]
    """(M,) sizes, None where unknown."""

    active: tuple[float | None, ...]
    """(M,) weights that a token passes through."""

    released: tuple[date | None, ...]
    """(M,)"""

    cluster: np.ndarray | None
    """(S,) numbers: which samples are resampled together. None: the only row holds means."""


def densities(
    m: Measured, ladder: np.ndarray, *, level: float = 0.9, resamples: int = 1000, seed: int = 0
) -> Densities:
    """The densities of the models that are not the ladder.

    ladder: (M,) which models are.

    Raises:
        FamilyError: the ladder has fewer than three sizes, an unknown one, two of one size or a mixture of
            experts; its models share too few samples, score alike, or the larger ones worse; a rate lies outside
            [0, 1].
    """
    check_level(level)
    if ((m.rates < 0) | (m.rates > 1)).any():
        raise FamilyError("density is by pass rates, which lie between 0 and 1")
    rungs = _in_order(m, np.flatnonzero(ladder))
    there = np.isfinite(m.rates[:, rungs]).all(axis=1)
    if m.cluster is not None and there.sum() < _FEWEST:
        raise FamilyError(f"the models of the ladder share {there.sum():,} samples: a curve needs {_FEWEST}")
    if not there.any():
        raise FamilyError("each model of the ladder needs a score")
    rates = m.rates[there]
    cluster = None if m.cluster is None else m.cluster[there]
    x = np.log(np.array([m.parameters[place] for place in rungs], float))
    if np.ptp(rates[:, rungs].mean(axis=0)) <= 1e-12:
        raise FamilyError("all models of the ladder score alike on these samples: they tell no size from another")
    if np.ptp(rising(rates[:, rungs].mean(axis=0)[None])) <= 1e-12:
        raise FamilyError("the larger models of the ladder score no better than the smaller ones on these samples")
    others = np.setdiff1d(np.arange(len(m.models)), rungs)
    found: list[Density] = []
    left_out: dict[str, float] = {}
    for seen, group in _alike(np.isfinite(rates), others):
        if seen.mean() < _LEAST_COVERAGE:
            left_out |= {m.models[place]: float(seen.mean()) for place in group}
            continue
        columns = rates[seen][:, [*rungs, *group]]
        draws = None
        if cluster is not None:
            rng = np.random.default_rng(seed)
            draws = np.concatenate(list(weighed_means(columns.T, cluster[seen], resamples, rng)))
        for number, place in enumerate(group, len(rungs)):
            found.append(_density(m, place, x, columns.mean(axis=0), draws, number, int(seen.sum()), level))
    told = _by_others(m, rungs, rates[:, rungs].mean(axis=0), len(rates))
    off = [abs(np.log(one.by_others)) for one in told if one.by_others is not None]
    return Densities(
        ladder=told,
        models=tuple(sorted(found, key=_densest_first)),
        samples=0 if cluster is None else len(rates),
        clusters=0 if cluster is None else len(np.unique(cluster)),
        level=level,
        factor=float(np.exp(np.median(off))) if off else None,
        trend=_trend(found, level),
        left_out=left_out,
    )


def _in_order(m: Measured, rungs: np.ndarray) -> np.ndarray:
    """The rungs from the smallest to the largest."""
    size = np.array([np.nan if m.parameters[place] is None else m.parameters[place] for place in rungs], float)
    for place in rungs:
        if m.active[place] not in (None, m.parameters[place]):
            raise FamilyError(f"{m.models[place]} is a mixture of experts: a ladder is of dense models")
    return np.asarray(rungs[in_order([m.models[place] for place in rungs], size, "a ladder", "--ladder")])


def _alike(there: np.ndarray, models: np.ndarray) -> Iterator[tuple[np.ndarray, list[int]]]:
    """Models (places) that were measured on the same samples, with these (S,)."""
    groups: dict[bytes, list[int]] = {}
    for place in models:
        groups.setdefault(there[:, place].tobytes(), []).append(int(place))
    for group in groups.values():
        yield there[:, group[0]], group


def _density(
    m: Measured,
    place: int,
    x: np.ndarray,
    means: np.ndarray,
    draws: np.ndarray | None,
    number: int,
    samples: int,
    level: float,
) -> Density:
    """The model at a place; its mean is the `number`-th of means (K,) and draws (B, K), behind the ladder's."""

    def at(rows: np.ndarray) -> np.ndarray:
        return reached(rows[:, : len(x)], x, rows[:, number], samples)

    middle = float(at(means[None])[0])
    low, high = (None, None) if draws is None else span(x, at(draws), level)
    return Density(
        model=m.models[place],
        parameters=m.parameters[place],
        active=m.active[place],
        released=m.released[place],
        samples=samples,
        score=float(means[number]),
        place="below" if middle == -np.inf else "above" if middle == np.inf else "within",
        equivalent=float(np.exp(middle)) if np.isfinite(middle) else None,
        equivalent_low=None if low is None or middle == -np.inf else float(np.exp(min(low, middle))),
        equivalent_high=None if high is None or middle == np.inf else float(np.exp(max(high, middle))),
    )


def _by_others(m: Measured, rungs: np.ndarray, means: np.ndarray, samples: int) -> tuple[Rung, ...]:
    size = np.array([m.parameters[place] for place in rungs], float)
    x, found = np.log(size), []
    for place, rung in enumerate(rungs):
        others = np.arange(len(x)) != place
        inner = 0 < place < len(x) - 1
        at = reached(means[None, others], x[others], means[place : place + 1], samples)[0] if inner else np.inf
        ratio = float(np.exp(at - x[place])) if np.isfinite(at) else None
        found.append(
            Rung(model=m.models[rung], parameters=float(size[place]), score=float(means[place]), by_others=ratio)
        )
    return tuple(found)


def _densest_first(one: Density) -> tuple[float, float]:
    density = one.over(one.parameters)[0]
    return -(density or 0.0), -one.score


def _trend(found: Sequence[Density], level: float) -> Doubling | None:
    known = [(one.released, one.over(one.parameters)[0]) for one in found]
    dated = [(when, density) for when, density in known if when is not None and density is not None]
    return doubling([when for when, _ in dated], [density for _, density in dated], level)
