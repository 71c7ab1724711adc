"""What attempts are for: when a sample has had enough, and which sample's attempt counts next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from aggregate.anytime import Narrow
from aggregate.two_stage import LEAST, SecondStage, pilot_size, second_stage
from evalhub.scoring.plan import MEAN, Plan
from evalhub.scoring.trials import Count, Trials

Key = tuple[float, float]

_USUAL = 16
"""Attempts of a sample, on average, for which a pilot is made where a width decides how many there will be."""


class Goal(Protocol):
    """Decides by a sample's counted attempts alone. Samples go by their place, from 0."""

    def cap(self, place: int) -> int:
        """Attempts of a sample that may be looked at, as far as is known now."""
        ...

    def settled(self, place: int, count: Count) -> bool:
        """Whether a sample has had enough."""
        ...

    def key(self, place: int, passes: int, made: int) -> Key:
        """Which sample's next attempt counts first: the one with the smallest key, ties to the first place."""
        ...

    def sure(self, place: int, trials: Trials) -> bool:
        """Whether a sample's next attempt is looked at whatever becomes of those that are out."""
        ...

    def expected(self, place: int, trials: Trials) -> int:
        """Attempts that a sample will probably still take, by its outcomes so far; 1 or more."""
        ...

    def likely(self, place: int, trials: Trials) -> int:
        """Attempts beyond those that are known which will more likely than not be looked at."""
        ...

    def observe(self, place: int, count: Count) -> bool:
        """Hear of a sample's attempts in order. Returns whether other samples' caps are others now."""
        ...


def goal_of(plan: Plan, caps: Sequence[int]) -> Goal:
    """What a plan's target asks for.

    caps: by place, attempts of each sample that can tell something: 1 where all would be the same.
    """
    return Shares(plan, caps) if plan.target == MEAN else Stop(plan, caps)


class Stop:
    """Each sample until it has passed often enough, had its attempts, or is known narrowly."""

    def __init__(self, plan: Plan, caps: Sequence[int]) -> None:
        self._passes = plan.passes or float("inf")
        self._caps = [min(plan.max_attempts, cap) for cap in caps]
        self._narrow = Narrow(plan.width) if plan.width else None
        self._hardest_first = plan.k is not None

    def cap(self, place: int) -> int:
        return self._caps[place]

    def settled(self, place: int, count: Count) -> bool:
        if count.passes >= self._passes or count.made >= self._caps[place]:
            return True
        return self._narrow is not None and self._narrow(count.passes, count.counted)

    def key(self, place: int, passes: int, made: int) -> Key:
        del place
        return (passes, made) if self._hardest_first else (made, 0)

    def sure(self, place: int, trials: Trials) -> bool:
        if trials.issued >= self._caps[place] or trials.most_passes >= self._passes:
            return False
        if self._narrow is None:
            return True
        # The interval is narrowest where all that are out fail, or all pass.
        counted = trials.front.counted + trials.issued - trials.front.made
        return not (self._narrow(trials.below, counted) or self._narrow(trials.most_passes, counted))

    def expected(self, place: int, trials: Trials) -> int:
        left = self._caps[place] - len(trials.known)
        if self._narrow is not None:
            left = min(left, self._until_narrow(trials))
        if self._passes == float("inf"):
            return max(1, left)
        return max(1, min(left, round(self._until_passed(trials))))

    def likely(self, place: int, trials: Trials) -> int:
        # Half of what the rate so far leads to expect. The cap is not halved: where passes are rare it is reached.
        left = self._caps[place] - len(trials.known)
        if self._narrow is not None:
            left = min(left, self._until_narrow(trials) // 2)
        return left if self._passes == float("inf") else min(left, round(self._until_passed(trials) / 2))

    def observe(self, place: int, count: Count) -> bool:
        del place, count
        return False

    def _until_passed(self, trials: Trials) -> float:
        """Attempts until there are enough passes."""
        return (self._passes - trials.passes) * per_pass(trials)

    def _until_narrow(self, trials: Trials) -> int:
        """Attempts until the interval is narrow, should the rate stay as it is, to an eighth."""
        assert self._narrow is not None
        made = max(len(trials.known), 1)
        there = made
        while not self._narrow(round(trials.passes / made * there), there):
            there += max(1, there // 8)
        return there - len(trials.known)


def per_pass(trials: Trials) -> float:
    """Attempts that a sample takes for a pass, at Laplace's rate, so that no pass so far is not for ever."""
    return (len(trials.known) + 2) / (trials.passes + 1)


class Shares:
    """The mean of all samples: a pilot of each, then what is left where outcomes vary most.

    Attributes:
        pilot: attempts of each sample in the pilot.
        stage: what followed it; None before all pilots have ended, and where there is one stage.
    """

    def __init__(self, plan: Plan, caps: Sequence[int]) -> None:
        most = np.array(caps)
        self._free = np.flatnonzero(most > 1)
        """Places of samples whose attempts differ; the others get one."""
        self._total = plan.budget.attempts or plan.max_attempts * most.size
        rest = self._total - int((most == 1).sum())
        average = rest / max(self._free.size, 1)
        # With a width the total is the most that there may be, which says nothing of a good pilot.
        self.pilot = pilot_size(min(average, _USUAL) if plan.width else average)
        self.stage: SecondStage | None = None
        self._rest = rest
        self._width = plan.width
        self._waiting = self._free.size if self.pilot else 0
        self._caps = np.minimum(most, self.pilot + LEAST)
        if not self.pilot:
            share, more = divmod(max(self._total, 0), most.size)
            self._caps = np.minimum(most, share + (np.arange(most.size) < more))
        self._passes = np.zeros(most.size, np.int64)
        self._counted = np.zeros(most.size, np.int64)
        self.weight = np.ones(most.size)
        """By place, of the pilot in a sample's rate."""

    def cap(self, place: int) -> int:
        return int(self._caps[place])

    def settled(self, place: int, count: Count) -> bool:
        return count.made >= self._caps[place] and not (self._waiting and self._caps[place] > 1)

    def key(self, place: int, passes: int, made: int) -> Key:
        del passes
        first = self.pilot + LEAST
        # The second stage goes on evenly, so that one that is cut short has not left samples behind.
        return (made - first, 0) if made < first else ((made - self.pilot) / (self._caps[place] - self.pilot), 0)

    def sure(self, place: int, trials: Trials) -> bool:
        return trials.issued < int(self._caps[place])

    def expected(self, place: int, trials: Trials) -> int:
        if self._waiting and self._caps[place] > 1:
            return max(1, round(self._rest / self._free.size) - len(trials.known))
        return max(1, int(self._caps[place]) - len(trials.known))

    def likely(self, place: int, trials: Trials) -> int:
        return self.expected(place, trials) // 2

    def observe(self, place: int, count: Count) -> bool:
        if not self._waiting or count.made != self.pilot or self._caps[place] == 1:
            return False
        self._passes[place], self._counted[place] = count.passes, count.counted
        self._waiting -= 1
        if self._waiting:
            return False
        free = self._free
        self.stage = second_stage(
            self._passes[free], self._counted[free], pilot=self.pilot, total=self._rest, width=self._width
        )
        self._caps[free] = self.pilot + self.stage.attempts
        self.weight[free] = self.stage.weight
        return True
