"""Graders that compare texts: exact, numeric, multiple choice."""

from __future__ import annotations

import math
import re
from decimal import Decimal, InvalidOperation

from evalhub.graders.base import judged
from ingest.records import Sample, Verdict
from ingest.sources.items import plain_answer

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
        return judged(plain_answer(text) == plain_answer(str(sample.reference)))


class Numeric(_TextGrader):
    """The last number in the output equals the reference: a whole one exactly, others to one in a million."""

    def grade(self, sample: Sample, text: str) -> Verdict:
        wanted = _value(str(sample.reference))
        if wanted is None:
            return judged(plain_answer(text) == plain_answer(str(sample.reference)))
        found = _NUMBER.findall(text.replace("\N{MINUS SIGN}", "-"))
        if not found:
            return judged(False, "no number in the output")
        given = _value(found[-1])
        return judged(given is not None and _equal(given, wanted), f"read as {found[-1]}")


class Choice(_TextGrader):
    """The output names the right option, by its text or its letter (A, B, …), and no other one."""

    def grade(self, sample: Sample, text: str) -> Verdict:
        chosen = chosen_option(text, sample.choices)
        if chosen is None:
            return judged(False, "names no single option")
        return judged(plain_answer(chosen) == plain_answer(str(sample.reference)), f"read as {chosen}")


def chosen_option(text: str, choices: tuple[str, ...]) -> str | None:
    """The option that a text means: it is the text, or its letter stands first, or it alone is named in it.

    A letter that a space follows may be a word (`A circle`, `I think`), so what is named comes before it.
    """
    said = plain_answer(text)
    for option in choices:
        if said == plain_answer(option):
            return option
    letters = {chr(ord("a") + place): option for place, option in enumerate(choices[:26])}
    letter = re.match(r"\(?([a-z])(?:[).:]|$)", said) or re.search(
        r"\banswer(?: is)?:? \(?([a-z])\)?(?:[.,:;]|$)", said
    )
    if letter and letter[1] in letters:
        return letters[letter[1]]
    named = _named(said, choices)
    if named:
        return named[0] if len(named) == 1 else None
    letter = re.match(r"\s*([B-HJ-Z])\s", text)
    return letters.get(letter[1].casefold()) if letter else None


def _named(said: str, choices: tuple[str, ...]) -> list[str]:
    """Options that a text names; `dark red` does not name `red`, nor 1.5 the option 1."""
    named = []
    for option in sorted(choices, key=len, reverse=True):
        pattern = rf"(?<!\w)(?<!\d[.,]){re.escape(plain_answer(option))}(?!\w|[.,]\d)"
        said, count = re.subn(pattern, "\0", said)
        if count:
            named.append(option)
    return named


def _equal(given: Decimal, wanted: Decimal) -> bool:
    if given == wanted or (given == given.to_integral_value() and wanted == wanted.to_integral_value()):
        return given == wanted
    return math.isclose(given, wanted, rel_tol=_TOLERANCE)


def _value(number: str) -> Decimal | None:
    try:
        value = Decimal(number.replace(",", "").strip())
    except InvalidOperation:
        return None
    return value if value.is_finite() else None
