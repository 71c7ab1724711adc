"""The order in which attempts count: one after the other, as if each were made when the one before had ended.

Attempts are made many at a time, ahead of this order and in another one. What counts is what the order reaches,
so that neither a batch's size, nor speed, nor an interruption has a part in a result, also where a budget ends the
run.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

from evalhub.scoring.goals import Goal, Key
from evalhub.scoring.plan import Budget
from evalhub.scoring.trials import Count, Outcome, Trials

_CENTS = 1e-9
"""Dollars by which a sum may miss what it is: cents have no exact place among fractions of two."""


@dataclass
class Spent:
    """What the counted attempts took."""

    attempts: int = 0
    tokens: int = 0
    dollars: float = 0.0

    fresh_attempts: int = 0
    fresh_tokens: int = 0
    """Of these, what this run made."""

    def add(self, outcome: Outcome) -> None:
        """One more."""
        self.attempts += 1
        self.tokens += outcome.tokens
        self.dollars += outcome.dollars
        self.fresh_attempts += outcome.fresh
        self.fresh_tokens += outcome.tokens * outcome.fresh


class Order:
    """Counts attempts for as long as the next one is known and the budget lasts.

    Attributes:
        counts: by place, what counts of each sample.
        spent: by all of them.
        ended: budgets that were spent before every sample was settled.
        waiting: (key, place) of the samples that are not settled, as a heap; the first one's attempt counts next.
        stuck: places of samples that were set aside, since their next attempt does not exist.
    """

    def __init__(self, goal: Goal, trials: Sequence[Trials], budget: Budget) -> None:
        self._goal = goal
        self._trials = trials
        self._budget = budget
        self.counts = [Count() for _ in trials]
        self.spent = Spent()
        self.ended: tuple[str, ...] = ()
        self.stuck: list[int] = []
        self.waiting: list[tuple[Key, int]] = [
            (goal.key(place, 0, 0), place)
            for place, count in enumerate(self.counts)
            if not goal.settled(place, count)
        ]
        heapq.heapify(self.waiting)

    @property
    def done(self) -> bool:
        """Whether nothing more can count."""
        return not self.waiting or bool(self.ended)

    def advance(self, *, skip: bool = False) -> None:
        """Count what is known.

        skip: set samples aside whose next attempt is not known, instead of waiting for it.
        """
        while not self.done:
            place = self.waiting[0][1]
            count = self.counts[place]
            outcome = self._trials[place].known.get(count.made)
            if outcome is None or count.made >= self._goal.cap(place):
                if not skip:
                    return
                self.stuck.append(heapq.heappop(self.waiting)[1])
                continue
            count.add(outcome.passed)
            self.spent.add(outcome)
            if self._goal.settled(place, count):
                heapq.heappop(self.waiting)
            else:
                heapq.heapreplace(self.waiting, (self._goal.key(place, count.passes, count.made), place))
            self.ended = self._over() if self.waiting or self.stuck else ()

    def _over(self) -> tuple[str, ...]:
        spent = {
            "attempts": self.spent.attempts,
            "tokens": self.spent.tokens,
            "dollars": self.spent.dollars + _CENTS,
        }
        most = {name: getattr(self._budget, name) for name in spent}
        return tuple(name for name, taken in spent.items() if most[name] is not None and taken >= most[name])
