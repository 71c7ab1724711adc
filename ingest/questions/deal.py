"""Chance that is even: of what is dealt under one name, each of the options comes as often as the others."""

from __future__ import annotations

import random
from collections import defaultdict

from ingest.questions.draft import OPTIONS


class Dealer:
    """Deals places of options, a paper's questions of each operation by themselves.

    Drawn one by one, the few questions of one operation on a paper would often have the right option at one place.
    Here each place comes once in each four, in an order by chance, so that the next one cannot be told where the
    ones before it are not known; whoever knows three of four on a paper knows the last.
    """

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._left: dict[str, list[int]] = defaultdict(list)

    def deal(self, name: str) -> int:
        """A place, from 0."""
        left = self._left[name]
        if not left:
            left += self._rng.sample(range(OPTIONS), OPTIONS)
        return left.pop()
