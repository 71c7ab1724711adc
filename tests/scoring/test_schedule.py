"""The schedule: whatever the order of things, what counts is what one attempt after the other would have given."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregate.anytime import Narrow
from aggregate.rates import rate_of
from aggregate.two_stage import pilot_size, second_stage
from evalhub.scoring.plan import Budget, Plan
from evalhub.scoring.schedule import Schedule
from evalhub.scoring.trials import Count, Outcome

Table = dict[str, list[Outcome]]

MOST = 12


def outcomes_of(samples: int, seed: int) -> Table:
    """Samples that pass never to mostly, with missing attempts, at unlike costs."""
    chance = random.Random(seed)
    table = {}
    for sample in "abcdef"[:samples]:
        rate = chance.choice([0.0, 0.1, 0.3, 0.8])
        table[sample] = [
            Outcome(
                None if chance.random() < 0.1 else chance.random() < rate,
                tokens=chance.randint(1, 9),
                dollars=chance.randint(1, 9) / 100,
            )
            for _ in range(MOST * 3)
        ]
    return table


TABLES = st.builds(outcomes_of, st.integers(1, 6), st.integers(0, 99_999))
BUDGETS = st.one_of(
    st.just(Budget()),
    st.builds(Budget, attempts=st.integers(1, 40)),
    st.builds(Budget, tokens=st.integers(1, 150)),
    st.builds(Budget, attempts=st.integers(1, 40), dollars=st.floats(0.01, 1.5)),
)
PLANS = st.builds(
    Plan,
    passes=st.integers(1, 4),
    max_attempts=st.integers(1, MOST),
    target=st.sampled_from(["per-sample", "pass@1", "law"]),
    budget=BUDGETS,
)


def sequential(table: Table, plan: Plan) -> dict[str, list[Outcome]]:
    """One attempt after the other, each to the sample whose turn it is, until all have enough or a budget ends."""
    seen: dict[str, list[Outcome]] = {sample: [] for sample in table}
    narrow = Narrow(plan.width) if plan.width else None

    def passes(sample: str) -> int:
        return sum(outcome.passed is True for outcome in seen[sample])

    def enough(sample: str) -> bool:
        counted = sum(outcome.passed is not None for outcome in seen[sample])
        return (
            len(seen[sample]) >= plan.max_attempts
            or passes(sample) >= (plan.passes or 10**9)
            or (narrow is not None and narrow(passes(sample), counted))
        )

    def turn(sample: str) -> tuple[int, int, str]:
        return (passes(sample) if plan.k else 0, len(seen[sample]), sample)

    def spent() -> bool:
        every = [outcome for outcomes in seen.values() for outcome in outcomes]
        limits = plan.budget
        return (
            (limits.attempts is not None and len(every) >= limits.attempts)
            or (limits.tokens is not None and sum(outcome.tokens for outcome in every) >= limits.tokens)
            or (limits.dollars is not None and round(sum(one.dollars for one in every), 9) >= limits.dollars)
        )

    while (left := [sample for sample in table if not enough(sample)]) and not spent():
        sample = min(left, key=turn)
        seen[sample].append(table[sample][len(seen[sample])])
    return seen


def in_two_stages(table: Table, plan: Plan) -> dict[str, list[Outcome]]:
    """The attempts of a mean without any other budget."""
    samples = sorted(table)
    total = plan.budget.attempts or plan.max_attempts * len(samples)
    pilot = pilot_size(total / len(samples))
    if not pilot:
        share, more = divmod(total, len(samples))
        return {sample: table[sample][: share + (place < more)] for place, sample in enumerate(samples)}
    counts = []
    for sample in samples:
        counts.append(Count())
        for outcome in table[sample][:pilot]:
            counts[-1].add(outcome.passed)
    import numpy as np

    x, n = np.array([(count.passes, count.counted) for count in counts]).T
    stage = second_stage(x, n, pilot=pilot, total=total, width=plan.width)
    return {
        sample: table[sample][: pilot + more]
        for sample, more in zip(samples, stage.attempts.tolist(), strict=True)
    }


class Run:
    """Runs a schedule on a table of outcomes; what was recorded survives a `restart`."""

    def __init__(self, table: Table, plan: Plan) -> None:
        self.table, self.plan = table, plan
        self.known: dict[tuple[str, int], Outcome] = {}
        self.restart()

    def restart(self) -> None:
        self.schedule = Schedule(self.table, self.plan)
        self.flying: list[tuple[str, int]] = []
        self.issued = list(self.known)
        for (sample, attempt), outcome in self.known.items():
            self.schedule.record(sample, attempt, outcome._replace(fresh=False))

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

    def go(self, chance: random.Random, rooms: int, restarts: float = 0.1) -> None:
        """Until it is done, in any order, with any room, interrupted now and then."""
        steps = 0
        while not self.schedule.done:
            steps += 1
            assert steps < 5000
            if chance.random() < restarts:
                self.restart()
                if self.schedule.done:
                    break
            issued = self.issue(chance.randint(1, rooms))
            assert issued or self.flying, "nothing to wait for, and not done"
            for _ in range(chance.randint(1, max(1, len(self.flying)))):
                self.land(chance.randrange(len(self.flying)))
        assert len(self.issued) == len(set(self.issued))

    def counted(self) -> dict[str, list[bool | None]]:
        return {sample: self.schedule.outcomes(sample) for sample in self.table}


def passed(seen: dict[str, list[Outcome]]) -> dict[str, list[bool | None]]:
    return {sample: [outcome.passed for outcome in outcomes] for sample, outcomes in seen.items()}


def test_a_budget_is_spent_where_its_cents_add_up_to_it() -> None:
    """In whatever order: ten times ten cents make .9999999999999999 dollars."""
    table = {"a": [Outcome(False, tokens=1, dollars=0.1)] * 12}
    run = Run(table, Plan(passes=1, max_attempts=12, budget=Budget(dollars=1.0)))
    run.go(random.Random(0), 1)
    assert len(run.counted()["a"]) == 10


@settings(deadline=None, max_examples=200)
@given(table=TABLES, plan=PLANS, rooms=st.integers(1, 20), seed=st.integers(0, 9999))
def test_what_counts_is_that_of_the_sequential_procedure(table: Table, plan: Plan, rooms: int, seed: int) -> None:
    """For any outcomes, order of completion, room, interruptions, target and budget; and it comes to an end."""
    run = Run(table, plan)
    run.go(random.Random(seed), rooms)
    wanted = sequential(table, plan)
    assert run.counted() == passed(wanted)
    spent = run.schedule.order.spent
    assert spent.attempts == sum(map(len, wanted.values()))
    assert spent.tokens == sum(outcome.tokens for outcomes in wanted.values() for outcome in outcomes)
    assert bool(run.schedule.ended) == any(not run.schedule.enough(sample) for sample in table)


@settings(deadline=None, max_examples=60)
@given(table=TABLES, passes=st.sampled_from([None, 3]), rooms=st.integers(1, 20), seed=st.integers(0, 9999))
def test_a_stop_by_width_is_that_of_the_sequential_procedure(
    table: Table, passes: int | None, rooms: int, seed: int
) -> None:
    """It is looked at after every attempt, in order."""
    plan = Plan(passes=passes, max_attempts=3 * MOST, width=0.6)
    run = Run(table, plan)
    run.go(random.Random(seed), rooms)
    wanted = passed(sequential(table, plan))
    assert run.counted() == wanted
    assert {len(outcomes) for outcomes in wanted.values()} != {3 * MOST}, "a width of .6 takes fewer than 36"


@settings(deadline=None, max_examples=80)
@given(
    table=TABLES,
    average=st.sampled_from([1, 3, 4, 6, 8]),
    width=st.sampled_from([None, 0.4]),
    rooms=st.integers(1, 30),
    seed=st.integers(0, 9999),
)
def test_a_mean_takes_a_pilot_and_then_what_it_says(
    table: Table, average: int, width: float | None, rooms: int, seed: int
) -> None:
    """However attempts come in, the second stage is a function of the pilot's outcomes."""
    plan = Plan(target="mean", max_attempts=average, width=width)
    table = {sample: outcomes * 3 for sample, outcomes in table.items()}
    run = Run(table, plan)
    run.go(random.Random(seed), rooms)
    assert run.counted() == passed(in_two_stages(table, plan))
    assert not run.schedule.ended


