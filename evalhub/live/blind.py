"""The blind filter: questions that models answer without the picture, as far as luck does not explain it.

A solver answers each question several times, without its picture and with the options in another order each time.
It prefers an option that is its answer more often than luck has it (one-sided exact binomial test against 1/k).
But a model that cannot know has likings all the same (the longest option, the roundest number), which no order
changes, and one liking in k is right by luck. To drop all of those would leave questions that this model gets
wrong: not at chance, but below it. So the likings that are wrong are counted, too. Where to a solver that knows
nothing the key may be any of the k options, there is one question with a preferred option that is right by luck
for each k-1 with one that is wrong; so many are left in, those with the weakest evidence. (Decoys serve so in the
search of spectra: Elias & Gygi 2007, Nature Methods 4:207-214.) The option that nothing can be told is reckoned by
itself, since a model that knows nothing and says so is right to.

Picking makes the share of right answers too low among the runs that picked. What is reported of the kept questions
is therefore from fresh runs, in other orders.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import numpy as np
from scipy import special

from aggregate.intervals import mean_interval
from evalhub.backends.base import Backend
from evalhub.live.guesses import Rules, Trial, Way, least, run_trials, trial
from evalhub.live.ledger import Removed
from evalhub.telling import Tell, quiet
from ingest.questions.program import UNANSWERED
from ingest.questions.question import Question

_REASONS = {"question": "without the picture", "caption": "from the caption alone"}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What came of one solver, asked in one way."""

    solver: str
    way: Way

    tried: int
    """Questions still there that it was asked."""

    undecided: int
    """Of these, the ones without an answer that counts: kept."""

    preferred: int
    """Of these, the ones whose right option it prefers: more often its answer than luck has it."""

    by_luck: float
    """How many of the preferred luck explains; 0 for free numbers, where no other answer tells."""

    removed: int
    """The others of the preferred."""

    false_alarm: float
    """The largest probability, over its questions, that a solver which answers at random is said to prefer the
    right option of one."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How a solver does blind on what was kept, in fresh runs."""

    solver: str
    way: Way
    kind: Literal["choice", "numeric"]

    items: int
    """With an answer that counts."""

    missing: int
    """Answers that do not count."""

    accuracy: float
    low: float
    high: float
    """Of the accuracy, 95 %, by papers."""

    chance: float
    """What luck gets right of these."""


@dataclass(frozen=True)
class Blind:
    """What the blind filter did."""

    kept: list[Question]
    removed: list[Removed]
    findings: list[Finding]
    standings: list[Standing]

    def to_json(self) -> dict[str, Any]:
        """Findings and standings as plain JSON."""
        return {
            "findings": [asdict(one) for one in self.findings],
            "standings": [asdict(one) for one in self.standings],
        }


def blind(
    questions: Sequence[Question],
    solvers: Sequence[Backend],
    rules: Rules | None = None,
    *,
    tell: Tell = quiet,
) -> Blind:
    """Drop the questions that solvers answer without the picture, beyond luck.

    Assumes that runs are independent given the question, and that to a solver that knows nothing the key is any of
    the options alike.

    Args:
        tell: is told how far it is.

    Raises:
        EvalhubError: a solver died.
    """
    rules = rules or Rules()
    trials = [
        (solver, way, _tried(questions, solver, way, rules, tell)) for solver in solvers for way in get_args(Way)
    ]
    evidence = Counter(
        _id(one) for _, _, asked in trials for one in asked if one.key in one.preferred(rules.level)
    )
    reasons: dict[str, str] = {}
    findings = []
    for solver, way, asked in trials:
        left = [one for one in asked if _id(one) not in reasons]
        if not left:
            continue
        beyond, luck, preferred = _beyond_luck(left, evidence, rules)
        reason = f"{solver.model.model_id} answers it {_REASONS[way]}"
        reasons |= {_id(one): reason for one in beyond}
        findings.append(
            Finding(
                solver=solver.model.model_id,
                way=way,
                tried=len(left),
                undecided=sum(not one.answered for one in left),
                preferred=preferred,
                by_luck=luck,
                removed=len(beyond),
                false_alarm=max(false_alarm(one.chance, rules) for one in left),
            )
        )
    kept = [one for one in questions if one.sample.sample_id not in reasons]
    return Blind(
        kept=kept,
        removed=[
            Removed(one, "blind", reasons[one.sample.sample_id])
            for one in questions
            if one.sample.sample_id in reasons
        ],
        findings=findings,
        standings=[
            standing
            for solver, way, asked in trials
            for standing in standings([one for one in asked if _id(one) not in reasons], solver, way, rules, tell)
        ],
    )


def standings(
    trials: Iterable[Trial], solver: Backend, way: Way, rules: Rules, tell: Tell = quiet
) -> Iterator[Standing]:
    """How a solver does on questions without their pictures, in runs that decided on none of them."""
    asked = [one.again() for one in trials]
    run_trials(solver, asked, rules, range(rules.runs, rules.runs + rules.fresh), until_settled=False, tell=tell)
    for kind in ("choice", "numeric"):
        of_kind = [one for one in asked if (kind == "choice") == bool(one.told.choices)]
        counted = [one for one in of_kind if one.answered]
        if counted:
            interval = mean_interval(
                np.array([one.share for one in counted]),
                np.array([one.told.cluster or _id(one) for one in counted]),
            )
            yield Standing(
                solver=solver.model.model_id,
                way=way,
                kind=kind,
                items=len(counted),
                missing=sum(one.missing for one in of_kind),
                accuracy=interval.mean,
                low=interval.low,
                high=interval.high,
                chance=float(np.mean([one.chance for one in counted])),
            )


def _id(one: Trial) -> str:
    return one.question.sample.sample_id


def _tried(questions: Iterable[Question], solver: Backend, way: Way, rules: Rules, tell: Tell) -> list[Trial]:
    asked = [one for question in questions if (one := trial(question, way, rules))]
    run_trials(solver, asked, rules, range(rules.runs), until_settled=True, tell=tell)
    return asked


def _beyond_luck(left: Sequence[Trial], evidence: Counter[str], rules: Rules) -> tuple[list[Trial], float, int]:
    """Trials whose right option is preferred and not by luck; how many are by luck; and both together.

    Each sort of answer is reckoned by itself.
    """
    right: dict[str, list[Trial]] = defaultdict(list)
    luck: dict[str, float] = defaultdict(float)
    for one in left:
        for option in one.preferred(rules.level):
            sort = "number" if not one.told.choices else "unknown" if option in UNANSWERED else "option"
            if option == one.key:
                right[sort].append(one)
            else:
                luck[sort] += 1 / (len(one.options) - 1)
    beyond: list[Trial] = []
    for sort, preferred in right.items():
        preferred.sort(key=lambda one: _strength(one, evidence), reverse=True)
        beyond += preferred[: max(0, round(len(preferred) - luck[sort]))]
    by_luck = sum(min(luck[sort], len(preferred)) for sort, preferred in right.items())
    return beyond, by_luck, sum(map(len, right.values()))


def _strength(one: Trial, evidence: Counter[str]) -> tuple[int, float, str]:
    """How surely a solver knew: first how many solvers and ways agree; in the end by chance, the sample's hash."""
    return evidence[_id(one)], one.share, _id(one)


def false_alarm(chance: float, rules: Rules) -> float:
    """The probability that answers at random, right with this chance, seem to prefer the right option."""
    bound = least(rules.runs, chance, rules.level)
    return float(special.bdtrc(bound - 1, rules.runs, chance)) if bound <= rules.runs else 0.0
