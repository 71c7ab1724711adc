"""Written questions answered by other models, which see the picture and the options but never the key.

Each run is one question by itself, with the options in another order. A verifier agrees with a key that enough of
its runs give; it may also say that no option is right. Models favour what they wrote themselves, so a writer's own
word does not count for its questions unless that is asked for; it is recorded, and `self_preference` shows it.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
from scipy import special

from aggregate.intervals import Interval, mean_interval
from evalhub import plugins
from evalhub.backends.base import Backend, Output
from evalhub.errors import EvalhubError
from evalhub.graders.base import Grader
from evalhub.live.asking import outputs_of, reshuffled
from evalhub.live.ledger import Removed
from evalhub.live.structured import Unusable, found, said
from evalhub.scoring.prompt import request
from ingest.questions.question import Question
from ingest.records import Condition, Sample

NONE_RIGHT = "no option is right"

_CHOICE = Condition(
    template="{prompt}\n{choices}\nLook closely at the picture. Answer with JSON and nothing else: "
    f'{{"answer": "X"}}, where X is the letter of the right option, or “{NONE_RIGHT}”.',
    max_tokens=2048,
)
_NUMBER = Condition(
    template='{prompt}\nLook closely at the picture. Answer with JSON and nothing else: {"answer": X}, where X is '
    "the number.",
    max_tokens=2048,
)

Said = Literal["agrees", "differs", "undecided"]


@dataclass(frozen=True, kw_only=True)
class Quorum:
    """When a verifier agrees."""

    runs: int = 3
    """Answers to each question by each verifier."""

    need: int = 2
    """How many of them have to give the key."""

    seed: int = 0

    def by_luck(self, options: int) -> float:
        """The probability that a verifier which guesses among so many options agrees."""
        return float(special.bdtrc(self.need - 1, self.runs, 1 / options))


@dataclass(frozen=True, kw_only=True)
class Vote:
    """What one verifier said to one question."""

    sample_id: str
    cluster: str
    """The paper."""

    verifier: str
    writer: str
    """Empty where no model wrote it."""

    agreed: int
    """Runs that gave the key."""

    answered: int
    missing: int
    """Runs without an answer: error, cut off, refused, timed out."""

    said: Said
    """Undecided where the missing runs could have made up the quorum."""


@dataclass(frozen=True)
class Verified:
    """What verifiers said of questions."""

    kept: list[Question]
    removed: list[Removed]

    votes: list[Vote]
    """Of every verifier on every question, a writer's on its own included."""

    def verified_by(self, sample_id: str) -> list[str]:
        """Models other than the writer that agreed to a question's key."""
        return [
            vote.verifier
            for vote in self.votes
            if vote.sample_id == sample_id and vote.said == "agrees" and vote.verifier != vote.writer
        ]

    def to_json(self, quorum: Quorum) -> dict[str, Any]:
        """How often each verifier said what, how often a guess would do, and who favours itself, as plain JSON."""
        options = {len(one.sample.choices) for one in (*self.kept, *(gone.question for gone in self.removed))}
        return {
            "votes": {
                verifier: dict(Counter(vote.said for vote in self.votes if vote.verifier == verifier))
                for verifier in sorted({vote.verifier for vote in self.votes})
            },
            "by_luck": max((quorum.by_luck(count) for count in options if count), default=0.0),
            "self_preference": [asdict(one) for one in self_preference(self.votes)],
        }


@dataclass(frozen=True, kw_only=True)
class Preference:
    """How often a model that writes and verifies gives the key: of its own questions, and of the others'."""

    model: str
    own: Interval
    others: Interval
    """Shares of its answers, with intervals of 95 % by papers. A difference may also mean that one of the two sets
    is easier or has fewer wrong keys."""


def verify(
    questions: Sequence[Question],
    verifiers: Sequence[Backend],
    quorum: Quorum | None = None,
    *,
    trust_writers: bool = False,
) -> Verified:
    """Keep the questions to whose key a verifier agrees and no verifier gives another one.

    For written questions: a key that was computed needs no model's word.

    Args:
        trust_writers: a model's word counts for the questions that it wrote, too.

    Raises:
        EvalhubError: a question has no verifier but its writer, a verifier cannot be shown pictures or died.
    """
    quorum = quorum or Quorum()
    names = {verifier.model.model_id for verifier in verifiers}
    for writer in sorted({_writer(question) for question in questions}):
        if not (names if trust_writers else names - {writer}):
            raise EvalhubError(f"nobody but {writer} itself would verify what it wrote: name another verifier")
    votes = [vote for verifier in verifiers for vote in _votes(questions, verifier, quorum)]
    counted: dict[str, list[Vote]] = {question.sample.sample_id: [] for question in questions}
    for vote in votes:
        if trust_writers or vote.verifier != vote.writer:
            counted[vote.sample_id].append(vote)
    verified = Verified([], [], votes)
    for question in questions:
        reason = _objection(counted[question.sample.sample_id])
        if reason:
            verified.removed.append(Removed(question, "agreement", reason))
        else:
            verified.kept.append(question)
    return verified


