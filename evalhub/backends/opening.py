"""From a model's name to the backend that runs it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from evalhub.backends.base import Backend
from evalhub.backends.kinds import kind_of, price_of, start
from evalhub.errors import EvalhubError


@dataclass(frozen=True, kw_only=True)
class Where:
    """Where a model runs, if not here alone."""

    base_urls: tuple[str, ...] = ()
    """Servers that share the load."""

    ray: str = ""
    """Address of a Ray cluster; `auto` takes the one that runs here, or starts one."""

    replicas: int | None = None
    """Times that the model is loaded there; None: as often as there are cards, or machines."""


HERE = Where()


def open_backend(
    name: str,
    *,
    device: str = "auto",
    dtype: str = "auto",
    hub: Path | None = None,
    priced: bool = False,
    where: Where = HERE,
) -> Backend:
    """Start the backend that a model's name means.

    Args:
        hub: folder where the user's table of prices may be.
        priced: start it only where a price is known.

    Raises:
        EvalhubError: no backend runs it, it cannot be run here, or it has no price.
    """
    kind = kind_of(name)
    price = price_of(kind, name, hub) if hub else None
    if priced and price is None:
        raise EvalhubError(
            f"a budget in dollars needs a price, and none is known for {name}: put it into prices.toml "
            "(docs/backends.md), or budget tokens or attempts; nothing was sent"
        )
    if where.base_urls:
        from evalhub.backends.servers import open_servers

        return open_servers(name, where.base_urls, price)
    if where.ray:
        if hasattr(kind, "price"):
            raise EvalhubError(f"--ray loads models on a cluster, and {name} is on a server: see --base-url")
        from evalhub.cluster.replicas import open_replicas

        return open_replicas(name, where.ray, where.replicas, device=device, dtype=dtype)
    return start(kind, name, device=device, dtype=dtype, price=price)
