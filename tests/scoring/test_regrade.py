"""Judging stored attempts anew: no model, all verdicts and measurements together."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from evalhub import plugins
from evalhub.errors import EvalhubError
from evalhub.graders.base import judged
from evalhub.scoring import regrade as regrading
from evalhub.scoring.plan import Budget
from evalhub.scoring.regrade import find_model, regrade
from evalhub.store.attempts import Verdict
from evalhub.store.hub import Hub
from ingest.records import Sample, Status
from tests.scoring.fakes import Fake, Judge, run, samples, table
from tests.scoring.test_targets import NAMES, PLANS

Graders = Callable[..., None]
GIVEN = samples(8)


@pytest.fixture(autouse=True)
def no_backends(monkeypatch: pytest.MonkeyPatch) -> None:
    """No model can be run here, whatever its name."""

    def none() -> list[Any]:
        raise AssertionError("a backend was asked for")

    monkeypatch.setattr(plugins, "backends", none)


def strict(text: str) -> Judge:
    """A grader that passes this text alone."""
    return Judge(lambda _, said: judged(said == text))


@pytest.mark.parametrize("plan", PLANS, ids=NAMES)
def test_with_the_same_grader_nothing_changes(hub: Hub, plan: dict[str, Any]) -> None:
    """Whatever the run was for, and whatever ended it: attempts are counted as they were."""
    run(hub, Fake(price=0.01, capacity=15), GIVEN, **plan)
    before, verdicts = table(hub, "measurement"), table(hub, "verdict")
    changes = regrade(hub, "fake").changes
    assert table(hub, "measurement") == before and table(hub, "verdict") == verdicts
    assert (changes.outputs, changes.not_judged) == (len(verdicts), 0)
    assert not any(vars(changes)[name] for name in vars(changes) if name not in ("outputs",))


def test_what_changed_is_told_by_source(hub: Hub, graders: Graders) -> None:
    """Attempts, outputs, verdicts, and the rate before and now."""
    run(hub, Fake(1, capacity=40), GIVEN, passes=3, max_attempts=12)
    made = [row for row in table(hub, "attempt") if "ok" in map(str, row)]
    graders(exact=strict("never"))
    found = regrade(hub, "fake")
    (part,) = found.sources
    assert (part.source, part.attempts, part.outputs) == ("fake", len(made), found.changes.outputs)
    assert part.changed == found.changes.pass_to_fail > 0
    assert part.before and part.before > 0 and part.after == 0


def test_another_verdict_changes_measurements_as_a_run_would_have(hub: Hub, graders: Graders) -> None:
    """Those of a run from the start under the new grader, where there are attempts enough; else it says so."""
    run(hub, Fake(1, capacity=40), GIVEN, passes=3, max_attempts=12)
    old = {row[:2]: row[3] for row in table(hub, "verdict")}
    graders(exact=strict("no 2"))
    found = regrade(hub, "fake")
    after = {row[:2]: row[3] for row in table(hub, "verdict")}
    turned = [(old[key], after[key]) for key in old]
    assert found.changes.pass_to_fail == turned.count((1.0, 0.0)) > 0
    assert found.changes.fail_to_pass == turned.count((0.0, 1.0)) > 0
    assert found.changes.measurements > 0 and found.changes.need_more > 0
    regraded = {row[1]: row for row in table(hub, "measurement")}
    asked = Fake(2)
    run(hub, asked, GIVEN, passes=3, max_attempts=12)
    lacking = {sample for sample, _ in asked.asked}
    assert len(lacking) == found.changes.need_more
    for row in table(hub, "measurement"):
        if row[1] not in lacking:
            assert row == regraded[row[1]]
    json.dumps(found.to_json(), allow_nan=False)


def test_a_regraded_run_is_that_of_a_run_from_the_start(hub: Hub, graders: Graders) -> None:
    """Where a stricter grader needs no more attempts than the cap allows."""
    run(hub, Fake(1), GIVEN, passes=9, max_attempts=8)
    graders(exact=strict("no 2"))
    regrade(hub, "fake")
    found = table(hub, "measurement")
    hub.database.execute("DELETE FROM measured; DELETE FROM attempt; DELETE FROM verdict")
    run(hub, Fake(2), GIVEN, passes=9, max_attempts=8)
    assert table(hub, "measurement") == found


def test_all_conditions_and_seeds(hub: Hub, graders: Graders) -> None:
    """Each run by its own rule."""
    run(hub, Fake(), GIVEN, passes=2, max_attempts=9)
    run(hub, Fake(), GIVEN, passes=1, max_attempts=4, seed=7)
    run(hub, Fake(), GIVEN, passes=4, max_attempts=6, overrides={"temperature": 0.9})
    graders(exact=strict("nothing"))
    regrade(hub, "fake")
    rows = hub.database.execute("SELECT DISTINCT value FROM measurement").fetchall()
    assert rows == [(0.0,)] and len(table(hub, "measurement")) == 3 * len(GIVEN)


def test_only_a_source(hub: Hub, graders: Graders) -> None:
    """The others keep their verdicts and measurements."""
    other = [
        Sample(source="else", source_id=s.source_id, prompt=f"{s.prompt}0", reference="yes", grader="exact")
        for s in GIVEN
    ]
    run(hub, Fake(), [*GIVEN, *other], passes=2, max_attempts=5)
    before = table(hub, "measurement")
    graders(exact=strict("nothing"))
    regrade(hub, "fake", ["else"])
    after = table(hub, "measurement")
    ids = {sample.sample_id for sample in other}
    assert [row for row in after if row[1] not in ids] == [row for row in before if row[1] not in ids]
    assert all(row[2] in (0.0, None) for row in after if row[1] in ids) and after != before
    with pytest.raises(EvalhubError, match="the pool has no source 'nowhere'"):
        regrade(hub, "fake", ["nowhere"])


def test_what_cannot_be_judged_now_stays(hub: Hub, graders: Graders) -> None:
    """A grader that cannot work here, or fails, takes nothing away; what it can say replaces what was missing."""
    run(hub, Fake(), GIVEN, passes=2, max_attempts=5)
    before, verdicts = table(hub, "measurement"), table(hub, "verdict")
    graders(exact=Judge(refusal="no sandbox here"))
    found = regrade(hub, "fake")
    assert found.summary.skipped == {"no sandbox here": len(GIVEN)}
    assert found.changes.not_judged == len(verdicts) and found.changes.outputs == 0

    def fails(_sample: Sample, _text: str) -> Verdict:
        raise ZeroDivisionError("oh")

    graders(exact=Judge(fails))
    assert regrade(hub, "fake").changes.not_judged == len(verdicts)
    assert table(hub, "measurement") == before and table(hub, "verdict") == verdicts
    hub.database.execute("UPDATE verdict SET status = 'timeout', value = NULL")
    graders(exact=Judge())
    changes = regrade(hub, "fake").changes
    assert changes.missing_to_pass > 0 and changes.missing_to_fail > 0
    assert changes.missing_to_pass + changes.missing_to_fail == len(verdicts)
    assert table(hub, "measurement") == before


def test_all_or_nothing(hub: Hub, graders: Graders, monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes wrong while measurements are written takes the verdicts back."""
    run(hub, Fake(), GIVEN, passes=2, max_attempts=5)
    verdicts = table(hub, "verdict")
    graders(exact=strict("nothing"))

    def torn(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(regrading, "replace_measurements", torn)
    with pytest.raises(KeyboardInterrupt):
        regrade(hub, "fake")
    assert table(hub, "verdict") == verdicts


def test_a_verdict_of_another_version_is_given_anew_by_the_next_run(hub: Hub, graders: Graders) -> None:
    """Without being asked; and then it is known."""
    first, second = Judge(), Judge()
    graders(exact=first)
    run(hub, Fake(), GIVEN, passes=2, max_attempts=5)
    graders(exact=second)
    run(hub, Fake(), GIVEN, passes=2, max_attempts=5)
    assert not second.asked
    second.version = "2"  # type: ignore[attr-defined]
    for _ in range(2):
        run(hub, Fake(), GIVEN, passes=2, max_attempts=5)
    assert second.asked == first.asked
    assert hub.database.execute("SELECT DISTINCT grader_version FROM verdict").fetchall() == [("2",)]


def test_a_run_that_was_measured_by_time_counts_what_is_there(hub: Hub) -> None:
    """Its clock is not asked again."""
    run(hub, Fake(), GIVEN, passes=2, max_attempts=5, budget=Budget(seconds=1e6))
    before = table(hub, "measurement")
    regrade(hub, "fake")
    assert table(hub, "measurement") == before


def test_a_model_by_any_of_its_names(hub: Hub) -> None:
    """Id, file or folder; and those that there are, where it is none."""
    known = ["org/name", "model.Q4", "checkpoint", "replay:outcomes"]
    for name, model in [
        ("org/name", "org/name"),
        ("./some/model.Q4.gguf", "model.Q4"),
        ("~/models/checkpoint/", "checkpoint"),
        ("replay:/data/outcomes.csv", "replay:outcomes"),
    ]:
        assert find_model(name, known) == model
    with pytest.raises(
        EvalhubError, match="no attempts of 'other' are kept in this hub: there are attempts of ch"
    ):
        find_model("other", known)
    with pytest.raises(EvalhubError, match="no model has any"):
        regrade(hub, "other")


def test_a_model_without_a_finished_run(hub: Hub) -> None:
    """There is nothing to replace."""
    run(hub, Fake(), GIVEN[:1], max_attempts=1)
    hub.database.execute("UPDATE run SET ended_at = NULL")
    with pytest.raises(EvalhubError, match="no run of fake has ended yet"):
        regrade(hub, "fake")


def test_missing_attempts_stay_missing(hub: Hub) -> None:
    """Truncated ones and failed ones are not for a grader."""
    kinds = [Status.OK, Status.TRUNCATED, Status.ERROR, Status.NO_ANSWER]
    backend = Fake(answers=lambda asked: ("yes", kinds[asked.attempt % 4]))
    run(hub, backend, GIVEN, passes=9, max_attempts=8)
    before = table(hub, "measurement")
    changes = regrade(hub, "fake").changes
    assert table(hub, "measurement") == before and changes.outputs == len(GIVEN)
