"""References that name one of the choices: by its text, its label, a letter or its place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ingest.source import SourceError

Told = str | int | float
Row = tuple[Told, tuple[str, ...], tuple[str, ...]]
"""A reference, and the texts and labels of its choices."""

Kind = Literal["text", "label", "letter", "place"]
_KINDS: tuple[Kind, ...] = ("text", "label", "letter", "place")

_LETTER = re.compile(r"\(?([A-Za-z])[).:]?")
_PLACE = re.compile(r"-?\d{1,9}(?:\.0)?")


@dataclass(frozen=True)
class Reading:
    """How the references of a data set are read: one way for all of them, so that `3` is not the text of a choice
    in one row and its place in the next."""

    kind: Kind
    first: int
    """Place of the first choice, where places are told."""

    def place(self, told: Told, texts: tuple[str, ...], labels: tuple[str, ...]) -> int | None:
        """Place, from 0, of the choice that a reference names; None where it names none."""
        said = str(told).strip()
        found = -1
        if self.kind in ("text", "label"):
            among = texts if self.kind == "text" else labels
            found = among.index(said) if said in among else -1
        elif self.kind == "letter" and (letter := _LETTER.fullmatch(said)):
            found = ord(letter[1].upper()) - ord("A")
        elif self.kind == "place" and _PLACE.fullmatch(said):
            found = int(float(said)) - self.first
        return found if 0 <= found < len(texts) else None


def reading_of(rows: Sequence[Row], count_from: int | None, source: str) -> Reading:
    """How references are to be read, so that most of them name a choice: as texts, labels, letters or places, the
    first of those that serve equally.

    Raises:
        SourceError: places may be counted from 0 as well as from 1.
    """
    if count_from is not None:
        return Reading("place", count_from)
    ways = [Reading(kind, first) for kind in _KINDS for first in ((0, 1) if kind == "place" else (0,))]
    named = [sum(way.place(*row) is not None for row in rows) for way in ways]
    best = ways[named.index(max(named))]
    if best.kind == "place" and named[-1] == named[-2]:
        raise SourceError(
            f"{source}: references such as {rows[0][0]!r:.60} are places among the choices, counted from 0 or "
            "from 1? Say -o count_from=0 or 1"
        )
    return best
