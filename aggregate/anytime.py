"""An interval of a pass rate that may be looked at after every attempt, and a stop rule that does so.

Clopper-Pearson and Wilson intervals hold for a number of attempts that was fixed beforehand; whoever looks again
and again and stops when they are narrow is wrong far more often than they say. Robbins' mixture (1970, Ann. Math.
Statist. 41:1397) holds at all attempts at once, so also at the one at which somebody stops for whatever reason.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from aggregate.intervals import check_level

_PRIOR = 0.5
"""Both parameters of the mixture's beta distribution: a half is narrower for rates near 0 and 1 than one is."""

_HALVINGS = 70
_BLOCK = 256


def anytime_interval(
    passes: ArrayLike, attempts: ArrayLike, *, level: float = 0.95
) -> tuple[np.ndarray, np.ndarray]:
    """Ends (low, high) of the intervals after x passes in n attempts, of any common shape.

    All p with ln[B(1/2+x, 1/2+n-x)/B(1/2, 1/2)] - x ln p - (n-x) ln(1-p) < ln(1/a), a = 1 - level. With chance
    1 - a or more, the true rate lies in the intervals after every attempt, from the first to the last.

    Raises ValueError for negative counts or more passes than attempts.
    """
    check_level(level)
    x, n = np.broadcast_arrays(np.asarray(passes, np.float64), np.asarray(attempts, np.float64))
    if (x < 0).any() or (x > n).any():
        raise ValueError("passes must lie between 0 and attempts")
    return _low(x, n, level), 1 - _low(n - x, n, level)


class Narrow:
    """Whether the interval after x passes in n attempts is at most so wide; remembers where it begins to be.

    width: above 0, below 1.
    """

    def __init__(self, width: float, level: float = 0.95) -> None:
        check_level(level)
        if not 0 < width < 1:
            raise ValueError(f"a width of {width} is not between 0 and 1; 0.1 is usual")
        self.width = width
        self.level = level
        self._most = np.empty(0, np.int64)
        """By attempts, from 1: what `most` gives."""

    def __call__(self, passes: int, attempts: int) -> bool:
        """For x passes in n attempts."""
        return attempts > 0 and min(passes, attempts - passes) <= self.most(attempts)

    def most(self, attempts: int) -> int:
        """The most passes, or fails, up to half of the attempts, after which the interval is narrow; -1: none."""
        while attempts > self._most.size:
            self._grow()
        return int(self._most[attempts - 1])

    def _grow(self) -> None:
        n = np.arange(self._most.size + 1, self._most.size + _BLOCK + 1)
        # Width grows with passes up to half of the attempts, so bisection finds the edge.
        low, high = np.full(n.size, -1), n // 2
        while (low < high).any():
            middle = (low + high + 1) // 2
            ends = anytime_interval(np.maximum(middle, 0), n, level=self.level)
            narrow = ends[1] - ends[0] <= self.width
            low, high = np.where(narrow, middle, low), np.where(narrow, high, middle - 1)
        self._most = np.r_[self._most, low]


def _low(x: np.ndarray, n: np.ndarray, level: float) -> np.ndarray:
    """Lower ends, by bisection of the log of p between those that the mixture leaves no room for and x/n."""
    room = special.betaln(_PRIOR + x, _PRIOR + n - x) - special.betaln(_PRIOR, _PRIOR) + math.log1p(-level)
    with np.errstate(divide="ignore", invalid="ignore"):
        high = np.log(x / n)
        # x ln p alone exceeds the room below this.
        low = np.minimum(room / x, high) - 1
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            outside = room - x * middle - special.xlog1py(n - x, -np.exp(middle)) >= 0
            low, high = np.where(outside, middle, low), np.where(outside, high, middle)
    found: np.ndarray = np.where(x > 0, np.exp(low), 0.0)
    return found
