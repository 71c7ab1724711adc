"""Judging: after the attempt is kept, once for each output, and a judge's own fault is nobody's fail."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from evalhub.backends.base import Request
from evalhub.errors import EvalhubError
from evalhub.graders.base import judged
from evalhub.scoring.grading import Grading
from evalhub.scoring.plan import Plan
from evalhub.scoring.score import score
from evalhub.store.attempts import Kept, Verdict, load_attempts
from evalhub.store.hub import Hub
from evalhub.store.samples import add_samples
from ingest.records import Sample, Status, bytes_hash
from tests.scoring.fakes import Fake, Judge, Silent, run, samples, table

Graders = Callable[..., None]
GIVEN = samples(6)


def test_an_attempt_is_in_the_store_before_it_is_judged(hub: Hub, hub_path: Path, graders: Graders) -> None:
    """A grader that looks finds the text and the row; what is on disk when it dies is not lost."""
    seen = []

    def looks(sample: Sample, text: str) -> Verdict:
        name = bytes_hash(text.encode())
        with sqlite3.connect(hub_path / "blobs.sqlite") as other:
            texts = other.execute("SELECT count(*) FROM blob WHERE hash = ?", [name]).fetchone()
        rows = hub.database.cursor().execute(
            "SELECT count(*) FROM attempt WHERE sample_id = ? AND output = ?", [sample.sample_id, name]
        )
        seen.append((texts[0], rows.fetchall()[0][0] > 0))
        return judged(text == "yes")

    graders(exact=Judge(looks))
    run(hub, Fake(), GIVEN, passes=2, max_attempts=6)
    assert seen and set(seen) == {(1, True)}


def test_an_output_is_judged_once(hub: Hub, graders: Graders) -> None:
    """Equal outputs to a sample share a verdict, within a run and across runs, seeds and models."""
    judge = Judge()
    graders(exact=judge)
    run(hub, Fake(1), GIVEN, passes=9, max_attempts=12)
    assert judge.asked and max(judge.asked.values()) == 1
    assert len(table(hub, "verdict")) == len(judge.asked) < len(table(hub, "attempt"))
    run(hub, Fake(2), GIVEN, passes=9, max_attempts=24, seed=5)
    assert max(judge.asked.values()) == 1
    assert judge.closed


def test_what_counts_without_an_answer_is_not_judged(hub: Hub, graders: Graders) -> None:
    """Nor is what was cut off."""
    judge = Judge()
    graders(exact=judge)
    kinds = [Status.NO_ANSWER, Status.TRUNCATED]
    run(hub, Fake(answers=lambda asked: ("x", kinds[asked.attempt % 2])), GIVEN[:1], passes=1, max_attempts=4)
    assert not judge.asked


def test_a_graders_own_fault_is_a_missing_attempt(hub: Hub, graders: Graders) -> None:
    """Not a fail; and the sample says why it has no value."""

    def broken(_sample: Sample, _text: str) -> Verdict:
        raise ZeroDivisionError("oh")

    graders(exact=Judge(broken))
    scored = run(hub, Fake(answers=lambda _: ("yes", Status.OK)), GIVEN[:1], passes=1, max_attempts=3)
    assert scored.tallies[0].value is None
    assert (scored.tallies[0].missing, scored.tallies[0].reason) == (3, "all 3 attempts missing: not judged")
    details = hub.database.execute("SELECT status, value, detail FROM verdict").fetchall()
    assert details == [("error", None, "the grader failed: ZeroDivisionError: oh")]


def test_a_missing_verdict_is_tried_again_and_replaced(hub: Hub, graders: Graders) -> None:
    """A timeout today may be a pass tomorrow; then the store says so, too."""
    slow = Judge(lambda _sample, _text: Verdict(Status.TIMEOUT, None, "too slow"))
    graders(exact=slow)
    same = Fake(answers=lambda _: ("yes", Status.OK))
    assert run(hub, same, GIVEN[:1], passes=1, max_attempts=2).tallies[0].value is None
    well = Judge()
    graders(exact=well)
    assert run(hub, Fake(), GIVEN[:1], passes=1, max_attempts=2).tallies[0].value == 1.0
    assert hub.database.execute("SELECT status, value FROM verdict").fetchall() == [("ok", 1.0)]
    again = Judge()
    graders(exact=again)
    run(hub, Fake(), GIVEN[:1], passes=1, max_attempts=2)
    assert not again.asked


def test_a_grader_that_cannot_work_here_skips_its_samples(hub: Hub, graders: Graders) -> None:
    """The others are scored; with none left the reason is the error."""
    other = Sample(source="fake", source_id="n", prompt="0.5", reference="1", grader="numeric")
    graders(exact=Judge(refusal="no sandbox here"))
    scored = run(hub, Fake(), [*GIVEN, other], passes=1, max_attempts=2)
    assert scored.skipped == {"no sandbox here": len(GIVEN)}
    assert [tally.sample_id for tally in scored.tallies] == [other.sample_id]
    with pytest.raises(EvalhubError, match="nothing can be scored: no sandbox here"):
        run(hub, Fake(), GIVEN)


def test_an_unknown_grader_is_named(hub: Hub) -> None:
    """With those that there are."""
    strange = Sample(source="fake", source_id="s", prompt="0.5", reference="1", grader="taste")
    with pytest.raises(EvalhubError, match="unknown grader 'taste': there are choice, exact"):
        run(hub, Fake(), [strange])


@pytest.mark.parametrize("text", ["", "\x00", "a\x00b", "\ud800", "\U0001f600", "x" * 100_000, "\r\n\u2028"])
def test_any_text_reaches_the_grader_as_it_was(hub: Hub, graders: Graders, text: str) -> None:
    """Also what UTF-8 cannot say, and what ends a C string; the grader's detail may repeat it."""
    judge = Judge(lambda _, said: Verdict(Status.OK, 1.0, f"read as {said[:20]}"))
    graders(exact=judge)

    def says(_: Request) -> tuple[str, Status]:
        return text, Status.OK

    scored = run(hub, Fake(answers=says), GIVEN[:1], passes=1, max_attempts=1)
    assert list(judge.asked) == [(GIVEN[0].sample_id, text)]
    assert scored.tallies[0].value == 1.0


