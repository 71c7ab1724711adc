"""Samples answered by likelihood: what is asked, when it passes, what is measured beside, and long texts."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evalhub.backends.base import Output, Request, Score
from evalhub.backends.baseline import BaselineBackend
from evalhub.errors import EvalhubError
from evalhub.graders.likelihood import read_scores, write_scores
from evalhub.scoring.figures import figures
from evalhub.scoring.likelihood import continuations, metrics
from evalhub.scoring.plan import Plan
from evalhub.scoring.prompt import request
from evalhub.scoring.regrade import regrade
from evalhub.scoring.score import Scored, score
from evalhub.scoring.session import score_model
from evalhub.store.hub import Hub
from evalhub.store.samples import add_samples
from ingest.records import Condition, Model, Sample, Status
from tests.engine.models import make
from tests.scoring.fakes import Boom, Silent, table

ASKED = Condition(form="plain", answer="likelihood")
WHOLE = Condition(form="plain", template="", answer="likelihood")


def sample(name: str, prompt: str, reference: Any, choices: tuple[str, ...] = (), **more: Any) -> Sample:
    grader = more.pop("grader", "choice" if choices else "exact")
    given = {"condition": ASKED, **more}
    return Sample(
        source="fake", source_id=name, prompt=prompt, reference=reference, grader=grader, choices=choices, **given
    )


CHOICE = sample("choice", "The sky is", "blue", ("red", "blue", "somewhat green"))
WORD = sample("word", "Once upon a", "time")
TEXT = sample("text", "It was the best of times.\nIt was  the worst of times. é", None, grader="perplexity")
TEXT = replace(TEXT, condition=WHOLE)
GIVEN = [CHOICE, WORD, TEXT]

SCORES = {
    " red": Score(-4.0, 1, False),
    " blue": Score(-3.0, 1, True),
    " somewhat green": Score(-3.5, 3, False),
    " time": Score(-0.25, 1, True),
    TEXT.prompt: Score(-60.0, 15, False),
}


class Likely:
    """A backend that knows how likely some continuations are.

    Args:
        dies_after: raise `Boom` instead of giving more outputs than so many.
    """

    notes: tuple[str, ...] = ()

    def __init__(self, scores: dict[str, Score] | None = None, dies_after: int | None = None) -> None:
        self.model = Model(model_id="likely")
        self.capacity = 1
        self._scores = scores or SCORES
        self._left = dies_after
        self._flying: list[Request] = []
        self.asked: list[Request] = []

    def refuses(self, sample: Sample, asked: Condition) -> str:
        del sample
        return "" if asked.answer == "likelihood" else "it only scores"

    def condition(self, asked: Condition) -> Condition:
        return asked

    def submit(self, requests: Sequence[Request]) -> None:
        self._flying += requests
        assert len(self._flying) <= self.capacity
        self.asked += requests

    def collect(self, seconds: float) -> list[Output]:
        del seconds
        done, self._flying = self._flying, []
        if self._left is not None:
            self._left -= len(done)
            if self._left < 0:
                raise Boom
        return [self._output(one) for one in done]

    def _output(self, one: Request) -> Output:
        try:
            scores = tuple(self._scores[each] for each in one.continuations)
        except KeyError:
            return Output(one, "cannot be scored", Status.ERROR, 0, 0.0)
        return Output(one, "", Status.OK, sum(score.tokens for score in scores), 0.0, scores=scores)

    def close(self) -> None:
        pass


def run(hub: Hub, backend: Any, given: Sequence[Sample] = GIVEN, **overrides: Any) -> Scored:
    add_samples(hub, given)
    return score(hub, backend, [one.sample_id for one in given], Plan(overrides=overrides), Silent())


def measured(hub: Hub) -> dict[tuple[str, str], float | None]:
    names = {one.sample_id: one.source_id for one in GIVEN}
    rows = hub.database.execute("SELECT sample_id, metric, value FROM measurement").fetchall()
    return {(names[sample_id], metric): value for sample_id, metric, value in rows}


def test_every_sample_is_asked_once_and_measured_by_several_metrics(hub: Hub) -> None:
    """Kept like any attempt: its text is the scores."""
    backend = Likely()
    scored = run(hub, backend)
    assert [one.continuations for one in sorted(backend.asked, key=lambda one: one.text)] == [
        (TEXT.prompt,),
        (" time",),
        (" red", " blue", " somewhat green"),
    ]
    assert {one.attempt for one in backend.asked} == {0}
    assert {(tally.value, tally.passes, tally.attempts) for tally in scored.tallies} == {(1.0, 1, 1)}
    nats, count = 60.0, len(TEXT.prompt.encode())
    assert measured(hub) == {
        ("choice", "pass rate"): 1.0,
        ("choice", "loglikelihood"): -3.0,
        ("choice", "acc_norm"): 0.0,  # -4/3, -3/4, -3.5/14
        ("choice", "acc_bytes"): 0.0,
        ("word", "pass rate"): 1.0,
        ("word", "loglikelihood"): -0.25,
        ("text", "loglikelihood"): -60.0,
        ("text", "bits_per_byte"): pytest.approx(nats / count / math.log(2)),
        ("text", "byte_perplexity"): pytest.approx(math.exp(nats / count)),
        ("text", "word_perplexity"): pytest.approx(math.exp(nats / 13)),
    }
    (kept,) = hub.database.execute("SELECT output FROM attempt WHERE sample_id = ?", [CHOICE.sample_id]).fetchall()
    assert json.loads(hub.blobs.get([kept[0]])[kept[0]])[1] == {"logprob": -3.0, "tokens": 1, "greedy": True}


@pytest.mark.parametrize(
    ("given", "scores", "passes"),
    [
        (CHOICE, {" red": Score(-3.0, 1, False)}, False),  # a tie: the first is taken
        (CHOICE, {" somewhat green": Score(-2.0, 3, False)}, False),
        (WORD, {" time": Score(-0.25, 1, False)}, False),  # likely, but not the likeliest
        (WORD, {" time": Score(-9.0, 1, True)}, True),
    ],
)
def test_when_an_answer_passes(hub: Hub, given: Sample, scores: dict[str, Score], passes: bool) -> None:
    (tally,) = run(hub, Likely(SCORES | scores), [given]).tallies
    assert tally.value == float(passes)


def test_accuracy_by_characters_and_by_bytes_may_differ() -> None:
    """A letter of two bytes counts once, or twice."""
    one = sample("bytes", "?", "éééé", ("eeee", "éééé"))
    scores = (Score(-4.0, 1, False), Score(-6.0, 1, False))
    found = {metric.metric: metric.value for metric in metrics(one, "c", scores)}
    assert (found["acc_norm"], found["acc_bytes"]) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("condition", "text", "expected"),
    [
        (ASKED, "The sky is", " blue"),
        (ASKED, "The sky is\n", "blue"),
        (replace(ASKED, form="chat"), "The sky is", "blue"),
        (Condition(), "The sky is", None),
    ],
)
def test_a_space_parts_a_plain_text_from_its_answer(condition: Condition, text: str, expected: str | None) -> None:
    """But where there is white space already, and at the beginning of a chat's turn."""
    found = continuations(replace(CHOICE, choices=("blue", " grey")), condition, text)
    assert found == ((expected, " grey") if expected else ())


