"""Laws that the board shows, by the name of their family."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from aggregate.laws.law import Law
from evalhub.errors import EvalhubError
from evalhub.store.benchmarks import is_name
from evalhub.store.hub import Hub


def check_name(name: str) -> None:
    """Whether a family can be called so.

    Raises:
        EvalhubError: it cannot.
    """
    if not is_name(name):
        raise EvalhubError(f"'{name}' is no name for a family: letters, digits, '.', '_' and '-', at most 64")


def keep_law(hub: Hub, name: str, law: Law, command: str) -> None:
    """Keep a law for the board, instead of the one that had the name. command: what lays it anew."""
    hub.database.execute(
        "INSERT OR REPLACE INTO law VALUES (?, ?, ?, ?)",
        [name, json.dumps(law.to_json()), command, datetime.now(UTC)],
    )


def forget_law(hub: Hub, name: str) -> None:
    """Keep it no longer.

    Raises:
        EvalhubError: there is none of the name.
    """
    if not hub.database.execute("DELETE FROM law WHERE name = ? RETURNING name", [name]).fetchall():
        kept = [one for (one,) in hub.database.execute("SELECT name FROM law ORDER BY name").fetchall()]
        raise EvalhubError(f"no law is kept as '{name}'; there are: {', '.join(kept) or 'none'}")