def test_judging_goes_on_beside_generation(hub: Hub, graders: Graders) -> None:
    """`submit` gives back at once what needs no judge, and `collect` the rest."""
    graders(exact=Judge())
    with Grading(hub, {GIVEN[0].sample_id: GIVEN[0]}) as grading:
        assert grading.refusals() == {}
        assert grading.pending == 0
        assert grading.collect(0) == []


def test_whoever_interrupts_does_not_wait_for_verdicts(hub: Hub, graders: Graders) -> None:
    """Neither the first Ctrl-C nor the second; what was not judged is judged by the next run."""
    release = threading.Event()

    def slow(sample: Sample, text: str) -> Verdict:
        release.wait(60)
        return judged(text == sample.reference)

    graders(exact=Judge(slow))
    add_samples(hub, GIVEN)
    began = time.monotonic()
    ids = [sample.sample_id for sample in GIVEN]
    looks = iter(range(100))
    stopped = score(hub, Fake(), ids, Plan(passes=2), Silent(), stopped=lambda: next(looks) > 5)
    assert stopped.interrupted and not table(hub, "verdict")
    with pytest.raises(KeyboardInterrupt), Grading(hub, {GIVEN[0].sample_id: GIVEN[0]}) as grading:
        grading.refusals()
        grading.submit(load_attempts(hub, "fake", 0, {GIVEN[0].sample_id: GIVEN[0].condition.condition_id}))
        raise KeyboardInterrupt
    assert time.monotonic() - began < 30
    release.set()
    graders(exact=Judge())
    assert run(hub, Fake(), GIVEN, passes=2).tallies[-1].value is not None


def test_a_grader_that_is_at_work_when_the_run_fails_is_waited_for(hub: Hub, graders: Graders) -> None:
    """And closed, before its sandbox goes; what has not begun is not begun."""
    judge = Judge(lambda _sample, _text: time.sleep(0.05) or judged(True))
    graders(exact=judge)
    with pytest.raises(ZeroDivisionError), Grading(hub, {sample.sample_id: sample for sample in GIVEN}) as grading:
        grading.refusals()
        texts = hub.blobs.put(str(number).encode() for number in range(200))
        grading.submit(Kept(GIVEN[0].sample_id, place, Status.OK, text) for place, text in enumerate(texts))
        raise ZeroDivisionError
    asked = sum(judge.asked.values())
    assert judge.closed and asked < 100
    time.sleep(0.2)
    assert sum(judge.asked.values()) == asked
