"""JSON in what a model says: found, whatever stands around it, and never trusted."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evalhub.backends.base import Output
from ingest.records import Status

LONGEST = 64_000
"""Characters of an output that is looked at."""

_OPENINGS = 64
"""Braces in an output at which the object may begin."""

_WHY = {
    Status.TRUNCATED: "the answer was cut off",
    Status.REFUSED: "the model refused",
    Status.TIMEOUT: "no answer in time",
    Status.ERROR: "the server gave an error",
}


class Unusable(ValueError):
    """Nothing can be made of an output; the message is the reason, in words that can be counted."""


@dataclass(frozen=True)
class Found:
    """An object in an output."""

    fields: dict[str, Any]

    around: bool
    """Whether other text stood around it."""


def said(output: Output) -> str:
    """What a model said.

    Raises:
        Unusable: nothing, or not to the end, or without end.
    """
    if output.status in _WHY:
        raise Unusable(_WHY[output.status])
    text = output.text.strip()
    if not text:
        raise Unusable("an empty answer")
    if len(text) > LONGEST:
        raise Unusable("too long an answer")
    return text


def found(text: str, names: Sequence[str]) -> Found:
    """The first JSON object in a text that has a field of each of these names.

    Raises:
        Unusable: there is none.
    """
    decoder, place = json.JSONDecoder(), -1
    for _ in range(_OPENINGS):
        place = text.find("{", place + 1)
        if place < 0:
            break
        try:
            fields, end = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            continue
        if all(name in fields for name in names):
            return Found(fields, bool(text[:place].strip() or text[end:].strip()))
    raise Unusable("no JSON of the form that was asked for")
