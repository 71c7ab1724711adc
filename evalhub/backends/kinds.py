"""The kinds of backends: which one a model's name means, and what it starts."""

from __future__ import annotations

from pathlib import Path

from evalhub import plugins
from evalhub.backends.base import Backend, Registered
from evalhub.backends.prices import Price
from evalhub.errors import EvalhubError


def kind_of(name: str) -> type[Registered]:
    """The kind of backend that a model's name means.

    Raises:
        EvalhubError: none runs it.
    """
    for kind in plugins.backends():
        if kind.handles(name):
            found: type[Registered] = kind
            return found
    if name.startswith("recorded:"):
        raise EvalhubError("recorded:FILE is a source of samples: evalhub score replay:FILE runs the recording")
    raise EvalhubError(f"no backend runs '{name}'")


def price_of(kind: type[Registered], name: str, hub: Path) -> Price | None:
    """What the tokens of a model cost by the user's table in the hub's folder; None where it does not say, or its
    kind costs nothing."""
    price: Price | None = kind.price(name, hub) if hasattr(kind, "price") else None
    return price


def start(kind: type[Registered], name: str, *, device: str, dtype: str, price: Price | None) -> Backend:
    """Start a model of a kind, told its price where one is known.

    Raises:
        EvalhubError: it cannot be run here.
    """
    return kind(name, device=device, dtype=dtype, **({"price": price} if price else {}))
