"""Conditions of results that others measured, of which a log says little or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ingest.records import Condition

NOT_TOLD = -1.0
"""A temperature of which the log says nothing. Any that could be real would make two conditions one."""

UNTOLD = Condition(temperature=NOT_TOLD, top_p=1.0, max_tokens=0)
"""Where nothing is told."""


def told(condition: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a condition (`Condition.to_json`) without those that only stand there as nobody told them."""
    if condition["temperature"] != NOT_TOLD:
        return dict(condition)
    nothing = UNTOLD.to_json()
    return {name: value for name, value in condition.items() if value != nothing.get(name)}
