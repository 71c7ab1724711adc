"""PassUntil: whatever the order of things, the outcomes are those of one attempt after the other."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregate.rates import rate_of
from evalhub.scoring.passuntil import PassUntil

Table = dict[str, list[bool | None]]

MOST = 12
TABLES = st.dictionaries(
    st.sampled_from("abcd"),
    st.lists(st.sampled_from([True, False, None]), min_size=MOST, max_size=MOST),
    min_size=1,
)


def sequential(outcomes: list[bool | None], passes: int, most: int) -> list[bool | None]:
    """One attempt after the other until the sample has passed often enough."""
    seen: list[bool | None] = []
    while len(seen) < most and seen.count(True) < passes:
        seen.append(outcomes[len(seen)])
    return seen


class Run:
    """Runs a schedule on a table of outcomes; what was recorded survives a `restart`."""

    def __init__(self, table: Table, passes: int, most: int) -> None:
        self.table, self.passes, self.most = table, passes, most
        self.known: dict[tuple[str, int], bool | None] = {}
        self.restart()

    def restart(self) -> None:
        self.schedule = PassUntil(self.table, self.passes, self.most)
        self.flying: list[tuple[str, int]] = []
        self.issued = list(self.known)
        for (sample, attempt), outcome in self.known.items():
            self.schedule.record(sample, attempt, outcome)

    def issue(self, room: int) -> int:
        wanted = self.schedule.next(room)
        assert len(wanted) <= room
        self.flying += wanted
        self.issued += wanted
        return len(wanted)

    def land(self, place: int) -> None:
        sample, attempt = self.flying.pop(place)
        self.known[sample, attempt] = self.table[sample][attempt]
        self.schedule.record(sample, attempt, self.known[sample, attempt])

    def check(self) -> None:
        assert len(self.issued) == len(set(self.issued))
        assert all(0 <= attempt < self.most for _, attempt in self.issued)
        assert self.schedule.done and self.schedule.settled == len(self.table)
        for sample, outcomes in self.table.items():
            wanted = sequential(outcomes, self.passes, self.most)
            assert self.schedule.outcomes(sample) == wanted
            assert rate_of(self.schedule.outcomes(sample), self.passes) == rate_of(wanted, self.passes)


@settings(deadline=None, max_examples=300)
@given(
    table=TABLES,
    passes=st.integers(1, 4),
    most=st.integers(1, MOST),
    rooms=st.integers(1, 20),
    seed=st.integers(0, 9999),
)
def test_outcomes_are_those_of_the_sequential_procedure(
    table: Table, passes: int, most: int, rooms: int, seed: int
) -> None:
    """For any outcomes, order of completion, room and interruptions; and it comes to an end."""
    chance = random.Random(seed)
    run = Run(table, passes, most)
    steps = 0
    while not run.schedule.done:
        steps += 1
        assert steps < 1000
        if chance.random() < 0.1:
            run.restart()
            if run.schedule.done:
                break
        issued = run.issue(chance.randint(1, rooms))
        assert issued or run.flying or run.schedule.done, "nothing to wait for, and not done"
        for _ in range(chance.randint(1, max(1, len(run.flying)))):
            run.land(chance.randrange(len(run.flying)))
    run.check()


def test_a_hole_before_enough_passes_is_filled_after_an_interruption() -> None:
    """The run was stopped while the first attempt was out and later ones had passed already."""
    schedule = PassUntil(["a"], passes=1, max_attempts=8)
    schedule.record("a", 1, False)
    schedule.record("a", 2, True)
    assert schedule.next(10) == [("a", 0)]
    assert not schedule.record("a", 0, False) or schedule.outcomes("a") == [False, False, True]
    assert schedule.done and schedule.next(10) == []


@given(table=TABLES, passes=st.integers(1, 4), seed=st.integers(0, 99))
@settings(deadline=None)
def test_sure_attempts_are_never_in_vain(table: Table, passes: int, seed: int) -> None:
    """Where no room is left for likely ones, every attempt that was made is looked at."""
    chance = random.Random(seed)
    run = Run(table, passes, MOST)
    while not run.schedule.done:
        sure = {
            (sample, attempt)
            for sample, progress in run.schedule._open.items()
            for attempt in run.schedule._sure(progress)
        }
        wanted = run.schedule.next(len(sure))
        assert set(wanted) == sure, "sure ones come first"
        run.flying += wanted
        run.issued += wanted
        run.land(chance.randrange(len(run.flying)))
    assert not run.flying
    assert len(run.known) == sum(len(run.schedule.outcomes(sample)) for sample in table)
    run.check()


def test_with_free_slots_likely_attempts_are_made_too() -> None:
    """A sample that fails and fails fills a wide batch; one that may settle at once does not."""
    schedule = PassUntil(["hard"], passes=1, max_attempts=1000)
    assert schedule.next(100) == [("hard", 0)]
    for attempt in range(40):
        schedule.record("hard", attempt, False)
    assert len(schedule.next(100)) > 10


def test_missing_attempts_use_up_the_limit_but_not_the_rate() -> None:
    """All attempts missing: settled, without a rate."""
    schedule = PassUntil(["a", "b"], passes=2, max_attempts=4)
    for attempt in range(4):
        assert schedule.record("a", attempt, None) is (attempt == 3)
    assert schedule.outcomes("a") == [None] * 4
    assert rate_of(schedule.outcomes("a"), 2).rate is None
    assert schedule.settled == 1 and not schedule.done


def test_the_farthest_behind_sample_comes_first() -> None:
    """A sample that has had fewer attempts is served before one that has had more."""
    schedule = PassUntil(["a", "b"], passes=1, max_attempts=9)
    schedule.record("a", 0, False)
    assert schedule.next(1) == [("b", 0)]


@pytest.mark.parametrize("room", [0, -3])
def test_no_room_no_attempt(room: int) -> None:
    """A full backend is left alone."""
    assert PassUntil(["a"], 1, 1).next(room) == []


def test_remaining_never_exceeds_what_is_allowed() -> None:
    """The estimate of what is to come stays within the limit and ends at 0."""
    schedule = PassUntil(["a"], passes=3, max_attempts=5)
    for attempt in range(5):
        assert 0 < schedule.remaining <= 5 - attempt
        schedule.record("a", attempt, False)
    assert schedule.remaining == 0


def test_a_hundred_thousand_attempts_take_no_square_time() -> None:
    """A rate of 1e-4 needs very many attempts of one sample; each is looked at once."""
    most = 100_000
    schedule = PassUntil(["a"], passes=1, max_attempts=most)
    looked = 0
    outcomes = schedule._progress["a"].outcomes

    class Counting(dict):  # type: ignore[type-arg]
        def __getitem__(self, key: int) -> bool | None:
            nonlocal looked
            looked += 1
            return dict.__getitem__(self, key)

    schedule._progress["a"].outcomes = Counting(outcomes)
    for attempt in range(most):
        schedule.record("a", attempt, False)
    assert schedule.done and looked == most
