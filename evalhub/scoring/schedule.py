"""Which attempt next: PassUntil and its kin, for as many attempts at a time as a backend takes.

Hu et al. 2023, "Predicting Emergent Abilities with Infinite Resolution Evaluation" (arXiv 2310.03262): each sample
is tried until it has passed often enough. What counts is for `evalhub.scoring.order` to say; here attempts are
made ahead of it, first those that will count whatever becomes of the ones that are out, then those that probably
will.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from evalhub.scoring.goals import Key, Shares, goal_of, per_pass
from evalhub.scoring.order import Order
from evalhub.scoring.plan import Budget, Plan
from evalhub.scoring.trials import Count, Outcome, Trials

_BLIND = 8
"""Attempts that are out at a time while nobody knows what one takes of a budget."""

_TRUSTED = 0.8
"""Share of what a budget of tokens or dollars seems to allow that is relied on."""

_AHEAD = 0.07
"""Share of what a budget allows that may be ahead where samples wait for one another: no more is lost by it."""

_HOPE = 0.25
"""Share of what a budget leaves that is relied on for whose turn will come."""

_MOST = 2**31
"""More attempts or passes than there can be."""


@dataclass(frozen=True)
class Waste:
    """Attempts of this run that were made ahead and do not count."""

    attempts: int
    tokens: int
    share: float
    """Of the attempts that this run made."""


class Schedule:
    """Issues attempts until every sample is settled or a budget is spent.

    Args:
        samples: their ids. Ids are hashes of content, so their own order is one by chance: that is the order in
            which samples are taken, so that a budget that ends early has not taken one source after the other.
        plan: what for, and how much of it.
        once: of these, samples whose attempts would all be the same: one is made.
        lengths: tokens that an attempt of a sample may take. Without a budget the longest are begun first, so
            that none is left to go on alone at the end.
    """

    def __init__(
        self,
        samples: Iterable[str],
        plan: Plan,
        once: Iterable[str] = (),
        lengths: Mapping[str, int] | None = None,
    ) -> None:
        first = lengths if lengths and plan.evenly and plan.budget == Budget() else {}
        self._ids = sorted(set(samples), key=lambda sample: (-first.get(sample, 0), sample))
        self._place = {sample: place for place, sample in enumerate(self._ids)}
        self.once = frozenset(once)
        self.plan = plan
        self.goal = goal_of(plan, [1 if sample in self.once else _MOST for sample in self._ids])
        self._trials = [Trials() for _ in self._ids]
        # A mean's attempts are shared out beforehand.
        self._budget = replace(plan.budget, attempts=None) if isinstance(self.goal, Shares) else plan.budget
        self.order = Order(self.goal, self._trials, self._budget)
        self._bound = replace(self._budget, seconds=None) != Budget()
        self._together = self._budget.seconds is None and (plan.evenly or not self._bound)
        """Whether a sample's attempts may be issued together: they share their prompt then. Otherwise the order in
        which they count decides."""
        self._by_turns = self._bound and plan.k is not None
        """Whether a sample that passes waits for the others, and may wait until the budget ends."""
        self._reach = 0
        """Passes of the samples whose turn will probably come before that."""
        self._free = 0.0
        """Attempts that may be ahead of the order before it is asked whose turn will come."""
        self._looked = -1
        self.flying = 0
        self.made = self._made_tokens = 0
        self._in_vain = self._known = 0
        self._late = False
        self._settled_attempts = 0
        self._sure: list[tuple[Key, int]] = []
        self._likely: list[tuple[Key, int]] = []
        self._open = list(range(len(self._ids)))
        """Places of samples that are not settled, in order."""
        for place in range(len(self._ids)):
            self._move(place)

    def record(self, sample: str, attempt: int, outcome: Outcome) -> None:
        """Note how an attempt ended; one that is known already is left as it is."""
        place = self._place[sample]
        trials = self._trials[place]
        if attempt in trials.known:
            return
        self.flying -= trials.end(attempt, outcome)
        self._known += 1
        self.made += outcome.fresh
        self._made_tokens += outcome.tokens * outcome.fresh
        if trials.settled:
            self._in_vain += outcome.fresh
        elif self._move(place):
            for other in list(self._open):
                self._move(other)
        self.order.advance()

    def next(self, room: int, seconds: float = 0.0) -> list[tuple[str, int]]:
        """Up to `room` attempts to make now, as (sample id, attempt).

        seconds: since the run began, for a budget of time.
        """
        self._late |= self._budget.seconds is not None and seconds >= self._budget.seconds
        if room <= 0 or self.done:
            return []
        issued: list[tuple[str, int]] = []
        most = self._most() if self._bound else None
        if most is not None:
            self._issue_due(issued)
            if self._by_turns:
                self._look_ahead(most)
        self._issue_from(self._sure, room, most, issued, sure=True)
        # What may be in vain costs no more than time elsewhere.
        if self._budget.dollars is None:
            self._issue_from(self._likely, room, most, issued, sure=False)
        return issued

    def conclude(self) -> None:
        """Count what is there without waiting for what is not: the run was stopped, or cannot go on."""
        self.order.advance(skip=True)

    @property
    def done(self) -> bool:
        """Whether nothing is to be made any more; attempts may still be out."""
        return self._late or self.order.done

    @property
    def ended(self) -> tuple[str, ...]:
        """Budgets that were spent before every sample was settled."""
        late = self._late and not self.order.ended and (self.order.waiting or self.order.stuck)
        return (*self.order.ended, *(("seconds",) if late else ()))

    @property
    def settled(self) -> int:
        """Number of settled samples."""
        return len(self._ids) - len(self._open)

    def count(self, sample: str) -> Count:
        """What counts of a sample's attempts."""
        return self.order.counts[self._place[sample]]

    def outcomes(self, sample: str) -> list[bool | None]:
        """How a sample's attempts that count ended, in order."""
        known = self._trials[self._place[sample]].known
        return [known[attempt].passed for attempt in range(self.count(sample).made)]

    def enough(self, sample: str) -> bool:
        """Whether a sample is settled by what counts of it."""
        place = self._place[sample]
        return self.goal.settled(place, self.order.counts[place])

    def lacking(self) -> set[str]:
        """Samples that would need attempts which are not there, after `conclude`."""
        return {self._ids[place] for place in self.order.stuck}

    def weight(self, sample: str) -> float:
        """Of the pilot in a sample's rate, where there is one."""
        return float(self.goal.weight[self._place[sample]]) if isinstance(self.goal, Shares) else 1.0

    def reached(self) -> set[str]:
        """Samples of which a pass ended what counts: the last one needed, or, where a budget ended a run that
        gives the next attempt to the sample with fewest passes, the one after which it waited for the others."""
        needed = self.plan.passes or _MOST
        found = {sample for sample in self._ids if self.count(sample).passes >= needed}
        left = [*(place for _, place in self.order.waiting), *self.order.stuck]
        if self.plan.k is None or not left:
            return found
        keys = [(self.goal.key(place, count.passes, count.made), place) for place, count in self._counts(left)]
        (fewest, level), first = min(keys)
        for place, count in self._counts(left):
            # At the lowest number of passes samples are levelled by attempts: those at the level were cut short.
            if count.last and (count.passes > fewest or count.made > level + (place < first)):
                found.add(self._ids[place])
        return found

    def standing(self) -> dict[str, tuple[bool, Count]]:
        """Every sample by id: whether it is settled, and what its attempts add up to so far."""
        return {
            sample: (trials.settled, trials.front) for sample, trials in zip(self._ids, self._trials, strict=True)
        }

    @property
    def waste(self) -> Waste:
        """What was made ahead and does not count, as long as nothing is out and the run has ended."""
        attempts = self.made - self.order.spent.fresh_attempts
        tokens = self._made_tokens - self.order.spent.fresh_tokens
        return Waste(attempts, tokens, attempts / self.made if self.made else 0.0)

    @property
    def in_vain(self) -> int:
        """Attempts of this run, so far, that were made for samples which did not need them."""
        return self._in_vain

    def remaining(self) -> int:
        """Attempts that will probably follow, by the samples' pass rates so far."""
        left = sum(self.goal.expected(place, self._trials[place]) for place in self._open)
        if self._bound:
            left = min(left, int(self._most(trusted=1.0) - self.order.spent.attempts))
        return max(left, 0)

    def _counts(self, places: Iterable[int]) -> Iterator[tuple[int, Count]]:
        for place in places:
            yield place, self.order.counts[place]

    def _key(self, place: int) -> Key:
        trials = self._trials[place]
        return self.goal.key(place, trials.below, trials.issued)

    def _move(self, place: int) -> bool:
        """Look at a sample's attempts up to the first that is not known; close or list it then. Returns whether
        this has changed what other samples may have."""
        trials, front = self._trials[place], self._trials[place].front
        renewed = False
        trials.settled = self.goal.settled(place, front)
        while not trials.settled and front.made in trials.known and front.made < self.goal.cap(place):
            front.add(trials.known[front.made].passed)
            renewed |= self.goal.observe(place, front)
            trials.settled = self.goal.settled(place, front)
        if trials.settled:
            self._close(place)
        else:
            self._list(place)
        return renewed

    def _close(self, place: int) -> None:
        trials = self._trials[place]
        del self._open[bisect_left(self._open, place)]
        self._settled_attempts += trials.front.made
        self._in_vain += sum(
            outcome.fresh for attempt, outcome in trials.known.items() if attempt >= trials.front.made
        )

    def _list(self, place: int) -> None:
        """Put a sample where the next attempts are looked for; it is checked there."""
        trials = self._trials[place]
        if not trials.listed:
            trials.listed = True
            heapq.heappush(self._sure, (self._key(place), place))

    def _issue_due(self, issued: list[tuple[str, int]]) -> None:
        """The attempt that the order waits for, whatever the budgets seem to allow."""
        place = self.order.waiting[0][1]
        trials = self._trials[place]
        if trials.issued == self.order.counts[place].made and trials.issued < self.goal.cap(place):
            self._issue(place, issued)

    def _issue(self, place: int, issued: list[tuple[str, int]]) -> None:
        issued.append((self._ids[place], self._trials[place].issue()))
        self.flying += 1

    def _issue_from(
        self,
        heap: list[tuple[Key, int]],
        room: int,
        most: float | None,
        issued: list[tuple[str, int]],
        *,
        sure: bool,
    ) -> None:
        """Issue from a heap until there is no room. Samples that have nothing to issue leave it, those of the sure
        one for the likely one, and come back when an attempt of theirs has ended."""
        while heap and len(issued) < room:
            key, place = heap[0]
            trials = self._trials[place]
            if trials.settled or not self._may(place, sure=sure):
                heapq.heappop(heap)
                self._leave(place, sure=sure)
            elif key != self._key(place):
                heapq.heapreplace(heap, (self._key(place), place))
            elif most is not None and not self._allowed(place, most):
                return
            else:
                self._issue(place, issued)
                while (
                    self._together
                    and sure
                    and len(issued) < room
                    and self._may(place, sure=True)
                    and (most is None or self._allowed(place, most))
                ):
                    self._issue(place, issued)

    def _look_ahead(self, most: float) -> None:
        """Find out whose turn will probably come, should the budgets let so many attempts count."""
        spent = self.order.spent.attempts
        self._free = most * _AHEAD
        if spent - self._looked < len(self.order.waiting) / 32:
            return  # little has changed, and looking takes its time
        self._looked, left = spent, (most - spent) * _HOPE
        for (passes, _), place in sorted(self.order.waiting):
            self._reach = int(passes)
            left -= self._until_pass(place)
            if left < 0:
                break
        for place in self._open:
            self._list(place)

    def _in_turn(self, place: int) -> bool:
        """Whether a sample's next attempt may be made: few are ahead of the order, or this one will more likely
        than not be looked at before the budget ends."""
        if self._known + self.flying - self.order.spent.attempts < self._free:
            return True
        trials = self._trials[place]
        ahead = trials.issued - self.order.counts[place].made
        return trials.below <= self._reach and ahead < max(1, self._until_pass(place) / 2)

    def _until_pass(self, place: int) -> float:
        """Attempts after which a sample has probably passed once more, or had all that it may have."""
        trials = self._trials[place]
        return min(per_pass(trials), self.goal.cap(place) - len(trials.known))

    def _may(self, place: int, *, sure: bool) -> bool:
        trials = self._trials[place]
        if self._by_turns and not self._in_turn(place):
            return False
        if sure:
            return self.goal.sure(place, trials)
        return (
            trials.issued < self.goal.cap(place)
            and trials.flying < self.goal.likely(place, trials)
            and not self.goal.sure(place, trials)
        )

    def _leave(self, place: int, *, sure: bool) -> None:
        trials = self._trials[place]
        if not sure:
            trials.hoped = False
            return
        trials.listed = False
        if not trials.settled and not trials.hoped:
            trials.hoped = True
            heapq.heappush(self._likely, (self._key(place), place))

    def _most(self, trusted: float = _TRUSTED) -> float:
        """Attempts that the budgets will let count in all, by what the counted ones took of them.

        trusted: share of an estimate that is relied on.
        """
        spent, budget = self.order.spent, self._budget
        allowed = float("inf") if budget.attempts is None else float(budget.attempts)
        for taken, given in ((spent.tokens, budget.tokens), (spent.dollars, budget.dollars)):
            if given is not None:
                left = (given - taken) / taken * spent.attempts * trusted if taken else 0.0
                allowed = min(allowed, spent.attempts + max(left, 0.0) + _BLIND)
        return allowed

    def _allowed(self, place: int, most: float) -> bool:
        """Whether the budgets will allow a sample's next attempt to count, should no other sample settle."""
        if not self.plan.evenly:
            return self.flying < most - self.order.spent.attempts
        level, rest = divmod(most - self._settled_attempts, len(self._open))
        attempt = self._trials[place].issued
        return attempt < level or (attempt == level and bisect_left(self._open, place) < rest)
