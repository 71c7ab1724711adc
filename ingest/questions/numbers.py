"""Numbers as papers print them, kept exact, and printed again with no more digits than are known."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

_SCALES = {"": 1, "k": 10**3, "K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}
_MISSING = {"", "-", "--", "---", "−", "–", "—", "…", "...", "n/a", "n.a.", "na", "nan"}
_MARKS = "†‡*§¶^ˆ↑↓∗⋆★▲▼ªᵃᵇᶜᵈ"
"""What points to a footnote or says how to read a cell, and is not part of its value."""

_RAISED = "¹²³⁴⁵⁶⁷⁸⁹⁰"
"""Footnotes behind a number or a bracket; elsewhere a power, as in R²."""

_REMEMBERED = 10_000
"""Texts whose reading is kept: cells are read again for every question and every check."""

_SUPERSCRIPT = str.maketrans("⁻⁺⁰¹²³⁴⁵⁶⁷⁸⁹", "-+0123456789")
_POWER = re.compile(r"\s*[×x·]\s*10\s*(?:\^\s*\{?([-−+]?\d+)\}?|([⁻⁺⁰¹²³⁴⁵⁶⁷⁸⁹]+)|([-−]\d+))")
_UNIT = r"[%‰°×]|ms|sec|s|min|hrs|hr|h|[KMGTkmgt]i?B|[kMG]?Hz|px|[cmk]?m|[km]?g|x|pp|pts?|dB|GPUs?|days?"
_PRINTED = re.compile(
    rf"""[~≈]?\s*(?P<money>[$€£])?\s*
    (?P<number>[-+]?(?:\d{{1,3}}(?:,\d{{3}})+|\d+)?(?:\.\d+)?(?:[eE][-+]?\d+)?)
    \s*(?P<scale>[kKMBT](?![A-Za-z]))?
    \s*(?P<unit>{_UNIT})?
    (?:\s*(?:±|\+/-|\+-)\s*(?P<spread>\d*\.?\d+)[kKMBT]?\s*(?P<late>{_UNIT})?)?
    \s*(?P<aside>\([^()]*\)|\[[^][]*\])?""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Quantity:
    """A number as it is printed."""

    number: Fraction
    """What the digits say, without scale: 8.1 for `8.1M`."""

    decimals: int
    """Digits behind the point; negative where an exponent makes the last digit worth more than 1."""

    digits: int
    """Significant digits."""

    scale: str = ""
    """`k`, `M`, `B`, `T`, or nothing."""

    unit: str = ""
    """`%`, `ms`, `$`, … where the cell prints it."""

    spread: str = ""
    """What stands behind ±."""

    aside: str = ""
    """What stands behind in brackets, brackets included."""

    @property
    def value(self) -> Fraction:
        """The number with its scale: 8,100,000 for `8.1M`."""
        return self.number * _SCALES[self.scale]


@lru_cache(_REMEMBERED)
def plain(text: str) -> str:
    """What a cell says, without footnote marks and with one kind of minus."""
    text = text.strip().rstrip(_MARKS + " ").lstrip("†‡* ")
    if not _POWER.search(text):
        text = re.sub(rf"(?<=[\d)])[{_RAISED}]+$", "", text)
    return re.sub(r"(?<![\w.])[−–‒](?=\.?\d)", "-", " ".join(text.split()))


def is_missing(text: str) -> bool:
    """Whether a cell says that there is nothing."""
    return text.strip().casefold() in _MISSING


@lru_cache(_REMEMBERED)
def parse(text: str) -> Quantity | None:
    """The number that a cell is, or None where it is text, a bound (`< 5`) or missing."""
    text = plain(text)
    exponent = ""
    power = _POWER.search(text)
    if power:
        exponent = "e" + (power[1] or power[3] or power[2].translate(_SUPERSCRIPT)).replace("−", "-")
        text = text[: power.start()] + exponent + text[power.end() :]
    inner = re.sub(rf"[{_MARKS}{_RAISED}]+(?=\s*(?:±|\(|$))", "", text)
    found = _PRINTED.fullmatch(inner)
    if not found or not re.search(r"\d", found["number"]):
        return None
    number = found["number"].replace(",", "")
    mantissa, _, exponent = number.lower().partition("e")
    if len(mantissa) > 20 or abs(int(exponent or 0)) > 30:
        return None
    digits = mantissa.lstrip("+-").replace(".", "").lstrip("0")
    return Quantity(
        number=Fraction(number),
        decimals=len(mantissa.partition(".")[2]) - int(exponent or 0),
        digits=max(1, len(digits)),
        scale=(found["scale"] or "").replace("K", "k"),
        unit=found["money"] or found["unit"] or found["late"] or "",
        spread=found["spread"] or "",
        aside=found["aside"] or "",
    )


def printed(value: Fraction, decimals: int) -> str:
    """A number to so many digits behind the point; without a thousands separator.

    Raises:
        ValueError: it lies half-way between two such numbers, so that people round it differently.
    """
    shifted = value * Fraction(10) ** decimals
    whole = shifted.numerator // shifted.denominator
    rest = shifted - whole
    if rest == Fraction(1, 2):
        raise ValueError("lies half-way between two roundings")
    whole += rest > Fraction(1, 2)
    if decimals <= 0:
        return str(whole * 10**-decimals)
    body = str(abs(whole)).rjust(decimals + 1, "0")
    return f"{'-' if whole < 0 else ''}{body[:-decimals]}.{body[-decimals:]}"


def decimals_for(value: Fraction, digits: int) -> int:
    """How many digits behind the point show so many significant digits of a number that is not 0."""
    size, place = abs(value), 0
    while size >= 10:
        size, place = size / 10, place + 1
    while size < 1:
        size, place = size * 10, place - 1
    return digits - 1 - place