@settings(deadline=None, max_examples=60)
@given(table=TABLES, tokens=st.integers(1, 300), seed=st.integers(0, 9999))
def test_a_mean_that_a_budget_cuts_short_is_the_same_for_any_batch(table: Table, tokens: int, seed: int) -> None:
    """And goes on evenly: nobody's second stage is over before another's has begun."""
    plan = Plan(target="mean", max_attempts=8, budget=Budget(tokens=tokens))
    table = {sample: outcomes * 3 for sample, outcomes in table.items()}
    one, many = Run(table, plan), Run(table, plan)
    one.go(random.Random(seed), 1, restarts=0)
    many.go(random.Random(seed + 1), 25)
    assert one.counted() == many.counted()
    spent, order = one.schedule.order.spent.tokens, one.schedule.order
    assert spent < tokens + 9 and bool(one.schedule.ended) == bool(order.waiting) == (
        spent >= tokens and not all(one.schedule.enough(sample) for sample in table)
    )


def coins(number: int, rate: Callable[[int], float], most: int, seed: int = 0) -> Table:
    """Samples that pass with a chance each."""
    chance = random.Random(seed)
    return {
        f"{place:03}": [Outcome(chance.random() < rate(place), 5) for _ in range(most)] for place in range(number)
    }


@pytest.mark.parametrize(
    ("target", "room", "most"),
    [("per-sample", 32, 0.02), ("pass@1", 32, 0.09), ("per-sample", 4096, 0.02), ("pass@1", 4096, 0.2)],
)
@pytest.mark.parametrize("budget", [Budget(attempts=900), Budget(tokens=4500)])
def test_a_budget_wastes_little(target: str, budget: Budget, room: int, most: float) -> None:
    """At its end, what is out ahead of the order is a matter of a few attempts; of a fifth where samples wait for
    one another and there is room for all at once."""
    table = coins(100, lambda place: place / 150, 40)
    run = Run(table, Plan(target=target, passes=5, max_attempts=40, budget=budget))
    run.go(random.Random(1), room, restarts=0)
    while run.flying:
        run.land(0)
    waste = run.schedule.waste
    assert run.schedule.order.spent.attempts == 900
    assert waste.attempts == len(run.known) - 900
    assert waste.share <= most


