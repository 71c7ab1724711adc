"""Graders that compare texts: exact, numeric, multiple choice."""

from __future__ import annotations

import math
import re
from decimal import Decimal, InvalidOperation

from evalhub.graders.base import judged
from ingest.records import Sample, Verdict

_NUMBER = re.compile(r"[-+]?\d[\d,]*(?:\.\d+)?(?:[eE][-+]?\d+)?|[-+]?\.\d+(?:[eE][-+]?\d+)?")
_TOLERANCE = 1e-6
"""Relative; what is left of rounding in another order."""


class _TextGrader:
    def refuses(self) -> str:
        return ""

    def close(self) -> None:
        pass


class Exact(_TextGrader):
    """The output is the reference, apart from the case of letters, runs of white space and a final period."""

    def grade(self, sample: Sample, text: str) -> Verdict:
        return judged(_plain(text) == _plain(str(sample.reference)))


class Numeric(_TextGrader):
    """The last number in the output equals the reference, to one part in a million."""

    def grade(self, sample: Sample, text: str) -> Verdict:
        found = _NUMBER.findall(text)
        if not found:
            return judged(False, "no number in the output")
        given, wanted = _value(found[-1]), _value(str(sample.reference))
        if wanted is None:
            return judged(_plain(text) == _plain(str(sample.reference)))
        return judged(
            given is not None and math.isclose(given, wanted, rel_tol=_TOLERANCE), f"read as {found[-1]}"
        )


class Choice(_TextGrader):
    """The output names the right option, by its text or its letter (A, B, …), and no other one."""

    def grade(self, sample: Sample, text: str) -> Verdict:
        chosen = chosen_option(text, sample.choices)
        if chosen is None:
            return judged(False, "names no single option")
        return judged(_plain(chosen) == _plain(str(sample.reference)), f"read as {chosen}")


def chosen_option(text: str, choices: tuple[str, ...]) -> str | None:
    """The option that a text means: it is the text, or its letter opens it, or it alone is named in it."""
    said = _plain(text)
    for option in choices:
        if said == _plain(option):
            return option
    letter = re.match(r"\(?([a-z])(?:[).:]|\s|$)", said)
    if letter and ord(letter[1]) - ord("a") < len(choices):
        return choices[ord(letter[1]) - ord("a")]
    named = [option for option in choices if re.search(rf"(?<!\w){re.escape(_plain(option))}(?!\w)", said)]
    return named[0] if len(named) == 1 else None


def _plain(text: str) -> str:
    return " ".join(text.split()).rstrip(".").casefold()


def _value(number: str) -> float | None:
    try:
        return float(Decimal(number.replace(",", "").strip()))
    except (InvalidOperation, ValueError):
        return None
