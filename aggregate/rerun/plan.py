"""A new release and a budget of answers: some models on all samples, or all models on some?"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import numpy as np

from aggregate.measurements import Measurements
from aggregate.rerun.changes import Changes, choose_models, learn_changes
from aggregate.rerun.scores import check_chances

Name = Literal["models", "samples"]


@dataclass(frozen=True)
class Way:
    """One way to spend the budget."""

    way: Name
    """`models`: some models answer every sample, the others are predicted. `samples`: every model that can be
    run answers as many samples, drawn at random; those that cannot are predicted."""

    models: tuple[str, ...]
    """Models to run."""

    samples_each: int
    """Samples that each of them answers."""

    share: float
    """The same as a share of the release."""

    answers: int
    """Of all these together, at most the budget."""

    expected_error: float
    """Mean absolute error to expect of the scores that are not measured in full; 0 where all are."""


@dataclass(frozen=True)
class Plan:
    """The ways that the budget allows."""

    samples: int
    budget: int
    ways: tuple[Way, ...]
    """The one with the least expected error first."""


def plan(old: Measurements, samples: int, budget: int, *, retired: Collection[str] = ()) -> Plan:
    """Ways to spend `budget` answers (model x sample) on a release of so many samples.

    old: results on the release before, in [0, 1]. retired: models that can no longer be run.

    Errors are those of normal predictions with the variances of `changes.Changes`, before anything is run; of
    n samples drawn at random out of N the variance is that of a result times (1 - n/N)/n. `shares.assign` draws.
    Raises MeasurementsError for values outside [0, 1], ValueError for a budget that runs nothing, no samples, a
    retired model that has no results, or where no model is left to run.
    """
    check_chances(old)
    if samples < 1:
        raise ValueError(f"a release of {samples} samples has nothing to answer")
    if unknown := {*retired} - {*old.models}:
        raise ValueError(f"the retired model {min(unknown)!r} has no results on the old release")
    changes = learn_changes(old)
    able = np.flatnonzero([model not in retired for model in old.models])
    if not able.size:
        raise ValueError("every model is retired: there is none to run")
    number, each = min(budget // samples, able.size), min(budget // able.size, samples)
    if not number and not each:
        raise ValueError(f"a budget of {budget:,} answers is less than one of each of {able.size:,} models")
    ways = []
    if each:
        ways.append(_way(changes, old.models, "samples", able, each, samples))
    if number and each < samples:
        chosen = able[choose_models(changes.score[able], number)]
        ways.append(_way(changes, old.models, "models", chosen, samples, samples))
    return Plan(samples, budget, tuple(sorted(ways, key=lambda one: one.expected_error)))


def _way(changes: Changes, names: tuple[str, ...], way: Name, run: np.ndarray, each: int, samples: int) -> Way:
    variance = changes.result_variance[run] * (1 - each / samples) / each
    error = changes.expected_error(run, variance, samples)
    measured = np.zeros(error.size, bool)
    measured[run] = each == samples
    return Way(
        way,
        tuple(names[i] for i in run),
        each,
        each / samples,
        each * run.size,
        float(error[~measured].mean()) if not measured.all() else 0.0,
    )
