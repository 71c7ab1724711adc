"""A model run on part of a pool: which samples, kept from the start, and what they say of all of them."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from evalhub.errors import EvalhubError
from evalhub.scoring.budget import PoolEstimate, draw, estimate_pool
from evalhub.scoring.plan import Plan
from evalhub.scoring.score import score
from evalhub.store.hub import Hub
from evalhub.store.samples import add_samples
from ingest.records import Model, Sample, Status
from tests.scoring.fakes import Boom, Fake, Judge, Silent, answer, run, samples, table

GIVEN = samples(60)
IDS = [sample.sample_id for sample in GIVEN]
CHANCE = {sample.sample_id: float(sample.prompt) for sample in GIVEN}
PLAN = Plan(passes=2, max_attempts=6)


def other(name: str, chance: int = 0) -> Fake:
    """A model like the fake one: what is hard for it is hard for the others."""
    backend = Fake(chance, answers=lambda asked: answer(asked, 0.0), capacity=500)
    backend.model = Model(model_id=name)
    return backend


def known(hub: Hub, models: int = 6) -> None:
    """Other models' results on the pool."""
    for number in range(models):
        run(hub, other(f"other-{number}"), GIVEN, passes=1, max_attempts=1, seed=number)


def scored(hub: Hub, backend: Fake, budget: int, plan: Plan = PLAN, ids: list[str] = IDS) -> PoolEstimate:
    drawn = draw(hub, backend, ids, plan, budget)
    score(hub, backend, drawn.sample_ids, plan, Silent())
    return estimate_pool(hub, drawn)


def asked(backend: Fake) -> set[str]:
    return {sample_id for sample_id, _ in backend.asked}


@pytest.fixture
def pool(hub: Hub) -> Hub:
    """A hub with samples and no results."""
    add_samples(hub, GIVEN)
    return hub


def test_only_so_many_samples_are_run_and_the_rest_is_estimated(pool: Hub) -> None:
    """Completed where five other models or more have seen the samples."""
    known(pool)
    backend = Fake()
    found = scored(pool, backend, 15)
    assert len(asked(backend)) == 15
    assert (found.whole.samples, found.whole.observed, found.whole.method) == (60, 15, "completed")
    assert found.whole.low < np.mean(list(CHANCE.values())) < found.whole.high
    assert "6 other models" in found.how
    assert found.saved is not None and 0.6 < found.saved < 0.9 and "other models" in found.cost
    assert [(source, tag, part.samples) for source, tag, part in found.groups] == [
        ("fake", "t0", 30),
        ("fake", "t1", 30),
    ]


def test_with_few_other_models_the_mean_speaks_for_the_rest(pool: Hub) -> None:
    """And says so; baselines are no models to learn from."""
    known(pool, 3)
    for seed in range(4):
        run(pool, other(f"baseline:{seed}"), GIVEN, passes=1, max_attempts=1, seed=seed)
    found = scored(pool, Fake(), 20)
    assert found.whole.method == "plain" and "with 5 other models or more" in found.how
    assert found.whole.observed == 20 and found.whole.low < 0.5 < found.whole.high


def test_other_conditions_of_a_model_are_not_other_models(pool: Hub) -> None:
    """Neither of its own, nor six variants of one other."""
    for seed in range(6):
        plan = Plan(passes=1, max_attempts=1, overrides={"temperature": float(seed)})
        for name in ("fake", "other"):
            score(pool, other(name), IDS, plan, Silent())
    assert draw(pool, Fake(), IDS, PLAN, 5).others == ["other"]


def test_the_choice_is_kept_whatever_others_show_later(pool: Hub) -> None:
    """Killed before or within the run, the same samples are run; no attempt is made twice."""
    first = draw(pool, Fake(), IDS, PLAN, 12).sample_ids
    known(pool)
    dying = Fake(dies_after=10)
    with pytest.raises(Boom):
        score(pool, dying, draw(pool, dying, IDS, PLAN, 12).sample_ids, PLAN, Silent())
    assert asked(dying) <= set(first)
    run(pool, other("another"), GIVEN[:30], passes=2, max_attempts=6)
    backend = Fake(3)
    scored(pool, backend, 12)
    assert asked(backend) <= set(first)
    made = [row for row in table(pool, "attempt") if row[0] == "fake"]
    assert {row[3] for row in made} == set(first)
    again = Fake()
    assert scored(pool, again, 12).whole.observed == 12 and not again.asked


@pytest.mark.parametrize("chance", range(2))
def test_a_run_that_was_interrupted_ends_as_one_that_was_not(tmp_path: Path, chance: int) -> None:
    """Again and again: the same measurements and the same estimate."""
    dice = random.Random(chance)
    with Hub(tmp_path / "whole") as hub:
        known(hub)
        expected = scored(hub, Fake(), 15).whole
        measured = table(hub, "measurement")
    with Hub(tmp_path / "torn") as hub:
        known(hub)
    deaths, found = 0, None
    while found is None:
        with Hub(tmp_path / "torn") as hub:
            try:
                found = scored(hub, Fake(dice.randrange(99), dies_after=dice.randint(0, 40)), 15).whole
            except Boom:
                deaths += 1
    assert deaths >= 2 and found == expected
    with Hub(tmp_path / "torn") as hub:
        assert table(hub, "measurement") == measured


