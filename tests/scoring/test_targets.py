"""Targets and budgets of a run: what they come to in measurements, and that they mix with nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from evalhub.errors import EvalhubError
from evalhub.scoring.clock import Clock
from evalhub.scoring.plan import Budget, Plan, is_target
from evalhub.scoring.score import Scored, score
from evalhub.scoring.summary import Summary, summarise
from evalhub.store.hub import Hub
from evalhub.store.samples import add_samples
from ingest.records import Status
from tests.scoring.fakes import Boom, Fake, Silent, run, samples, table

GIVEN = samples(12)
BY_ID = {sample.sample_id: sample for sample in GIVEN}

PLANS: list[dict[str, Any]] = [
    {"passes": 3, "max_attempts": 12},
    {"passes": 3, "max_attempts": 12, "budget": Budget(attempts=50)},
    {"passes": 3, "max_attempts": 12, "budget": Budget(tokens=37, attempts=60)},
    {"passes": 3, "max_attempts": 12, "budget": Budget(dollars=0.29)},
    {"passes": None, "max_attempts": 200, "width": 0.5},
    {"passes": 2, "max_attempts": 200, "width": 0.5, "budget": Budget(attempts=150)},
    {"target": "mean", "max_attempts": 8},
    {"target": "mean", "budget": Budget(attempts=80)},
    {"target": "mean", "max_attempts": 100, "width": 0.2},
    {"target": "mean", "max_attempts": 8, "budget": Budget(tokens=70)},
    {"target": "pass@4", "passes": 3, "max_attempts": 12},
    {"target": "pass@4", "passes": 3, "max_attempts": 12, "budget": Budget(attempts=70)},
    {"target": "law", "passes": 3, "max_attempts": 12, "budget": Budget(attempts=60)},
]
NAMES = [json.dumps(plan, default=lambda budget: budget.words()) for plan in PLANS]


def summed(scored: Scored, **plan: Any) -> Summary:
    summary = summarise(scored, BY_ID, {}, Plan(**plan))
    json.dumps(summary.to_json(), allow_nan=False)
    return summary


@pytest.mark.parametrize("plan", PLANS, ids=NAMES)
def test_measurements_do_not_depend_on_batch_or_order_or_interruption(hub: Hub, plan: dict[str, Any]) -> None:
    """Another seed of the model's order, another capacity, a run that died twice: the same to the last digit."""
    whole = run(hub, Fake(1, capacity=1, price=0.01), GIVEN, **plan)
    found = table(hub, "measurement")
    hub.database.execute("DELETE FROM measured; DELETE FROM attempt")
    for left in (7, 20):
        with pytest.raises(Boom):
            run(hub, Fake(left, capacity=13, dies_after=left, price=0.01), GIVEN, **plan)
    torn = run(hub, Fake(5, capacity=25, price=0.01), GIVEN, **plan)
    assert table(hub, "measurement") == found
    assert (torn.tally, torn.ended, torn.run_id) == (whole.tally, whole.ended, whole.run_id)
    again = Fake(6)
    assert run(hub, again, GIVEN, **plan).tally == whole.tally and not again.asked


@pytest.mark.parametrize("plan", PLANS, ids=NAMES)
def test_every_value_has_an_interval_around_it(hub: Hub, plan: dict[str, Any]) -> None:
    """Whatever stopped the sample; and the summary is JSON."""
    scored = run(hub, Fake(price=0.01), GIVEN, **plan)
    for tally in scored.tallies:
        assert tally.value is None or 0 <= tally.low <= tally.value <= tally.high <= 1
        assert tally.high > 0 and (tally.value is None) == bool(tally.reason)
    assert bool(scored.ended) == bool(scored.tally.unsettled)
    summed(scored, **plan)


def test_a_budget_of_attempts_is_kept_to_and_said(hub: Hub) -> None:
    """With the samples that it left unsettled, and those that it did not reach: missing, with the reason."""
    plan = {"budget": Budget(attempts=10), "max_attempts": 6}
    scored = run(hub, Fake(capacity=3), GIVEN, **plan)
    assert sum(tally.attempts + tally.missing for tally in scored.tallies) == 10
    assert scored.ended == ("10 attempts",)
    reasons = {tally.reason for tally in scored.tallies if tally.value is None}
    assert "not reached: the budget of 10 attempts was spent before" in reasons
    summary = summed(scored, **plan)
    assert any("did not reach 2 of 12 samples" in warning for warning in summary.warnings)
    assert summary.unsettled == 12 and summary.ended == ("10 attempts",)


