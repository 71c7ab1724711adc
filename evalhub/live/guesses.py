"""What a model says to questions whose pictures it is not shown, in several runs with the options reshuffled."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Literal

from scipy import special

from evalhub import plugins
from evalhub.backends.base import Backend, Output, Request
from evalhub.graders.base import Grader
from evalhub.graders.likelihood import write_scores
from evalhub.live.asking import outputs_of, reshuffled
from evalhub.scoring.likelihood import LIKELIHOOD, grader_of
from evalhub.scoring.prompt import request
from evalhub.telling import Tell, quiet
from ingest.questions.question import Question
from ingest.questions.wording import first_sentence
from ingest.records import Condition, Sample

Way = Literal["question", "caption"]
"""Told nothing but the question; or the caption of its figure or table as well."""

_OPTIONS = Condition(form="plain", template="\n{choices}\nAnswer:", answer="likelihood")
"""How a model is asked that says how likely it finds a text: options stand behind the question, in their order,
and the likeliest one behind them is its answer. The question is the condition's preamble: what all runs of a
question begin with, so that an engine computes it once."""

_NUMBER = Condition(
    form="plain",
    preamble="How many legs has a dog?\nAnswer: 4\n\nWhat is half of 25?\nAnswer: 12.5\n\n"
    "How many months has a year?\nAnswer: 12\n\n",
    template="{prompt}\nAnswer:",
    answer="likelihood",
)
"""The same for a free number: how likely it writes the right one and ends the line. The examples show that nothing
else is wanted. To let it write and count would be a hundred times the work."""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """How the blind test is made."""

    runs: int = 6
    """Answers to each question by each solver, at most, before it is decided on."""

    fresh: int = 2
    """Answers to each kept question after that, which the reported accuracy is from."""

    level: float = 0.05
    """A solver whose chance to be right does not exceed luck's is called better than luck on a question with at
    most this probability."""

    numeric_chance: float = 0.1
    """What luck may get right of a question with a free number: of a count of up to ten things, one in ten."""

    seed: int = 0

    def chance(self, sample: Sample) -> float:
        """What luck gets right of a sample."""
        return 1 / len(sample.choices) if sample.choices else self.numeric_chance


@dataclass(kw_only=True)
class Trial:
    """A solver's answers to one question, without its picture."""

    question: Question
    way: Way

    told: Sample
    """What the solver is asked: no images, and where told so, the caption."""

    chance: float
    """What luck gets right."""

    named: Counter[str] = field(default_factory=Counter)
    """How often each option was the answer; of a free number, how often the right one."""

    answered: int = 0
    """Runs that count."""

    missing: int = 0
    """Runs without an answer to judge: error, cut off, refused, timed out."""

    likelihood: float | None = None
    """Of a free number: the probability that the solver writes the right one, where it tells that; in one run."""

    @property
    def options(self) -> tuple[str, ...]:
        """What is counted: all options; of a free number, the right one."""
        return self.told.choices or (self.key,)

    @property
    def key(self) -> str:
        """The right answer."""
        return str(self.told.reference)

    @property
    def right(self) -> int:
        """Runs that were right."""
        return self.named[self.key]

    @property
    def share(self) -> float:
        """Of the answers that count, how many are right."""
        return self.right / self.answered if self.likelihood is None else self.likelihood

    def preferred(self, level: float) -> list[str]:
        """Options that were the answer more often than luck has it."""
        if self.likelihood is not None:
            return [self.key] if self.likelihood > self.chance else []
        bound = least(self.answered, self.chance, level)
        return [option for option in self.options if self.named[option] >= bound]

    def settled(self, left: int, level: float) -> bool:
        """Whether so many more runs cannot change what is preferred, be they answered or missing."""
        bound = least(self.answered + left, self.chance, level)
        return all(self.named[one] >= bound or self.named[one] + left < bound for one in self.options)

    def unsettled(self, left: int, level: float) -> int:
        """How many of so many more runs have to be made before it can be settled, whatever comes: they are asked
        together."""
        if self.settled(left, level):
            return 0
        bound = least(self.answered + left, self.chance, level)
        most = max(self.named[one] for one in self.options if self.named[one] < bound)
        return max(1, min(left, bound - most, most + left - bound + 1))

    def again(self) -> Trial:
        """The same, not begun; but a likelihood is the same whenever it is asked for, and stays."""
        return replace(self, named=Counter(), answered=int(self.likelihood is not None), missing=0)