def test_a_run_that_was_interrupted_goes_on(tmp_path: Path) -> None:
    """No sample is asked twice, and the measurements are those of a run in one go."""
    with Hub(tmp_path / "whole") as whole:
        run(whole, Likely())
        expected = table(whole, "measurement")
    with Hub(tmp_path / "torn") as torn:
        for dies_after in range(3):
            # A slow disk has kept more by then, and nothing may be left to die of.
            with suppress(Boom):
                run(torn, Likely(dies_after=dies_after))
        run(torn, Likely())
        assert table(torn, "measurement") == expected
        again = Likely()
        first = run(torn, again)
        assert not again.asked and len(first.metrics) == 8


def test_the_user_may_ask_for_likelihoods_where_the_source_does_not(hub: Hub) -> None:
    """Under a condition of its own; what is about decoding has no part in it."""
    plain = [replace(one, condition=Condition(form="plain", stop=("\n",))) for one in (CHOICE, WORD)]
    run(hub, Likely(), plain, answer="likelihood", temperature=0.3)
    variants = hub.database.execute(
        "SELECT DISTINCT variant FROM measurement JOIN condition USING (condition_id)"
    ).fetchall()
    assert variants == [("answer=likelihood",)]
    assert request(CHOICE, ASKED.changed(temperature=0.3), 0, 0).continuations