def test_a_larger_budget_goes_on_and_a_smaller_one_keeps_what_is_there(pool: Hub) -> None:
    """The first samples are among the second; all results count."""
    known(pool)
    few, more, fewer = Fake(), Fake(), Fake()
    scored(pool, few, 10)
    found = scored(pool, more, 25)
    assert len(asked(more)) == 15 and not asked(few) & asked(more)
    assert found.whole.observed == 25
    assert scored(pool, fewer, 5).whole == found.whole and not fewer.asked


def test_results_that_are_there_are_free(pool: Hub) -> None:
    """Samples run before are not drawn, do not count against the budget, and count in the estimate."""
    known(pool)
    run(pool, Fake(), GIVEN[:20], passes=2, max_attempts=6)
    backend = Fake()
    found = scored(pool, backend, 10)
    assert len(asked(backend)) == 10 and not asked(backend) & set(IDS[:20])
    assert found.whole.observed == 30


def test_another_seed_or_condition_is_another_choice(pool: Hub) -> None:
    """Results under one are not results under the other."""
    for plan in (PLAN, Plan(passes=2, max_attempts=6, seed=1), Plan(overrides={"temperature": 0.5})):
        backend = Fake()
        assert scored(pool, backend, 10, plan).whole.observed == 10
        assert len(asked(backend)) == 10


def test_a_pool_that_grew_is_another_pool(pool: Hub) -> None:
    """What was run before is free, and as many samples again are drawn from all that is new or was not run."""
    scored(pool, Fake(), 10, ids=IDS[:30])
    backend = Fake()
    found = scored(pool, backend, 10)
    assert len(asked(backend)) == 10 and found.whole.observed == 20


def test_a_budget_for_all_of_them_is_no_estimate(pool: Hub) -> None:
    """Every sample has its result."""
    backend = Fake(answers=lambda asked: answer(asked, 0.0))
    found = scored(pool, backend, 1000)
    values = [row[0] for row in pool.database.execute("SELECT value FROM measurement").fetchall()]
    assert found.whole.mean == pytest.approx(np.mean(values)) and found.whole.low == found.whole.high
    assert (found.whole.method, found.saved, len(asked(backend))) == ("all", 0.0, 60)
    again = Fake()
    assert scored(pool, again, 7).whole == found.whole and not again.asked


def test_what_cannot_be_asked_or_judged_is_not_drawn(pool: Hub, graders: Callable[..., None]) -> None:
    """It is no part of the pool that the estimate is about, and is said to be left out."""
    graders(broken=Judge(refusal="no sandbox"))
    code = [
        Sample(source="code", source_id=str(n), prompt=f"{n}", reference="x", grader="broken") for n in range(30)
    ]
    add_samples(pool, code)
    blind = Fake(refused=lambda sample: "no eyes" if sample.sample_id in IDS[:40] else "")
    drawn = draw(pool, blind, [*IDS, *(sample.sample_id for sample in code)], PLAN, 15)
    assert set(drawn.sample_ids) <= set(IDS[40:]) and len(drawn.sample_ids) == 15
    assert drawn.skipped == {"no eyes": 40, "no sandbox": 30} and len(drawn.conditions) == 20
    with pytest.raises(EvalhubError, match="nothing can be scored: no eyes"):
        draw(pool, blind, IDS[:40], PLAN, 15)


def test_missing_results_are_completed_never_zero(pool: Hub) -> None:
    """A model whose outputs are all cut off is unknown, not bad."""
    known(pool)
    found = scored(pool, Fake(answers=lambda _: ("ye", Status.TRUNCATED)), 10)
    assert found.whole.observed == 0 and (found.whole.low, found.whole.high) == (0.0, 1.0)
    half = Fake(answers=lambda asked: ("yes", Status.OK if CHANCE[asked.sample_id] > 0.5 else Status.TIMEOUT))
    half.model = Model(model_id="half")
    found = scored(pool, half, 30)
    assert 0 < found.whole.observed < 30 and found.whole.mean is not None and found.whole.mean > 0.5
    with Hub(pool.path.parent / "empty") as empty:
        add_samples(empty, GIVEN)
        lost = scored(empty, Fake(answers=lambda _: ("ye", Status.TRUNCATED)), 10)
    assert (lost.whole.mean, lost.whole.low, lost.whole.high, lost.whole.method) == (None, 0.0, 1.0, "plain")


def test_the_cost_of_what_was_not_run(pool: Hub) -> None:
    """By what others took on the same samples, in proportion; else by the model's own mean."""
    mean = scored(pool, Fake(), 20)
    spent = sum(row[0] for row in pool.database.execute("SELECT tokens FROM attempt").fetchall())
    assert mean.saved == pytest.approx(1 - 20 / 60) and spent > 0
    assert mean.cost.endswith("are this model's mean")
    run(pool, other("other"), GIVEN[:59], passes=2, max_attempts=6)
    mixed = scored(pool, Fake(), 20)
    assert mixed.saved is not None and abs(mixed.saved - 2 / 3) < 0.15 and "or else" in mixed.cost
