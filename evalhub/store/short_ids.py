"""Samples by the first digits of their ids, as tables show them."""

from __future__ import annotations

from collections.abc import Iterable

from evalhub.errors import EvalhubError
from evalhub.store.hub import Hub

SHOWN = 8
"""Digits of a sample's id that are shown: enough for pools of millions."""

_FEWEST = 6
"""Digits that are taken for the beginning of an id."""


def whole_id(hub: Hub, digits: str) -> str:
    """The id of the pool's one sample whose id begins so.

    Raises:
        EvalhubError: there is none, or there are several.
    """
    beginning = digits.lower()
    rows = hub.database.execute(
        "SELECT sample_id FROM sample WHERE starts_with(sample_id, ?) ORDER BY sample_id LIMIT 2", [beginning]
    ).fetchall()
    if not rows or len(beginning) < _FEWEST:
        raise EvalhubError(
            f"the pool has no sample '{digits}': give the first {_FEWEST} digits of its id or more, which "
            "evalhub probe TEXT shows"
        )
    if len(rows) > 1:
        raise EvalhubError(f"several samples begin with '{digits}': give more digits, which --json shows")
    found: str = rows[0][0]
    return found


def whole_ids(hub: Hub, several: Iterable[str]) -> tuple[str, ...]:
    """What `whole_id` gives of each."""
    return tuple(whole_id(hub, digits) for digits in several)
