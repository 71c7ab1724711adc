"""Which name was meant by one that there is not."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from unicodedata import normalize


def nearest(name: str, known: Iterable[str], most: int = 1, alike: float = 0.6) -> list[str]:
    """At most so many of the known names, the likeliest first: those that are the same but for case, spaces and
    punctuation, else similar ones. alike: how similar at least, from 0 to 1."""
    wanted = _letters(name)
    if not wanted:
        return []
    spelt: dict[str, list[str]] = {}
    for one in known:
        spelt.setdefault(_letters(one), []).append(one)
    close = [wanted] if wanted in spelt else get_close_matches(wanted, spelt, most, alike)
    return [one for letters in close for one in spelt[letters]][:most]


def _letters(name: str) -> str:
    """What of a name is neither space nor punctuation, in one case."""
    return "".join(filter(str.isalnum, normalize("NFKC", name).casefold()))