def test_a_budget_of_attempts_wastes_nothing_where_no_attempt_is_in_vain() -> None:
    """Samples that never settle: the last level is shared out exactly."""
    table = coins(30, lambda _: 0.0, 40)
    for attempts in (1, 29, 30, 31, 100, 299):
        run = Run(table, Plan(passes=5, max_attempts=40, budget=Budget(attempts=attempts)))
        run.go(random.Random(attempts), 50, restarts=0)
        assert len(run.known) + len(run.flying) == attempts


def test_a_budget_that_ends_early_has_not_taken_samples_in_order_of_source() -> None:
    """Ids are hashes: their order is a chance one, and every sample gets one attempt before any gets two."""
    table = coins(50, lambda _: 0.5, 4)
    run = Run(table, Plan(budget=Budget(attempts=75)))
    run.go(random.Random(0), 10)
    made = [len(outcomes) for outcomes in run.counted().values()]
    assert made == [2] * 25 + [1] * 25


def test_pass_at_k_gives_the_next_attempt_to_the_sample_with_fewest_passes() -> None:
    """A sample that has passed waits until all others have, or are exhausted."""
    table = {"easy": [Outcome(True)] * 20, "hard": [Outcome(False)] * 20}
    run = Run(table, Plan(passes=3, max_attempts=10, target="pass@5", budget=Budget(attempts=8)))
    run.go(random.Random(0), 5)
    assert {sample: len(outcomes) for sample, outcomes in run.counted().items()} == {"easy": 1, "hard": 7}
    assert run.schedule.reached() == {"easy"} and run.schedule.ended == ("attempts",)


