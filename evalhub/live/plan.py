"""How to spend a budget of answers on a new release, from a file of results on the one before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from aggregate.rerun.plan import Plan, plan
from evalhub.errors import EvalhubError
from evalhub.file_measurements import read_files


def plan_files(
    old: Path,
    samples: int,
    budget: int,
    *,
    retired: Sequence[str] = (),
    columns: Mapping[str, str] | None = None,
    metric: str = "",
    tell: Callable[[str], None] = lambda _: None,
) -> Plan:
    """Read the results on the release before and plan for the next, as `aggregate.rerun.plan.plan` does.

    Raises:
        EvalhubError: the file cannot be read, the budget runs nothing, a retired model is unknown.
        aggregate.measurements.MeasurementsError: the values cannot be scores.
    """
    measurements, _ = read_files([old], columns=columns, metric=metric, tell=tell)
    try:
        return plan(measurements, samples, budget, retired=retired)
    except ValueError as error:
        raise EvalhubError(str(error)) from error


def plan_json(made: Plan) -> dict[str, Any]:
    """As `evalhub live plan --json` prints it."""
    return {"samples": made.samples, "budget": made.budget, "ways": [asdict(way) for way in made.ways]}
