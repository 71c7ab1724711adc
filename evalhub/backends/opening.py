"""From a model's name to the backend that runs it."""

from __future__ import annotations

from pathlib import Path

from evalhub import plugins
from evalhub.backends.base import Backend
from evalhub.errors import EvalhubError


def kind_of(name: str) -> type[Backend]:
    """The kind of backend that a model's name means.

    Raises:
        EvalhubError: none runs it.
    """
    for kind in plugins.backends():
        if kind.handles(name):
            found: type[Backend] = kind
            return found
    if name.startswith("recorded:"):
        raise EvalhubError("recorded:FILE is a source of samples: evalhub score replay:FILE runs the recording")
    raise EvalhubError(f"no backend runs '{name}'")


def open_backend(
    name: str,
    *,
    device: str = "auto",
    dtype: str = "auto",
    hub: Path | None = None,
    priced: bool = False,
) -> Backend:
    """Start the backend that a model's name means.

    Args:
        hub: folder where the user's table of prices may be.
        priced: start it only where a price is known.

    Raises:
        EvalhubError: no backend runs it, it cannot be run here, or it has no price.
    """
    kind = kind_of(name)
    price = kind.price(name, hub) if hub and hasattr(kind, "price") else None
    if priced and price is None:
        raise EvalhubError(
            f"a budget in dollars needs a price, and none is known for {name}: put it into prices.toml "
            "(docs/backends.md), or budget tokens or attempts; nothing was sent"
        )
    return kind(name, device=device, dtype=dtype, **({"price": price} if price else {}))