def test_under_pass_at_k_the_passes_for_which_samples_waited_make_their_rates_unbiased() -> None:
    """In the mean over many runs; passes/attempts would be far too high. What is left comes from runs whose budget
    ends before every sample has passed once: a single pass gives 1/K, which is too high."""
    rng = random.Random(3)
    rates = [0.1, 0.2, 0.4, 0.6, 0.9, 0.95]
    ours, naive = 0.0, 0.0
    for _ in range(1500):
        table = {str(place): [Outcome(rng.random() < p) for _ in range(60)] for place, p in enumerate(rates)}
        plan = Plan(passes=50, max_attempts=60, target="pass@1", budget=Budget(attempts=90))
        run = Run(table, plan)
        run.go(rng, 1, restarts=0)
        reached = run.schedule.reached()
        for sample, outcomes in run.counted().items():
            x = outcomes.count(True)
            ours += rate_of(outcomes, x if sample in reached else 99).rate or 0.0
            naive += x / len(outcomes)
    assert ours / 1500 == pytest.approx(sum(rates), rel=0.01)
    assert naive / 1500 > 1.03 * sum(rates)


def test_a_hole_before_enough_passes_is_filled_after_an_interruption() -> None:
    """The run was stopped while the first attempt was out and later ones had passed already."""
    schedule = Schedule(["a"], Plan(passes=1, max_attempts=8))
    schedule.record("a", 1, Outcome(False))
    schedule.record("a", 2, Outcome(True))
    assert schedule.next(10) == [("a", 0)]
    schedule.record("a", 0, Outcome(False))
    assert schedule.outcomes("a") == [False, False, True]
    assert schedule.done and schedule.next(10) == []


@given(table=TABLES, passes=st.integers(1, 4), seed=st.integers(0, 99))
@settings(deadline=None)
def test_sure_attempts_are_never_in_vain(table: Table, passes: int, seed: int) -> None:
    """With little room, every attempt that was made counts."""
    chance = random.Random(seed)
    run = Run(table, Plan(passes=passes, max_attempts=MOST))
    while not run.schedule.done:
        if not run.flying:
            assert run.issue(1) == 1
        run.land(chance.randrange(len(run.flying)))
    assert not run.flying and run.schedule.waste.attempts == 0
    assert len(run.known) == sum(len(outcomes) for outcomes in run.counted().values())


def test_a_samples_attempts_are_issued_together() -> None:
    """As many as are sure: they share their prompt. Then the next sample's."""
    schedule = Schedule(["a", "b", "c"], Plan(passes=3, max_attempts=9))
    assert schedule.next(7) == [("a", 0), ("a", 1), ("a", 2), ("b", 0), ("b", 1), ("b", 2), ("c", 0)]


def test_with_free_slots_likely_attempts_are_made_too() -> None:
    """A sample that fails and fails fills a wide batch; one that may settle at once does not; and where attempts
    cost money, none is made that may be in vain."""
    for budget, most in ((Budget(), 200), (Budget(dollars=100.0), 1)):
        schedule = Schedule(["hard"], Plan(passes=1, max_attempts=1000, budget=budget))
        assert schedule.next(100) == [("hard", 0)]
        for attempt in range(40):
            schedule.record("hard", attempt, Outcome(False, dollars=1e-3))
        issued = len(schedule.next(100))
        assert 10 < issued <= most if most > 1 else issued == 1


def test_missing_attempts_use_up_the_limit_but_not_the_rate() -> None:
    """All attempts missing: settled, without a rate."""
    schedule = Schedule(["a", "b"], Plan(passes=2, max_attempts=4))
    for attempt in range(4):
        assert not schedule.enough("a")
        schedule.record("a", attempt, Outcome(None))
    schedule.conclude()
    assert schedule.outcomes("a") == [None] * 4 and schedule.enough("a")
    assert rate_of(schedule.outcomes("a"), 2).rate is None
    assert schedule.settled == 1


