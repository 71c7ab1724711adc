"""How long work says what it is doing."""

from __future__ import annotations

from collections.abc import Callable

Tell = Callable[[str], None]
"""Is told, in a few words, what is being done and how far it is."""


def quiet(_: str) -> None:
    """Nothing is told."""
