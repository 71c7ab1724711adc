# ruff: noqa: ARG002 - one signature for all kinds
"""How a value answers to ability minus difficulty: the response functions of the latent-trait methods.

Each turns the rows of one metric into entries (model, level, how often) and says, for a matrix u of ability
minus difficulty, the log-chance of each level and its derivatives. u: (M, Q) over models and latent nodes.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from scipy import special

from aggregate.columns import refuse

_MOST_GRADES = 50


Entries = tuple[np.ndarray | None, np.ndarray, np.ndarray]


class Response(Protocol):
    """One kind of value. `own` are its parameters beyond ability and difficulty."""

    levels: int
    """L, response functions that entries may add."""

    origin: float
    """A value is this ..."""

    deviation: float
    """... and so many times what `expected` says."""

    def entries(self, value: np.ndarray, attempts: np.ndarray | None) -> Entries:
        """Of R rows: (row (E,) never falling, or None for one entry a row; level (E,) int8; weight (E,))."""
        ...

    def start(self) -> np.ndarray:
        """Where a fit begins its own parameters."""
        ...

    def tables(self, u: np.ndarray, own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Log-chances (M, L, Q) and their derivatives by u (M, L, Q)."""
        ...

    def expected(self, u: np.ndarray, own: np.ndarray) -> np.ndarray:
        """(M, Q) expected value, from `origin` and in units of `deviation`."""
        ...

    def own_gradient(self, u: np.ndarray, own: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """Derivative of the sum of counts * log-chances by `own`; counts: (M, L, Q)."""
        ...


class Passes:
    """A pass with chance 1/(1+exp(-u)): 0/1, a rate, or passes out of attempts."""

    levels, origin, deviation = 2, 0.0, 1.0

    def entries(self, value: np.ndarray, attempts: np.ndarray | None) -> Entries:
        """Rates of counted attempts make binomial entries; a value without any counts as one attempt. All rows
        weigh the same, as the (harmonic) average of the attempts: a score over all samples is then their plain
        mean, whatever rule decided when the attempts of a sample end."""
        tries = 1.0 if attempts is None else float(1 / np.mean(1 / np.maximum(attempts, 1)))
        if tries == 1 and ((value == 0) | (value == 1)).all():
            return None, value.astype(np.int8), np.broadcast_to(1.0, value.size)
        passed = tries * value.astype(np.float64)
        return _spread(np.stack([tries - passed, passed], axis=1))

    def start(self) -> np.ndarray:
        return np.empty(0)

    def tables(self, u: np.ndarray, own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        chance = special.expit(u)
        return (
            np.stack([-np.logaddexp(0, u), -np.logaddexp(0, -u)], axis=1),
            np.stack([-chance, 1 - chance], axis=1),
        )

    def expected(self, u: np.ndarray, own: np.ndarray) -> np.ndarray:
        chance: np.ndarray = special.expit(u)
        return chance

    def own_gradient(self, u: np.ndarray, own: np.ndarray, counts: np.ndarray) -> np.ndarray:
        return np.empty(0)


class Grades:
    """Graded response (Samejima 1969): a grade above k with chance 1/(1+exp(k-th threshold - u)).

    own: log-distances between neighbouring thresholds; the middle one of the thresholds is 0.
    """

    origin, deviation = 0.0, 1.0

    def __init__(self, value: np.ndarray) -> None:
        self.grades, grade = np.unique(value, return_inverse=True)
        self.levels = self.grades.size
        if self.levels > _MOST_GRADES:
            refuse(f"{self.levels} grades are too many for ordinal values: say kind='numeric'")
        above = np.cumsum(np.bincount(grade)[::-1])[::-1][1:] / max(grade.size, 1)
        self._cuts = -special.logit(np.clip(above, 1e-3, 1 - 1e-3))

    def entries(self, value: np.ndarray, attempts: np.ndarray | None) -> Entries:
        return None, np.searchsorted(self.grades, value).astype(np.int8), np.broadcast_to(1.0, value.size)

    def start(self) -> np.ndarray:
        return np.log(np.maximum(np.diff(self._cuts), 1e-2))

    def _thresholds(self, own: np.ndarray) -> np.ndarray:
        cuts = np.concatenate([[0.0], np.cumsum(np.exp(own))])
        return cuts - cuts[(self.levels - 1) // 2]

    def _above(self, u: np.ndarray, own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Chance of more than each threshold with 1 and 0 at the ends (M, L+1, Q), and its derivative by u."""
        inner = special.expit(u[:, None, :] - self._thresholds(own)[None, :, None])
        ends = np.ones_like(u)[:, None, :]
        above = np.concatenate([ends, inner, 0 * ends], axis=1)
        return above, above * (1 - above)

    def tables(self, u: np.ndarray, own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        above, slope = self._above(u, own)
        chance = np.maximum(above[:, :-1] - above[:, 1:], 1e-300)
        return np.log(chance), (slope[:, :-1] - slope[:, 1:]) / chance

    def expected(self, u: np.ndarray, own: np.ndarray) -> np.ndarray:
        above, _ = self._above(u, own)
        return self.grades[0] + np.einsum("l,mlq->mq", np.diff(self.grades), above[:, 1:-1])

    def own_gradient(self, u: np.ndarray, own: np.ndarray, counts: np.ndarray) -> np.ndarray:
        above, slope = self._above(u, own)
        per_chance = counts / np.maximum(above[:, :-1] - above[:, 1:], 1e-300)
        # Threshold k is the lower end of grade k+1 and the upper end of grade k.
        by_cut = ((per_chance[:, :-1] - per_chance[:, 1:]) * slope[:, 1:-1]).sum(axis=(0, 2))
        middle = (self.levels - 1) // 2
        later = np.cumsum(by_cut[::-1])[::-1]
        gaps = np.exp(own)
        return gaps * (later[1:] - by_cut.sum() * (np.arange(1, self.levels - 1) <= middle))


class Normal:
    """A number, less the mean and in standard deviations of all, with mean u and a common spread; own: its log.

    As an exponential family, so that three entries make a row: one each, the value times, its square times.
    """

    levels = 3

    def __init__(self, value: np.ndarray) -> None:
        self.origin = float(value.mean(dtype=np.float64))
        # Values that differ in their last digits only are equal.
        self.deviation = max(float(value.std(dtype=np.float64)), 1e-12 * max(abs(self.origin), 1.0))

    def entries(self, value: np.ndarray, attempts: np.ndarray | None) -> Entries:
        value = (value.astype(np.float64) - self.origin) / self.deviation
        return _spread(np.stack([np.ones(value.size), value, value**2], axis=1))

    def start(self) -> np.ndarray:
        return np.log([0.7])

    def tables(self, u: np.ndarray, own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        precision = np.full_like(u, np.exp(-2 * own[0]))
        return (
            np.stack([-precision / 2 * u**2 - own[0], precision * u, -precision / 2], axis=1),
            np.stack([-precision * u, precision, 0 * u], axis=1),
        )

    def expected(self, u: np.ndarray, own: np.ndarray) -> np.ndarray:
        return u

    def own_gradient(self, u: np.ndarray, own: np.ndarray, counts: np.ndarray) -> np.ndarray:
        squares = (counts[:, 0] * u**2 - 2 * counts[:, 1] * u + counts[:, 2]).sum()
        return np.array([np.exp(-2 * own[0]) * squares - counts[:, 0].sum()])


def _spread(often: np.ndarray) -> Entries:
    """Entries of the levels that occur in each row; often: (R, L)."""
    row, level = np.nonzero(often)
    return row, level.astype(np.int8), often[row, level]