def test_the_farthest_behind_sample_comes_first() -> None:
    """A sample that has had fewer attempts is served before one that has had more."""
    schedule = Schedule(["a", "b"], Plan(passes=1, max_attempts=9))
    schedule.record("a", 0, Outcome(False))
    assert schedule.next(1) == [("b", 0)]


def test_samples_whose_attempts_are_all_the_same_get_one() -> None:
    """Under any target; the others share the rest."""
    for plan in (Plan(passes=3, max_attempts=6), Plan(target="mean", max_attempts=6), Plan(target="pass@2")):
        run = Run(coins(4, lambda _: 0.3, 40), plan)
        run.schedule = Schedule(run.table, plan, once=["001", "003"])
        run.go(random.Random(0), 5, restarts=0)
        made = {sample: len(outcomes) for sample, outcomes in run.counted().items()}
        assert made["001"] == made["003"] == 1 and made["000"] > 1
        if plan.target == "mean":
            assert sum(made.values()) == 24


@pytest.mark.parametrize("room", [0, -3])
def test_no_room_no_attempt(room: int) -> None:
    """A full backend is left alone."""
    assert Schedule(["a"], Plan(passes=1, max_attempts=1)).next(room) == []


def test_time_that_is_up_ends_it_and_what_is_there_counts() -> None:
    """Nothing more is issued; holes are not waited for, and samples that got nothing have nothing."""
    schedule = Schedule(["a", "b", "c"], Plan(passes=2, max_attempts=9, budget=Budget(seconds=60)))
    wanted = schedule.next(4, seconds=1)
    assert [sample for sample, _ in wanted] == ["a", "b", "c", "a"], "time asks for all samples evenly"
    for sample, attempt in wanted[::3]:
        schedule.record(sample, attempt, Outcome(False))
    assert not schedule.done
    assert schedule.next(4, seconds=61) == [] and schedule.done
    schedule.conclude()
    assert schedule.ended == ("seconds",)
    assert schedule.outcomes("a") == [False, False] and schedule.outcomes("b") == []


def test_remaining_never_exceeds_what_is_allowed() -> None:
    """The estimate of what is to come stays within the limit and ends at 0; a budget limits it, too."""
    schedule = Schedule(["a"], Plan(passes=3, max_attempts=5))
    for attempt in range(5):
        assert 0 < schedule.remaining() <= 5 - attempt
        schedule.record("a", attempt, Outcome(False))
    assert schedule.remaining() == 0
    assert Schedule("abc", Plan(budget=Budget(attempts=4))).remaining() == 4


def test_a_hundred_thousand_attempts_take_no_square_time() -> None:
    """A rate of 1e-4 needs very many attempts of one sample; each is looked at a few times."""
    most = 100_000
    schedule = Schedule(["a"], Plan(passes=1, max_attempts=most))
    began = time.process_time()
    for attempt in range(most):
        schedule.record("a", attempt, Outcome(False))
    assert schedule.done and time.process_time() - began < 10


@pytest.mark.parametrize("plan", [Plan(), Plan(budget=Budget(attempts=300_000)), Plan(target="pass@2")])
def test_the_next_attempts_of_a_hundred_thousand_samples_are_found_at_once(plan: Plan) -> None:
    """It is asked at every step: nothing in it goes over all samples."""
    schedule = Schedule([f"{place:06}" for place in range(100_000)], plan)
    flying = schedule.next(64)
    chance = random.Random(0)
    began = time.process_time()
    for _ in range(1000):
        for sample, attempt in flying[:4]:
            schedule.record(sample, attempt, Outcome(chance.random() < 0.2))
        flying = flying[4:] + schedule.next(4)
        assert len(flying) == 64
    assert time.process_time() - began < 1.0