@lru_cache
def least(runs: int, chance: float, level: float) -> int:
    """The fewest right answers of so many runs that luck gives with a probability of at most `level` (one-sided
    exact binomial test); one more than there are runs where no number is so rare."""
    rare = (count for count in range(1, runs + 1) if special.bdtrc(count - 1, runs, chance) <= level)
    return next(rare, runs + 1)


def trial(question: Question, way: Way, rules: Rules) -> Trial | None:
    """A trial that has not begun; None where the caption says no more than the question does."""
    told = replace(question.sample, images=())
    if way == "caption":
        caption = caption_beyond(question)
        if not caption:
            return None
        told = replace(told, prompt=f"Caption: {caption}\n\n{told.prompt}")
    return Trial(question=question, way=way, told=told, chance=rules.chance(told))


def caption_beyond(question: Question) -> str:
    """The caption of a question's figure or table, as far as the question does not hold it. Empty, too, where the
    question is which caption belongs."""
    caption = str(question.content.get("caption") or "").strip()
    prompt = question.sample.prompt
    if caption and caption.rstrip(".") in prompt:
        return ""
    start = first_sentence(caption)
    told = start and start in prompt and caption.startswith(start)
    return caption[len(start) :].lstrip(". ") if told else caption


def run_trials(
    backend: Backend,
    trials: Iterable[Trial],
    rules: Rules,
    runs: range,
    *,
    until_settled: bool,
    tell: Tell = quiet,
) -> None:
    """Ask a solver, and count its answers in the trials. What a trial is asked at one time goes side by side.

    Args:
        runs: their numbers, which decide on the order of the options.
        until_settled: ask no more where the rest cannot change what is preferred (curtailed sampling: the decision
            is the same, the share of right answers is not).
        tell: is told how far it is.

    Raises:
        EvalhubError: the solver died.
    """
    judges: dict[str, Grader] = {}
    able = [(one, asked) for one in trials if (asked := _condition(backend, one.told)) is not None]
    nexts = [runs.start] * len(able)
    while True:
        sent: dict[str, tuple[Trial, Sample, str]] = {}
        requests: list[Request] = []
        for place, (one, condition) in enumerate(able):
            left = runs.stop - nexts[place]
            wanted = one.unsettled(left, rules.level) if until_settled else left
            if not one.told.choices and condition.answer == LIKELIHOOD:
                wanted = min(left, 1) if one.likelihood is None else 0  # the same in each run
            for run in range(nexts[place], nexts[place] + wanted):
                sample = reshuffled(one.told, rules.seed, run)
                # A name of its own: a server may be asked together for attempts of what has one name.
                name = f"{one.question.sample.sample_id}/{one.way}/{run}"
                requests.append(replace(_request(sample, condition, rules.seed, run), sample_id=name))
                sent[name] = (one, sample, grader_of(sample, condition))
            nexts[place] += wanted
        if not requests:
            return
        for done, output in enumerate(outputs_of(backend, requests), 1):
            tell(f"{backend.model.model_id}, blind: {done:,} of {len(requests):,} answers")
            one, sample, judge = sent[output.request.sample_id]
            if judge not in judges:
                judges[judge] = plugins.make("grader", judge)
            _count(one, sample, output, judges[judge])


def _request(sample: Sample, condition: Condition, seed: int, run: int) -> Request:
    if condition.answer == LIKELIHOOD and sample.choices:
        condition = replace(condition, preamble=sample.prompt)
    elif condition.answer == LIKELIHOOD:
        sample = replace(sample, reference=f"{sample.reference}\n")
    return request(sample, condition, seed, run)


def _condition(backend: Backend, sample: Sample) -> Condition | None:
    """How a solver is asked: by likelihood where it can, else as the sample wants it; None where it cannot be."""
    ways = (_OPTIONS if sample.choices else _NUMBER, sample.condition)
    return next((backend.condition(way) for way in ways if not backend.refuses(sample, way)), None)


def _count(one: Trial, sample: Sample, output: Output, judge: Grader) -> None:
    if output.scores and not one.told.choices:
        one.likelihood, one.answered = math.exp(output.scores[0].logprob), 1
        return
    text = write_scores(output.scores) if output.scores else output.text
    verdicts = (
        [(option, judge.grade(replace(sample, reference=option), text)) for option in one.options]
        if output.status.counts
        else []
    )
    if not verdicts or any(verdict.value is None for _, verdict in verdicts):
        one.missing += 1
        return
    one.answered += 1
    one.named.update(option for option, verdict in verdicts if verdict.value)