def test_what_cannot_be_asked_so_is_skipped_and_said(hub: Hub) -> None:
    tests = sample("tests", "def f():", {"tests": "…"}, grader="python-tests")
    other = sample("other", "Which?", "none of them", ("a", "b"))
    scored = run(hub, Likely(), [CHOICE, tests, other])
    assert scored.skipped == {
        "without choices or a text as reference there is no likelihood to ask for": 1,
        "its reference is none of its choices, so that no likelihood is right": 1,
    }
    with pytest.raises(EvalhubError, match="it only scores; a long text is scored by likelihood only"):
        run(hub, Likely(), [CHOICE, TEXT], answer="generate")


def test_chance_beside_likelihoods_is_that_of_a_guess(hub: Hub) -> None:
    """A baseline guesses an option, and no text."""
    scored = run(hub, BaselineBackend("baseline:random"))
    assert scored.skipped == {"a long text is scored by likelihood only": 1}
    assert [tally.sample_id for tally in scored.tallies] == [CHOICE.sample_id, WORD.sample_id]
    assert not scored.metrics


def test_a_text_that_cannot_be_scored_is_said_and_asked_again(hub: Hub) -> None:
    scored = run(hub, Likely({"nothing": Score(0.0, 0, True)}), [TEXT])
    assert scored.skipped == {"cannot be scored": 1} and not scored.metrics
    again = Likely()
    assert len(run(hub, again, [TEXT]).metrics) == 4
    assert len(again.asked) == 1


def test_judging_anew_leaves_likelihoods_as_they_are(hub: Hub) -> None:
    """What they say follows from them; texts are no part of it."""
    run(hub, Likely())
    before = table(hub, "measurement"), table(hub, "verdict")
    found = regrade(hub, "likely")
    assert (found.changes.outputs, found.changes.not_judged, found.changes.measurements) == (0, 0, 0)
    assert (table(hub, "measurement"), table(hub, "verdict")) == before


def test_texts_are_summed_up_as_one(hub: Hub) -> None:
    """Bits over bytes, not a mean of ratios; with one text no interval is known."""
    short = replace(TEXT, prompt="a" * 10, source_id="short")
    scores = {**SCORES, short.prompt: Score(-30.0, 3, False)}
    scored = run(hub, Likely(scores), [TEXT, short])
    found = {one.metric: one for one in figures(scored.metrics, {one.sample_id: one for one in (TEXT, short)})}
    count = len(TEXT.prompt.encode()) + 10
    assert found["bits_per_byte"].value == pytest.approx(90 / count / math.log(2))
    assert found["byte_perplexity"].value == pytest.approx(math.exp(90 / count))
    assert found["word_perplexity"].value == pytest.approx(math.exp(90 / 14))
    assert found["bits_per_byte"].low is not None and found["bits_per_byte"].low < found["bits_per_byte"].value
    (alone,) = [one for one in scored.metrics if one.metric == "bits_per_byte" and one.value > 3]
    (figure,) = figures([replace(alone, metric="loglikelihood")], {short.sample_id: short})[:1]
    assert figure.low is None


def test_scores_survive_being_written_down() -> None:
    scores = (Score(-1.25, 3, True), Score(-0.5, 1, False))
    assert read_scores(write_scores(scores)) == scores


def test_a_session_scores_in_float32_and_shows_the_metrics(hub: Hub, tmp_path: Path) -> None:
    """With a model of its own, from a folder: twice the same, the second time from what is kept."""
    folder = make(tmp_path / "tiny", "llama")
    add_samples(hub, GIVEN)

    def waiting(_: str) -> Any:
        return nullcontext(Silent())

    sessions = [
        score_model(hub, str(folder), Plan(), device="cpu", waiting=waiting, watching=waiting) for _ in range(2)
    ]
    shown = [session.to_json() for session in sessions]
    assert shown[0]["metrics"] == shown[1]["metrics"] and len(shown[0]["metrics"]) == 6
    assert {entry["source"] for entry in shown[0]["metrics"]} == {"fake"}
    engines = hub.database.execute(
        "SELECT DISTINCT spec->>'engine' FROM attempt JOIN condition USING (condition_id) WHERE model_id = 'tiny'"
    ).fetchall()
    assert engines == [("transformers/float32",)]
