"""pass@k and pass^k beyond what was sampled.

Two answers stand side by side. The estimate takes the rates of samples for a Beta distribution, beside samples
that can never pass (zero-inflated beta-binomial), fitted by likelihood to the counts. The bounds take nothing for
granted: whatever way rates may be spread over samples, the counts not being improbable under it. Few attempts do
not tell a sample that never passes from one that passes once in a thousand: bounds part as k leaves the attempts
behind.

A stop at a pass changes nothing here: it does not change the likelihood.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import optimize, special, stats

from aggregate.intervals import check_level

_SMALL = np.geomspace(1e-7, 0.5, 80)
_GRID = np.r_[0.0, _SMALL, 1 - _SMALL[-2::-1], 1.0]
"""Rates of which the bounds may put a spread together: as fine near 1, for how often all pass, as near 0."""

_WIDE = 0.2
"""Bounds farther apart than this say little, and are said to."""

_ROUNDS = 400
_HALVINGS = 24


@dataclass(frozen=True, kw_only=True)
class Beyond:
    """pass@k, or pass^k, of samples like these."""

    k: int

    rate: float
    """By the zero-inflated beta-binomial."""

    low: float
    high: float
    """Between these for any spread of rates that the counts do not contradict."""

    @property
    def supported(self) -> bool:
        """Whether the attempts tell it within a fifth."""
        return self.high - self.low <= _WIDE


@dataclass(frozen=True)
class Spread:
    """How rates lie over samples: `never` cannot pass at all, the others are Beta(a, b)."""

    a: float
    b: float
    never: float

    def pass_at(self, k: int) -> float:
        """Chance that a sample passes within k attempts."""
        failed = np.exp(special.betaln(self.a, self.b + k) - special.betaln(self.a, self.b))
        return float((1 - self.never) * (1 - failed))


def fit_spread(passes: np.ndarray, attempts: np.ndarray) -> Spread:
    """The zero-inflated beta-binomial of counts (S,), by maximum likelihood."""
    pairs, times = np.unique(np.stack([passes, attempts]), axis=1, return_counts=True)
    x, n = pairs

    def down(theta: np.ndarray) -> float:
        a, b, z = np.exp(theta[0]), np.exp(theta[1]), special.expit(theta[2])
        can = special.betaln(a + x, b + n - x) - special.betaln(a, b) + np.log1p(-z)
        return -float((times * np.where(x == 0, np.logaddexp(np.log(z), can), can)).sum())

    bounds = [(-6.0, 5.0), (-4.0, 12.0), (-12.0, 6.0)]
    starts = ([-1.0, 1.0, -4.0], [0.0, 2.0, 0.0], [-2.0, 0.0, -8.0])
    found = min(
        (optimize.minimize(down, np.array(start), method="L-BFGS-B", bounds=bounds) for start in starts),
        key=lambda one: one.fun,
    )
    a, b, z = found.x
    return Spread(float(np.exp(a)), float(np.exp(b)), float(special.expit(z)))


def pass_beyond(
    passes: np.ndarray, attempts: np.ndarray, ks: Sequence[int], *, level: float = 0.9
) -> list[Beyond]:
    """pass@k for each k, of any size.

    passes, attempts: (S,) counts.

    Raises:
        ValueError: impossible counts, no attempt at all, k below 1, or an impossible level.
    """
    check_level(level)
    x, n = np.asarray(passes, float), np.asarray(attempts, float)
    if not (np.isfinite(x) & np.isfinite(n)).all() or (x < 0).any() or (x > n).any():
        raise ValueError("passes lie between 0 and attempts")
    if not n.any():
        raise ValueError("there is no attempt")
    if any(k < 1 for k in ks):
        raise ValueError("k is 1 or more")
    spread, bounds = fit_spread(x, n), _Bounds(x, n, level)
    found = []
    for k in ks:
        low, high = bounds.of(-np.expm1(k * np.log1p(-np.minimum(_GRID, 1 - 1e-16))))
        rate = min(max(spread.pass_at(k), low), high)
        found.append(Beyond(k=int(k), rate=rate, low=low, high=high))
    return found


def all_beyond(passes: np.ndarray, attempts: np.ndarray, ks: Sequence[int], *, level: float = 0.9) -> list[Beyond]:
    """pass^k, the chance that all k attempts pass: one less that of any fail. The estimate then has samples that
    can never fail; arguments and errors as of `pass_beyond`."""
    fails = np.asarray(attempts, float) - np.asarray(passes, float)
    return [
        replace(one, rate=1 - one.rate, low=1 - one.high, high=1 - one.low)
        for one in pass_beyond(fails, attempts, ks, level=level)
    ]


class _Bounds:
    """The spreads of rates, over a grid, under which counts are not improbable: those whose likelihood ratio to
    the best one stays under a chi-squared of one degree (profile likelihood; Owen 1988)."""

    def __init__(self, x: np.ndarray, n: np.ndarray, level: float) -> None:
        pairs, self._times = np.unique(np.stack([x, n]), axis=1, return_counts=True)
        passed, tried = pairs[:, :, None]
        log = special.xlogy(passed, _GRID) + special.xlog1py(tried - passed, -_GRID)
        self._chance = np.exp(log - log.max(axis=1, keepdims=True))
        self._best = self._climb(np.zeros(len(_GRID)), np.full(len(_GRID), 1 / len(_GRID)), 10 * _ROUNDS)
        self._least = self._likelihood(self._best) - stats.chi2.ppf(level, 1) / 2

    def of(self, value: np.ndarray) -> tuple[float, float]:
        """The least and the greatest mean of a value (J,) of rates, over those spreads."""
        low, high = (self._end(side * value) for side in (-1, 1))
        return float(np.clip(low @ value, 0, 1)), float(np.clip(high @ value, 0, 1))

    def _end(self, value: np.ndarray) -> np.ndarray:
        """The spread of the greatest mean: the pull towards it is made as strong as the likelihood lets it. Rates
        that no count speaks for are reached by a pull above the number of samples only."""
        weak, strong, kept = 0.0, float(self._times.sum()), self._best
        spread, bracketed = self._best, False
        for _ in range(_HALVINGS):
            pull = (weak + strong) / 2 if bracketed else strong
            spread = self._climb(pull * value, 0.98 * spread + 0.02 / len(value), _ROUNDS)
            if self._likelihood(spread) >= self._least:
                weak, kept = pull, spread
                strong = strong if bracketed else 2 * strong
            else:
                strong, bracketed = pull, True
        return kept

    def _climb(self, pull: np.ndarray, spread: np.ndarray, rounds: int) -> np.ndarray:
        """The spread of the greatest likelihood plus pull, by steps that keep it a spread (as EM does without a
        pull)."""
        lift = max(0.0, -float(pull.min()))
        for _ in range(rounds):
            rise = (self._times / (self._chance @ spread)) @ self._chance + pull + lift
            spread = spread * rise
            spread /= spread.sum()
        return spread

    def _likelihood(self, spread: np.ndarray) -> float:
        return float(self._times @ np.log(self._chance @ spread))
