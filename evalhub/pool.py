"""The pool: samples come in from sources."""

from __future__ import annotations

import typing
from collections.abc import Callable
from typing import Any

from evalhub import plugins
from evalhub.errors import EvalhubError
from evalhub.store.hub import Hub
from evalhub.store.samples import Added, add_samples

STARTER: tuple[tuple[str, dict[str, Any]], ...] = (
    ("human-eval", {"order": "length", "limit": 16}),
    ("reasoning-gym", {}),
)
"""What an empty pool is filled with at the first score: little enough for two cores, and within the reach of
small models, which pass next to none of the longer problems."""


def ingest(hub: Hub, name: str, options: dict[str, str]) -> Added:
    """Bring a source's samples into the pool. What is there already stays as it is.

    Args:
        name: of the source; what follows a colon is its file or task, as in `jsonl:FILE`.
        options: the source's own, as typed.

    Raises:
        EvalhubError: no such source or option, or no sample came.
        ingest.source.SourceError: the source cannot give samples.
    """
    if name.endswith(".jsonl") and ":" not in name:
        raise EvalhubError(f"a file of your own is named with its format: evalhub ingest jsonl:{name}")
    name, _, path = name.partition(":")
    source = plugins.make("source", name)
    if path:
        options = {**options, "path": path}
    done = add_samples(hub, source.samples(**_typed(name, source.samples, options)))
    if not done.samples:
        raise EvalhubError(f"the source '{name}' gave no samples with these options")
    return done


def fill_starter(hub: Hub) -> Added:
    """Bring in the starter pool: all of it or, where something stops it, none, so that half of it is never taken
    for a pool."""
    with hub.transaction():
        added = [add_samples(hub, plugins.make("source", name).samples(**options)) for name, options in STARTER]
    return Added(sum(part.samples for part in added), sum(part.added for part in added))


def _typed(name: str, function: Callable[..., Any], options: dict[str, str]) -> dict[str, Any]:
    """Options as the source's annotations want them."""
    hints = typing.get_type_hints(function)
    hints.pop("return", None)
    values: dict[str, Any] = {}
    for option, text in options.items():
        if option not in hints:
            known = ", ".join(sorted(hints))
            raise EvalhubError(f"the source '{name}' has no option '{option}'; it has {known}")
        kinds = typing.get_args(hints[option]) or (hints[option],)
        try:
            if str in kinds and typing.get_origin(hints[option]) is tuple:
                values[option] = tuple(part.strip() for part in text.split(",") if part.strip())
            else:
                values[option] = next(kind for kind in kinds if kind is not type(None))(text)
        except ValueError:
            raise EvalhubError(f"{option} must be a number, not '{text}'") from None
        if isinstance(values[option], int) and values[option] < 0:
            raise EvalhubError(f"{option} must not be negative")
    return values
