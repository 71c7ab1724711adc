"""How to spend a budget of answers on a new release, and the commands that do it."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from aggregate.measurements import Measurements
from aggregate.rerun.plan import Plan, Way, plan
from evalhub.errors import EvalhubError
from evalhub.wording import plain


def plan_release(old: Measurements, samples: int, budget: int, *, retired: Sequence[str] = ()) -> Plan:
    """Plan as `aggregate.rerun.plan.plan` does.

    Raises:
        EvalhubError: the budget runs nothing, or a retired model is unknown.
        aggregate.measurements.MeasurementsError: the values cannot be scores.
    """
    try:
        return plan(old, samples, budget, retired=retired)
    except ValueError as error:
        raise EvalhubError(str(error)) from error


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How far the models of a hub are on a release."""

    source: str
    """The release's."""

    samples: int
    """It has so many."""

    answered: Mapping[str, int]
    """Samples of it that a model has a value on."""

    ran: Collection[str]
    """Models that were run here; the others are known from logs."""


def commands(way: Way, on: Standing) -> list[str]:
    """What runs those models of a way that have not answered enough of a release yet. Which samples a share is,
    `evalhub score` draws. A model that was never run here has a remark in the place of a command."""
    share = [] if way.samples_each >= on.samples else ["--budget", str(way.samples_each)]
    lines = []
    for model in way.models:
        if on.answered.get(model, 0) >= way.samples_each:
            continue
        call = shlex.join(["evalhub", "score", model, "--source", on.source, *share])
        known = f"# {' '.join(plain(model).split())} is known from logs alone: import its results on {on.source}"
        lines.append(call if model in on.ran else known)
    return lines


def plan_json(made: Plan, on: Standing | None = None) -> dict[str, Any]:
    """As `evalhub live plan --json` prints it; with commands where the hub has the release."""
    return {
        "samples": made.samples,
        "budget": made.budget,
        "ways": [{**asdict(way), **({"commands": commands(way, on)} if on else {})} for way in made.ways],
    }
