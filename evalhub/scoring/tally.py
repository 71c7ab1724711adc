"""What the attempts that count add up to: a measurement of each sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from aggregate.anytime import Narrow, anytime_interval
from aggregate.rates import pass_at, rates
from aggregate.stopped import stopped_rates
from aggregate.two_stage import combine
from evalhub.scoring.goals import Shares
from evalhub.scoring.schedule import Schedule
from evalhub.store.results import Tallied

Stages = tuple[int, int, int, int, float]
"""Passes and counted attempts of a sample's pilot, the same of its second stage, and the pilot's weight."""


@dataclass(frozen=True, kw_only=True)
class Tally:
    """What a run's attempts add up to."""

    measurements: list[Tallied]

    unsettled: frozenset[str] = frozenset()
    """Samples whose attempts a budget or the user cut short."""

    at_k: Mapping[str, float | None] | None = None
    """Under the target pass@k, each sample's estimate of it; None where its attempts are too few for one."""

    stages: Mapping[str, Stages] | None = None
    """Under the target `mean`, each sample's two stages."""


def tally(schedule: Schedule, conditions: Mapping[str, str], reasons: Mapping[str, Mapping[int, str]]) -> Tally:
    """Add up what counts.

    conditions: the condition's id of every sample, in the order of the measurements.
    reasons: why attempts are missing, by sample and attempt.
    """
    samples = list(conditions)
    counts = [schedule.count(sample) for sample in samples]
    passes = np.array([count.passes for count in counts], np.int64)
    counted = np.array([count.counted for count in counts], np.int64)
    reached = schedule.reached()
    target = np.where([sample in reached for sample in samples], passes, counted + 1)
    plan = schedule.plan
    stages = None
    if isinstance(schedule.goal, Shares):
        stages = {sample: _stages(schedule, sample, schedule.goal.pilot) for sample in samples}
        value = combine(*_columns(list(stages.values()))).rates
        low, high = anytime_interval(passes, counted)
    elif plan.width:
        value = stopped_rates(passes, counted, Narrow(plan.width), plan.passes)
        low, high = anytime_interval(passes, counted)
    else:
        found = rates(passes, counted, target)
        value, low, high = found.rate, found.low, found.high
    # What is unbiased for a mean may, for a single sample, lie beside the interval of passes/attempts.
    low, high = np.fmin(low, value), np.fmax(high, value)
    ended = " and ".join(plan.budget.words()[name] for name in schedule.ended)
    measurements = []
    for place, (sample, count) in enumerate(zip(samples, counts, strict=True)):
        known = count.counted > 0
        lost = sorted({why for attempt, why in reasons.get(sample, {}).items() if attempt < count.made})
        measurements.append(
            Tallied(
                sample_id=sample,
                condition_id=conditions[sample],
                value=float(value[place]) if known else None,
                low=float(low[place]),
                high=float(high[place]),
                passes=count.passes,
                attempts=count.counted,
                missing=count.made - count.counted,
                reason="" if known else _why(count.made, lost, ended),
            )
        )
    at_k = None
    if plan.k is not None:
        # Where all attempts are the same, one tells what any number of them would.
        alike = [sample in schedule.once for sample in samples]
        estimates = np.where(alike, value, pass_at(plan.k, passes, counted, target))
        at_k = {
            sample: None if np.isnan(one) else float(one) for sample, one in zip(samples, estimates, strict=True)
        }
    return Tally(
        measurements=measurements,
        unsettled=frozenset(sample for sample in samples if not schedule.enough(sample)),
        at_k=at_k,
        stages=stages,
    )


def mean_of(stages: Sequence[Stages]) -> tuple[float | None, float, float]:
    """Mean of samples by their two stages, with the interval for the noise of attempts alone."""
    found = combine(*_columns(stages))
    return found.mean, found.low, found.high


def _columns(
    stages: Sequence[Stages],
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray], np.ndarray]:
    x1, n1, x2, n2, weight = np.array(stages, float).reshape(-1, 5).T
    return (x1, n1), (x2, n2), weight


def _stages(schedule: Schedule, sample: str, pilot: int) -> Stages:
    outcomes = schedule.outcomes(sample)
    first, second = outcomes[:pilot], outcomes[pilot:]
    if not pilot:
        first, second = second, first
    counted = [[outcome for outcome in part if outcome is not None] for part in (first, second)]
    return sum(counted[0]), len(counted[0]), sum(counted[1]), len(counted[1]), schedule.weight(sample)


def _why(made: int, reasons: Sequence[str], ended: str) -> str:
    """Why a sample has no value."""
    if made:
        return f"all {made} attempts missing: {', '.join(reasons)}"
    return (
        f"not reached: the budget of {ended} was spent before"
        if ended
        else "not reached before the run was stopped"
    )
