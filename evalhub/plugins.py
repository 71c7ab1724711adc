"""Everything that can be added to evalhub, found through entry points."""

from __future__ import annotations

import warnings
from importlib.metadata import entry_points
from typing import Any

from evalhub.errors import EvalhubError

GROUPS = {
    "source": "evalhub.sources",
    "importer": "evalhub.importers",
    "grader": "evalhub.graders",
    "method": "evalhub.methods",
}


def names(kind: str) -> list[str]:
    """Names of the plugins of a kind (see `GROUPS`), without loading them."""
    return sorted(entry_points(group=GROUPS[kind]).names)


def make(kind: str, name: str) -> Any:
    """An instance of the plugin of this name.

    Raises:
        EvalhubError: there is none, or it cannot be loaded.
    """
    found = entry_points(group=GROUPS[kind], name=name)
    if not found:
        raise EvalhubError(f"unknown {kind} '{name}': there are {', '.join(names(kind))}")
    try:
        return next(iter(found)).load()()
    except Exception as error:  # a plugin may fail in any way; the user hears which one
        raise EvalhubError(f"the {kind} '{name}' cannot be loaded: {type(error).__name__}: {error}") from error


def backends() -> list[Any]:
    """The backend classes, in order of name. A broken one warns and is skipped."""
    loaded = []
    for entry in sorted(entry_points(group="evalhub.backends"), key=lambda entry: entry.name):
        try:
            loaded.append(entry.load())
        except Exception as error:  # as above
            warnings.warn(f"the backend '{entry.name}' is skipped: {type(error).__name__}: {error}", stacklevel=2)
    return loaded
