"""A run's result is a function of samples, conditions, seed and stop rule, whatever happens in between."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from aggregate.rates import rate_of
from evalhub.backends.base import Request
from evalhub.errors import EvalhubError
from evalhub.scoring import run as scoring_run
from evalhub.scoring.plan import Plan
from evalhub.scoring.prompt import request
from evalhub.scoring.score import score
from evalhub.store.hub import Hub
from evalhub.store.results import Tallied
from evalhub.store.samples import add_samples
from ingest.records import Sample, Status
from tests.scoring.fakes import Boom, Fake, Silent, answer, run, samples, table

GIVEN = samples(12)


def wanted(sample: Sample, passes: int, most: int, seed: int) -> tuple[object, ...]:
    """The measurement by the sequential procedure: value, low, high, passes, attempts, missing."""
    outcomes: list[bool | None] = []
    while len(outcomes) < most and outcomes.count(True) < passes:
        text, status = answer(request(sample, sample.condition, seed, len(outcomes)))
        outcomes.append(text == "yes" if status.counts else None)
    rate = rate_of(outcomes, passes)
    return rate.rate, rate.low, rate.high, rate.passes, rate.attempts, outcomes.count(None)


def found(tally: Tallied) -> tuple[object, ...]:
    return tally.value, tally.low, tally.high, tally.passes, tally.attempts, tally.missing


@pytest.mark.parametrize("chance", range(4))
def test_tallies_are_those_of_the_sequential_procedure(hub: Hub, chance: int) -> None:
    """Whatever the order in which the attempts end, the batches and the capacity."""
    scored = run(hub, Fake(chance, capacity=1 + 5 * chance), GIVEN, passes=2, max_attempts=9, seed=3)
    assert [tally.sample_id for tally in scored.tallies] == [sample.sample_id for sample in GIVEN]
    for sample, tally in zip(GIVEN, scored.tallies, strict=True):
        assert found(tally) == wanted(sample, 2, 9, 3)


@pytest.mark.parametrize("chance", range(2))
def test_a_run_that_was_interrupted_ends_as_one_that_was_not(tmp_path: Path, chance: int) -> None:
    """Interrupted again and again: the same measurements, no attempt lost or made twice."""
    with Hub(tmp_path / "whole") as whole:
        run(whole, Fake(99), GIVEN, passes=2, max_attempts=9)
        measured = table(whole, "measurement")
    dice = random.Random(chance)
    deaths, before = 0, 0
    while True:
        with Hub(tmp_path / "torn") as torn:
            backend = Fake(dice.randrange(1000), dies_after=dice.randint(0, 20))
            try:
                run(torn, backend, GIVEN, passes=2, max_attempts=9)
            except Boom:
                deaths += 1
            kept = len(table(torn, "attempt"))
            assert kept >= before
            before = kept
            if torn.database.execute("SELECT ended_at FROM run").fetchall()[0][0] is not None:
                break
            assert not table(torn, "measurement"), "measurements are written when all are there"
    assert deaths >= 2
    with Hub(tmp_path / "torn") as torn:
        assert table(torn, "measurement") == measured
        assert torn.database.execute("SELECT count(*) FROM run").fetchall() == [(1,)]


def test_a_long_run_opens_its_database_anew(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Again and again in its midst, so that its memory stays flat: its measurements are the same."""
    renewed: list[int] = []
    renew = Hub.renew
    monkeypatch.setattr(scoring_run, "_RENEWED", 10)
    monkeypatch.setattr(Hub, "renew", lambda self: (renewed.append(len(table(self, "attempt"))), renew(self)))
    scored = run(hub, Fake(1), GIVEN, passes=2, max_attempts=9)
    assert len(renewed) >= 3
    for sample, tally in zip(GIVEN, scored.tallies, strict=True):
        assert found(tally) == wanted(sample, 2, 9, 0)
    assert len(table(hub, "attempt")) >= renewed[-1]


def test_what_was_made_is_not_made_again(hub: Hub) -> None:
    """A second, equal run asks the model nothing and gives the same measurements."""
    first = run(hub, Fake(1), GIVEN, passes=2, max_attempts=9)
    attempts = table(hub, "attempt")
    again = Fake(2)
    second = run(hub, again, GIVEN, passes=2, max_attempts=9)
    assert not again.asked
    assert (second.run_id, second.tallies) == (first.run_id, first.tallies)
    assert table(hub, "attempt") == attempts


def test_more_attempts_go_on_where_fewer_ended(hub: Hub) -> None:
    """With a larger limit the old attempts are used, and the measurement is replaced, not doubled."""
    run(hub, Fake(1), GIVEN, passes=3, max_attempts=4)
    made = {(row[3], row[4]) for row in table(hub, "attempt")}
    more = Fake(2)
    scored = run(hub, more, GIVEN, passes=3, max_attempts=20)
    assert more.asked and not made & set(more.asked)
    assert len(table(hub, "measurement")) == len(GIVEN)
    for sample, tally in zip(GIVEN, scored.tallies, strict=True):
        assert found(tally) == wanted(sample, 3, 20, 0)


