"""How to spend a budget of answers on a new release, and the commands that do it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from aggregate.measurements import Measurements
from aggregate.rerun.plan import Plan, Way, plan
from evalhub.errors import EvalhubError


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


def commands(way: Way, source: str, samples: int) -> list[str]:
    """What runs the models of a way on a release of the hub. Which samples a share is, `evalhub score` draws."""
    share = [] if way.samples_each >= samples else ["--budget", str(way.samples_each)]
    return [shlex.join(["evalhub", "score", model, "--source", source, *share]) for model in way.models]


def plan_json(made: Plan, source: str = "") -> dict[str, Any]:
    """As `evalhub live plan --json` prints it; with commands where the hub has the release, as this source."""
    return {
        "samples": made.samples,
        "budget": made.budget,
        "ways": [
            {**asdict(way), **({"commands": commands(way, source, made.samples)} if source else {})}
            for way in made.ways
        ],
    }