def self_preference(votes: Sequence[Vote]) -> list[Preference]:
    """Of each model that verified questions of its own and of others, how often it gave the key of each."""
    found = []
    for model in sorted({vote.verifier for vote in votes if vote.writer == vote.verifier}):
        answered = [vote for vote in votes if vote.verifier == model and vote.writer and vote.answered]
        own = [vote for vote in answered if vote.writer == model]
        others = [vote for vote in answered if vote.writer != model]
        if own and others:
            found.append(Preference(model=model, own=_share(own), others=_share(others)))
    return found


def _votes(questions: Sequence[Question], verifier: Backend, quorum: Quorum) -> list[Vote]:
    """All runs of one verifier."""
    asked: dict[str, tuple[Question, Sample]] = {}
    requests = []
    for question in questions:
        for run in range(quorum.runs):
            sample = reshuffled(question.sample, quorum.seed, run)
            condition = _CHOICE if sample.choices else _NUMBER
            if why := verifier.refuses(sample, condition):
                raise EvalhubError(f"{verifier.model.model_id} cannot verify questions on pictures: {why}")
            name = f"{question.sample.sample_id}/{run}"
            asked[name] = (question, sample)
            put = request(sample, verifier.condition(condition), quorum.seed, run)
            requests.append(replace(put, sample_id=name, schema=_schema(sample)))
    right: dict[str, list[bool | None]] = {question.sample.sample_id: [] for question in questions}
    graders: dict[str, Grader] = {}
    for output in outputs_of(verifier, requests):
        question, sample = asked[output.request.sample_id]
        if sample.grader not in graders:
            graders[sample.grader] = plugins.make("grader", sample.grader)
        right[question.sample.sample_id].append(_right(output, sample, graders[sample.grader]))
    return [_vote(one, verifier.model.model_id, right[one.sample.sample_id], quorum) for one in questions]


def _schema(sample: Sample) -> dict[str, Any]:
    letters = [chr(ord("A") + place) for place in range(len(sample.choices))]
    answer = {"type": "string", "enum": [*letters, NONE_RIGHT]} if letters else {"type": "number"}
    return {
        "type": "object",
        "properties": {"answer": answer},
        "required": ["answer"],
        "additionalProperties": False,
    }


def _right(output: Output, sample: Sample, grader: Grader) -> bool | None:
    """Whether an answer is the key; None where there is no answer. One that is no JSON is read as it stands."""
    try:
        text = said(output)
    except Unusable:
        return None
    with contextlib.suppress(Unusable):
        text = str(found(text, ["answer"]).fields["answer"])
    if NONE_RIGHT in text:
        return False
    value = grader.grade(sample, text).value
    return None if value is None else value == 1


def _vote(question: Question, verifier: str, right: Sequence[bool | None], quorum: Quorum) -> Vote:
    agreed, missing = right.count(True), right.count(None)
    if agreed >= quorum.need:
        verdict: Said = "agrees"
    else:
        verdict = "undecided" if agreed + missing >= quorum.need else "differs"
    return Vote(
        sample_id=question.sample.sample_id,
        cluster=question.sample.cluster,
        verifier=verifier,
        writer=_writer(question),
        agreed=agreed,
        answered=len(right) - missing,
        missing=missing,
        said=verdict,
    )


def _objection(votes: Sequence[Vote]) -> str:
    """Why a question is not kept, or ''."""
    for vote in votes:
        if vote.said == "differs":
            return f"{vote.verifier} answers otherwise"
    return "" if any(vote.said == "agrees" for vote in votes) else "too few answers to verify it"


def _share(votes: Sequence[Vote]) -> Interval:
    return mean_interval(
        np.array([vote.agreed / vote.answered for vote in votes]),
        np.array([vote.cluster or vote.sample_id for vote in votes]),
    )


def _writer(question: Question) -> str:
    return str(question.program.get("writer", ""))