def test_a_sample_that_a_budget_did_not_reach_keeps_its_older_measurement(hub: Hub) -> None:
    """And one of fewer attempts says so, as ever."""
    run(hub, Fake(), GIVEN, max_attempts=6)
    before = {row[1]: row for row in table(hub, "measurement")}
    scored = run(hub, Fake(), GIVEN, max_attempts=6, budget=Budget(attempts=10))
    after = {row[1]: row for row in table(hub, "measurement")}
    unreached = {tally.sample_id for tally in scored.tallies if tally.attempts + tally.missing == 0}
    assert len(unreached) == 2 and all(after[sample] == before[sample] for sample in unreached)
    assert scored.shrunk == 10


def test_another_plan_is_another_run_on_the_same_attempts(hub: Hub) -> None:
    """Attempts are shared, since they are the same whatever they are for; runs are not, and of the measurements
    the last one's stand. A budget of time is no part of a run's identity."""
    ids = {run(hub, Fake(price=0.01), GIVEN, **plan).run_id for plan in PLANS}
    assert len(ids) == len(PLANS)
    made = len(table(hub, "attempt"))
    first = run(hub, Fake(), GIVEN, max_attempts=4)
    timed = run(hub, Fake(), GIVEN, max_attempts=4, budget=Budget(seconds=1e6))
    assert timed.run_id == first.run_id and timed.tallies == first.tallies
    assert len(table(hub, "attempt")) == made


def test_time_that_is_up_ends_the_run_with_what_is_there(hub: Hub) -> None:
    """No attempt at all, for no time at all; the command goes on when it is given more."""
    scored = run(hub, Fake(), GIVEN, budget=Budget(seconds=1e-9))
    assert scored.ended == ("1e-09 seconds",) and not table(hub, "attempt")
    assert len(scored.tally.unsettled) == 12
    assert run(hub, Fake(), GIVEN, budget=Budget(seconds=1e6)).ended == ()


def test_a_budget_in_dollars_counts_what_attempts_cost(hub: Hub) -> None:
    """To the attempt that spends it; what is made in vain is little, since it costs."""
    backend = Fake(price=0.01, capacity=30)
    scored = run(hub, backend, GIVEN, max_attempts=50, budget=Budget(dollars=1.0))
    assert sum(tally.attempts + tally.missing for tally in scored.tallies) == 100
    assert scored.ended == ("$1",) and sum(backend.asked.values()) <= 110


def test_a_budget_in_dollars_without_a_price_is_an_error(hub: Hub) -> None:
    """At the first output, or before it where earlier attempts have no price; what was made is kept."""
    for _ in range(2):
        with pytest.raises(EvalhubError, match=r"what fake took is not told|of earlier runs cost"):
            run(hub, Fake(), GIVEN, budget=Budget(dollars=1.0))
    assert table(hub, "attempt") and not table(hub, "measurement")


def test_what_attempts_took_is_kept(hub: Hub) -> None:
    """Tokens of the prompt, and the cost."""
    run(hub, Fake(price=0.25), GIVEN[:1], max_attempts=2)
    rows = hub.database.execute("SELECT DISTINCT tokens, prompt_tokens, cost FROM attempt").fetchall()
    assert rows == [(1, 3, 0.25)]


def test_pass_at_k_is_summed_up_with_an_interval(hub: Hub) -> None:
    """By source and tag, beside the pass rate; higher than it, and unknown where the budget ended too early."""
    plan = {"target": "pass@4", "passes": 3, "max_attempts": 40}
    (part,) = summed(run(hub, Fake(), GIVEN, **plan), **plan).sources
    assert part.at_k and part.at_k.rate and part.rate
    assert part.rate < part.at_k.rate <= 1 and part.at_k.low < part.at_k.rate < part.at_k.high
    assert part.tags[0].at_k and part.tags[0].at_k.rate
    plan = {**plan, "budget": Budget(attempts=30)}
    summary = summed(run(hub, Fake(), GIVEN, seed=1, **plan), **plan)
    assert summary.sources[0].at_k and summary.sources[0].at_k.rate is None
    assert any("pass@4 is unknown" in warning for warning in summary.warnings)