def test_fewer_attempts_than_there_are_give_the_measurement_of_the_fewer(hub: Hub) -> None:
    """Attempts behind the limit are left out, though they are known."""
    run(hub, Fake(1), GIVEN, passes=3, max_attempts=20)
    scored = run(hub, Fake(2), GIVEN, passes=1, max_attempts=4)
    for sample, tally in zip(GIVEN, scored.tallies, strict=True):
        assert found(tally) == wanted(sample, 1, 4, 0)
    assert scored.shrunk > 0, "the user must hear of it"
    assert run(hub, Fake(2), GIVEN, passes=3, max_attempts=20).shrunk == 0


def test_another_seed_makes_attempts_of_its_own(hub: Hub) -> None:
    """Both seeds' attempts and measurements stay."""
    run(hub, Fake(), GIVEN, passes=1, max_attempts=3, seed=0)
    run(hub, Fake(), GIVEN, passes=1, max_attempts=3, seed=1)
    assert len(table(hub, "measurement")) == 2 * len(GIVEN)
    assert hub.database.execute("SELECT count(*) FROM run").fetchall() == [(2,)]


def test_the_model_never_gets_more_than_it_can_take(hub: Hub) -> None:
    """`Fake` asserts its capacity; here a capacity of one serves all the same."""
    backend = Fake(capacity=1)
    run(hub, backend, GIVEN[:3], passes=2, max_attempts=5)
    assert max(backend.asked.values()) == 1


def test_progress_is_told(hub: Hub) -> None:
    """The watcher hears of what was there and how it ends."""
    add_samples(hub, GIVEN)
    ids = [sample.sample_id for sample in GIVEN]
    score(hub, Fake(), ids[:6], Plan(passes=1, max_attempts=3), Silent())
    watcher = Silent()
    score(hub, Fake(), ids, Plan(passes=1, max_attempts=3), watcher)
    assert watcher.began is not None and watcher.last is not None
    assert watcher.began[:2] == (12, 6) and watcher.began[2] >= 6
    settled, attempts, remaining, tokens = watcher.last
    assert (settled, remaining) == (12, 0)
    assert tokens == attempts == len(table(hub, "attempt")) - watcher.began[2]


def test_images_that_a_model_cannot_see_are_skipped_and_said(hub: Hub) -> None:
    """The others are scored."""
    blind = Fake(refused=lambda sample: "it has no eyes" if sample.images else "")
    picture = Sample(source="fake", source_id="p", prompt="0.5", reference="yes", grader="exact", images=(b"png",))
    scored = run(hub, blind, [*GIVEN[:2], picture], passes=1, max_attempts=2)
    assert scored.skipped == {"it has no eyes": 1}
    assert [tally.sample_id for tally in scored.tallies] == [sample.sample_id for sample in GIVEN[:2]]
    with pytest.raises(EvalhubError, match="nothing can be scored: it has no eyes"):
        run(hub, blind, [picture])


def test_nothing_chosen(hub: Hub) -> None:
    """An empty choice is said, and no run is recorded."""
    with pytest.raises(EvalhubError, match="no sample was chosen"):
        score(hub, Fake(), [], Plan(), Silent())
    assert hub.database.execute("SELECT count(*) FROM run").fetchall() == [(0,)]


def test_a_sample_whose_attempts_are_all_missing_has_no_value_and_a_reason(hub: Hub) -> None:
    """Truncated, refused and failed attempts are missing, never 0."""
    kinds = [Status.TRUNCATED, Status.REFUSED, Status.TIMEOUT, Status.ERROR]

    def lost(asked: Request) -> tuple[str, Status]:
        return "yes", kinds[asked.attempt % 4]

    scored = run(hub, Fake(answers=lost), GIVEN[:1], passes=1, max_attempts=4)
    rows = hub.database.execute("SELECT value, low, high, passes, attempts, missing, reason FROM measurement")
    reason = "all 4 attempts missing: error, refused, timeout, truncated"
    assert rows.fetchall() == [(None, 0.0, 1.0, 0, 0, 4, reason)]
    assert scored.tallies[0].value is None


def test_no_answer_is_wrong_not_missing(hub: Hub) -> None:
    """A model that says nothing has a rate of 0."""
    scored = run(hub, Fake(answers=lambda _: ("", Status.NO_ANSWER)), GIVEN[:1], passes=1, max_attempts=4)
    assert found(scored.tallies[0])[0] == 0.0
    assert scored.tallies[0].attempts == 4 and scored.tallies[0].missing == 0
