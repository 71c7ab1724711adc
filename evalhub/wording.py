"""Names and numbers of a ranking as they are written in charts, tables and pages."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import floor, isfinite, log10

BASELINE = "baseline:"
"""How the ids of chance baselines begin."""

_DECIMALS, _MOST_DECIMALS = 3, 6
"""Of an estimate without an interval, and of any."""

_LONG = 1e12
"""From which size on nobody counts the digits of a number."""

_SHORT = 1e-4
"""Below which size nobody counts its zeros."""

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_HALF = re.compile(r"[\ud800-\udfff]")
"""Of a character: what stands for a byte of the command line that is no UTF-8, or is left of a pair."""

_NO_TEXT = re.compile(rf"{_CONTROL.pattern}|{_HALF.pattern}")


def unicode_text(text: str) -> str:
    """The text with U+FFFD for what is no Unicode, such as bytes of a command line that are not UTF-8."""
    return _HALF.sub("\N{REPLACEMENT CHARACTER}", text)


def plain(text: str) -> str:
    """The text without terminal sequences, control characters and marks that turn the reading direction."""
    return _CONTROL.sub("", _ANSI.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))


def safe_json(text: str) -> str:
    """JSON that a terminal obeys in nothing, and that can be encoded: control characters, marks that turn the
    reading direction and half characters stand as escapes of JSON."""
    return _NO_TEXT.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def one_line(text: str, longest: int = 300) -> str:
    """What a server, a program or a file says, in one line of printable characters, and not too long a one."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return f"{line[:longest]}…" if len(line) > longest else line


def counted(number: int, noun: str) -> str:
    """A number of things: `1 sample`, `2,000 samples`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def unmeasured(number: int, samples: int, *, some: bool) -> str:
    """That so many of the samples count for no model. some: there may be measurements that do not count."""
    are, that = "is" if number == 1 else "are", " that is ranked on them" if some else ""
    return f"{number:,} of {counted(samples, 'sample')} {are} measured by no model{that}"


def first_few(names: Sequence[str], most: int = 5) -> str:
    """Names in a row, the first few of many."""
    return ", ".join(names[:most]) + (", …" if names[most:] else "")


def tallied(counts: Mapping[str, int]) -> str:
    """Things with how many there are of each: `withdrawn (3), too large (1)`."""
    return ", ".join(f"{name} ({count:,})" for name, count in counts.items())


def span(low: int, high: int) -> str:
    """A range of ranks: `3`, or `1–2`."""
    return str(low) if low == high else f"{low}–{high}"


def with_interval(
    score: float | None, low: float | None, high: float | None, *others: float | None
) -> tuple[str, ...]:
    """An estimate, the ends of its interval, and what else is on their scale, with as many decimals as it is known
    to: two digits of half the interval's width; empty where there is none, or no bound. Where any is too long to
    be read, or all are next to nothing, they are written with powers of ten."""
    ends = [end for end in (low, high) if end is not None and isfinite(end)]
    known = [*ends, score] if score is not None and isfinite(score) else ends
    half = (max(known) - min(known)) / len(ends) if known and ends else 0.0
    told = 1 - floor(log10(half)) if half > 0 else _DECIMALS
    texts = (score, low, high, *others)
    largest = max((abs(one) for one in texts if one is not None and isfinite(one)), default=0.0)
    if largest >= _LONG or (0 < largest < _SHORT and told > _MOST_DECIMALS):
        return tuple(_power(one, told if half > 0 else None) for one in texts)
    decimals = min(max(told, 0), _MOST_DECIMALS)
    return tuple(_decimal(one, decimals) for one in texts)


def _decimal(value: float | None, decimals: int) -> str:
    if value is None or not isfinite(value):
        return ""
    return f"{round(value, decimals) + 0.0:,.{decimals}f}"  # + 0.0: nothing is -0


def _power(value: float | None, decimals: int | None) -> str:
    """A number as `4.73e+28`. decimals: behind its point, were it written out; below 0 for zeros before it."""
    if value is None or not isfinite(value):
        return ""
    exponent = floor(log10(abs(value))) if value else 0
    digits = _DECIMALS if decimals is None else min(max(exponent + decimals, 0), _MOST_DECIMALS)
    return f"{value + 0.0:.{digits}e}" if value else "0"


def is_baseline(model_id: str) -> bool:
    """Whether this is not a model but a chance baseline."""
    return model_id.startswith(BASELINE)


_SIZES = {"": 1, "K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}


def read_size(text: str) -> int | None:
    """A number of weights from `7B`, `7e9` or `135000000`; None where a text is none."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?(?:e\+?\d{1,2})?)([KMBT]?)", text.strip(), re.IGNORECASE | re.ASCII)
    count = round(float(found[1]) * _SIZES[found[2].upper()]) if found else 0
    return count if found and count < 2**63 else None


def short_size(size: float) -> str:
    """A number of weights as one would say it: `7B`."""
    for letter, unit in (("T", 1e12), ("B", 1e9), ("M", 1e6), ("K", 1e3)):
        if size >= unit:
            return f"{size / unit:.3g}{letter}"
    return f"{size:.3g}"
