"""What `--budget` takes: an amount with a unit."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import click

_AMOUNT = re.compile(r"(\d+\.?\d*(?:[eE]\d+)?|\.\d+)\s*([kKM]?)\s*(samples|attempts|tokens|s|min|h|usd)?")
_SCALE = {"": 1, "k": 1000, "K": 1000, "M": 1_000_000}
_SECONDS = {"s": 1, "min": 60, "h": 3600}
_UNITS = "400 (samples), 5000attempts, 200ktokens, 90s, 30min, 2h or 1.5usd"


class BudgetType(click.ParamType):
    """AMOUNT with a unit, as (name, value): of `samples`, or a field of `evalhub.scoring.plan.Budget`."""

    name = "AMOUNT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, float]:
        read = _AMOUNT.fullmatch(value.strip())
        if read is None:
            self.fail(f"'{value}' is none; give {_UNITS}.", param, ctx)
        unit = read[3] or "samples"
        amount = float(read[1]) * _SCALE[read[2]]
        if not 0 < amount < math.inf:
            self.fail(f"'{value}' buys nothing; give {_UNITS}.", param, ctx)
        if unit in _SECONDS:
            return "seconds", amount * _SECONDS[unit]
        if unit == "usd":
            return "dollars", amount
        if amount != int(amount):
            self.fail(f"'{value}' is no whole number of {unit}.", param, ctx)
        return unit, int(amount)


def together(given: Sequence[tuple[str, float]]) -> dict[str, Any]:
    """Several budgets as one: {name: value}.

    Raises:
        click.UsageError: two in one unit.
    """
    found = dict(given)
    if len(found) < len(given):
        raise click.UsageError("--budget was given twice in one unit: give the smaller one")
    return found
