"""Is a part of the samples typical of the whole: does it order models as other parts of its size would?"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy import sparse

from aggregate.measurements import Measurements

FEWEST = 3
"""Models below which there is no order to speak of."""

DRAWS = 200

_DIGITS = 9
"""Of scores: what differs by less is a tie, in whatever order it was summed."""


@dataclass(frozen=True, kw_only=True)
class Typical:
    """How a part's order of models stands among those of random parts.

    Assumes that samples are drawn singly: a part that is made of a few clusters varies more than a random one.
    """

    models: int
    """Models that the part measured and the whole did."""

    tau: float | None
    """Kendall's tau-b of their scores on the part and on the whole; None for fewer than three, or where one ties
    all."""

    median: float | None
    """Of the same for random parts, as many samples of each source ..."""

    low: float | None
    """... their 2.5 % quantile ..."""

    high: float | None
    """... and their 97.5 % quantile."""

    share: float | None
    """Of the random parts whose tau is as low or lower: near 0 for a part that was picked for its ranking."""

    draws: int

    def to_json(self) -> dict[str, Any]:
        """The fields."""
        return asdict(self)


def typical(m: Measurements, part: np.ndarray, *, draws: int = DRAWS, seed: int = 0) -> Typical:
    """Compare a part ((S,) bool) with the whole that it is a part of, and with random parts of the whole.

    A model's score is the mean over samples of its value less the mean of all models measured on the sample, in
    standard deviations where there are several metrics: where all models were measured on all samples, that is
    the order of their means. Random parts have as many samples of each source and metric. Where the part is all
    that there is of its sources, no other can be drawn.
    """
    shared = m.observers > 1
    m, part = m.of_samples(shared), part[shared]
    scores = _Scores(m)
    whole = scores.on(np.arange(len(m.samples)))
    here = scores.on(np.flatnonzero(part))
    found = tau(here, whole)
    strata = [(np.flatnonzero(stratum), int(part[stratum].sum())) for stratum in _strata(m) if part[stratum].any()]
    if found is None or all(count == len(members) for members, count in strata):
        return Typical(
            models=int(np.isfinite(here).sum()),
            tau=found,
            median=None,
            low=None,
            high=None,
            share=None,
            draws=0,
        )
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(draws):
        picked = [rng.choice(members, count, replace=False, shuffle=False) for members, count in strata]
        drawn.append(tau(scores.on(np.concatenate(picked)), whole))
    taus = np.array([one for one in drawn if one is not None])
    low, median, high = np.quantile(taus, [0.025, 0.5, 0.975]).tolist() if taus.size else (None, None, None)
    return Typical(
        models=int(np.isfinite(here).sum()),
        tau=found,
        median=median,
        low=low,
        high=high,
        share=float((taus <= found + 10.0**-_DIGITS).mean()) if taus.size else None,
        draws=taus.size,
    )


def tau(first: np.ndarray, second: np.ndarray) -> float | None:
    """Kendall's tau-b of two scores of the same models (nan for none): None for fewer than three, or where one
    ties all."""
    from scipy.stats import kendalltau  # takes a second to import

    both = np.isfinite(first) & np.isfinite(second)
    if both.sum() < FEWEST:
        return None
    found = float(kendalltau(first[both], second[both]).statistic)
    return None if np.isnan(found) else found


class _Scores:
    """Scores of models on any samples, fast."""

    def __init__(self, m: Measurements) -> None:
        value = m.upward.astype(np.float64)
        deviation = value - (np.bincount(m.sample, value, len(m.samples)) / np.maximum(m.observers, 1))[m.sample]
        if len(m.metrics) > 1:
            metric = m.metric_of[m.sample]
            counts = np.maximum(np.bincount(metric, minlength=len(m.metrics)), 1)
            spread = np.sqrt(np.bincount(metric, deviation**2, len(m.metrics)) / counts)
            deviation = deviation / np.where(spread > 0, spread, 1)[metric]
        cells, shape = (m.sample, m.model), (len(m.samples), len(m.models))
        self._sums = sparse.csr_matrix((deviation, cells), shape)
        self._counts = sparse.csr_matrix((np.ones(len(deviation)), cells), shape)

    def on(self, samples: np.ndarray) -> np.ndarray:
        """(M,) of samples given by index; nan for a model that was measured on none of them."""
        counts = np.asarray(self._counts[samples].sum(axis=0)).ravel()
        sums = np.asarray(self._sums[samples].sum(axis=0)).ravel()
        return np.round(np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0), _DIGITS)


def _strata(m: Measurements) -> list[np.ndarray]:
    """(S,) bool each: the samples of a source under a metric."""
    source = m.source_of if m.sources else np.zeros(len(m.samples), np.int32)
    code = source.astype(np.int64) * max(1, len(m.metrics)) + m.metric_of
    return [code == one for one in np.unique(code)]