@pytest.mark.parametrize("target", ["per-sample", "mean", "pass@4", "law"])
def test_attempts_that_are_all_the_same_are_made_once(hub: Hub, target: str) -> None:
    """At temperature 0, under any target: one tells all, pass@k too."""
    plan: dict[str, Any] = {"target": target, "overrides": {"temperature": 0.0}}
    asked = Fake(answers=lambda asked: ("yes" if float(asked.text) > 0.5 else "no", Status.OK))
    scored = run(hub, asked, GIVEN, **plan)
    assert len(asked.asked) == len(GIVEN) and {tally.value for tally in scored.tallies} == {0.0, 1.0}
    (part,) = summed(scored, **plan).sources
    told = {
        "per-sample": part.rate,
        "mean": part.these and part.these.rate,
        "pass@4": part.at_k and part.at_k.rate,
        "law": part.rate,
    }
    assert told[target] == pytest.approx(5 / 12)


def test_the_mean_of_these_samples_is_known_better_than_that_of_a_pool(hub: Hub) -> None:
    """Its interval is over attempts alone; both stand in the summary."""
    plan = {"target": "mean", "max_attempts": 30}
    summary = summed(run(hub, Fake(), GIVEN, **plan), **plan)
    (part,) = summary.sources
    assert summary.mean and part.these and summary.mean.rate == pytest.approx(part.rate)
    assert part.these.rate == pytest.approx(part.rate) and part.these.low == pytest.approx(summary.mean.low)
    assert part.low < summary.mean.low < summary.mean.high < part.high
    assert summary.mean.high - summary.mean.low < 0.2
    assert "mean" in summary.to_json() and "these_samples" in summary.to_json()["sources"][0]


def test_a_width_that_attempts_do_not_allow_is_said(hub: Hub) -> None:
    """Of samples as of the mean."""
    plan = {"passes": None, "width": 0.3, "max_attempts": 10}
    assert any("wider than 0.3" in w for w in summed(run(hub, Fake(), GIVEN, **plan), **plan).warnings)
    plan = {"target": "mean", "width": 0.01, "max_attempts": 10}
    assert any("wide, not 0.01" in w for w in summed(run(hub, Fake(), GIVEN, **plan), **plan).warnings)


def test_waste_is_what_was_made_and_does_not_count(hub: Hub) -> None:
    """Of this run alone."""
    scored = run(hub, Fake(capacity=100), GIVEN, passes=2, max_attempts=30)
    counted = sum(tally.attempts + tally.missing for tally in scored.tallies)
    assert scored.waste.attempts == len(table(hub, "attempt")) - counted
    assert scored.waste.tokens == scored.waste.attempts
    assert scored.waste.share == pytest.approx(scored.waste.attempts / len(table(hub, "attempt")))
    assert run(hub, Fake(), GIVEN, passes=2, max_attempts=30).waste.attempts == 0


def stopping(hub: Hub, after: int, backend: Fake, **plan: Any) -> Scored:
    """A run that the user stops after so many looks."""
    looks = iter(range(10**9))
    add_samples(hub, GIVEN)
    ids = [sample.sample_id for sample in GIVEN]
    return score(hub, backend, ids, Plan(**plan), Silent(), stopped=lambda: next(looks) >= after)


def test_a_run_that_is_stopped_keeps_its_attempts_and_no_measurement(hub: Hub) -> None:
    """It tells what it has, and ends as one that was not stopped when it goes on."""
    stopped = stopping(hub, 6, Fake(2), passes=2, max_attempts=9)
    made = table(hub, "attempt")
    assert stopped.interrupted and made and not table(hub, "measurement")
    assert sum(tally.attempts + tally.missing for tally in stopped.tallies) > 0
    assert "not reached before the run was stopped" in {tally.reason for tally in stopped.tallies}
    assert summed(stopped).to_json()["interrupted"] is True
    rest = Fake(3)
    scored = run(hub, rest, GIVEN, passes=2, max_attempts=9)
    assert not {(row[3], row[4]) for row in made} & set(rest.asked)
    hub.database.execute("DELETE FROM measured; DELETE FROM attempt")
    assert run(hub, Fake(4), GIVEN, passes=2, max_attempts=9).tallies == scored.tallies


def test_attempts_that_all_fail_in_one_way_end_the_run(hub: Hub) -> None:
    """In one line, long before all were made; mended, the same command makes them again."""
    broken = Fake(answers=lambda asked: (f"no route to host at {asked.attempt}", Status.ERROR))
    with pytest.raises(EvalhubError, match="20 attempts in a row failed in the same way: no route to host"):
        run(hub, broken, samples(100), max_attempts=30)
    assert len(table(hub, "attempt")) < 200 and not table(hub, "measurement")
    scored = run(hub, Fake(), samples(100), max_attempts=30)
    assert not any("error" in tally.reason for tally in scored.tallies)
    assert hub.database.execute("SELECT count(*) FROM attempt WHERE status = 'error'").fetchall() == [(0,)]


def test_a_model_that_dies_on_the_way_ends_the_run(hub: Hub) -> None:
    """Samples that worked before fail now."""
    dying = Fake(answers=lambda asked: ("gone", Status.ERROR) if asked.attempt > 3 else ("no", Status.OK))
    with pytest.raises(EvalhubError, match="50 attempts in a row failed in the same way: gone"):
        run(hub, dying, samples(100), max_attempts=30)


def test_samples_that_never_work_end_no_run(hub: Hub) -> None:
    """Where others do, however long they go on: a prompt may be too long for the model."""
    bad = {sample.sample_id for sample in samples(30)[10:]}
    lame = Fake(answers=lambda asked: ("too long", Status.ERROR) if asked.sample_id in bad else ("yes", Status.OK))
    scored = run(hub, lame, samples(30), passes=1, max_attempts=20)
    assert sum(tally.value is None for tally in scored.tallies) == 20


def test_attempts_that_fail_now_and_then_do_not(hub: Hub) -> None:
    """They are missing."""
    lame = Fake(answers=lambda asked: ("oh", Status.ERROR) if asked.attempt % 2 else ("yes", Status.OK))
    assert run(hub, lame, samples(30), passes=9, max_attempts=6).tallies[0].missing == 3


def test_an_attempt_that_failed_is_made_again_by_the_next_run(hub: Hub) -> None:
    """One that is good stays as it is."""
    lame = Fake(answers=lambda asked: ("oh", Status.TIMEOUT) if asked.attempt == 1 else ("yes", Status.OK))
    assert run(hub, lame, GIVEN[:1], passes=9, max_attempts=3).tallies[0].missing == 1
    again = Fake(answers=lambda _: ("yes", Status.OK))
    assert run(hub, again, GIVEN[:1], passes=9, max_attempts=3).tallies[0].missing == 0
    assert list(again.asked) == [(GIVEN[0].sample_id, 1)]


def test_where_the_time_went(hub: Hub) -> None:
    """Adds up, and knows the tokens."""
    add_samples(hub, GIVEN)
    clock = Clock()
    score(hub, Fake(), [sample.sample_id for sample in GIVEN], Plan(), Silent(), clock=clock)
    told = clock.to_json()
    kinds = ("loading", "generating", "verdicts", "writing", "other")
    assert sum(told[kind] for kind in kinds) == pytest.approx(told["total"])
    assert told["writing"] > 0 and told["tokens"] == len(table(hub, "attempt"))
    assert told["tokens_per_second"] == pytest.approx(told["tokens"] / told["generating"])


def test_a_plan_comes_back_from_what_a_run_keeps(hub: Hub) -> None:
    """Also one of the first release, which knew less."""
    plan = Plan(target="pass@3", passes=4, budget=Budget(attempts=40, seconds=1e6), overrides={"top_k": 5})
    run(hub, Fake(), GIVEN, target=plan.target, passes=4, budget=plan.budget, overrides=plan.overrides)
    ((options,),) = hub.database.execute("SELECT options FROM run").fetchall()
    assert Plan.from_json(json.loads(options)) == plan
    old = {"passes": 7, "max_attempts": 9, "seed": 2, "overrides": {}}
    assert Plan.from_json(old) == replace(Plan(), passes=7, max_attempts=9, seed=2)


@pytest.mark.parametrize(
    ("text", "good"),
    [("per-sample", True), ("mean", True), ("pass@1", True), ("pass@100", True)]
    + [(bad, False) for bad in ("pass@0", "pass@", "pass@-1", "pass@x", "passes", "", "pass@1.5")],
)
def test_targets_by_name(text: str, good: bool) -> None:
    assert is_target(text) is good
