"""Turns what a snapshot holds into what may stand on a page: text made harmless, numbers made short.

Prompts, outputs and model names were written by others. `plain` is for places that show text as it is
(code blocks, tables); `escaped` is for places where Streamlit would read Markdown.
"""

from __future__ import annotations

import re

LONGEST = 20_000
"""Characters of an output that are shown; the rest is cut with a note."""

BASELINE = "baseline:"
"""How the ids of chance baselines begin."""

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


def plain(text: str) -> str:
    """The text without terminal sequences, control characters and marks that turn the reading direction."""
    return _CONTROL.sub("", _ANSI.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))


def escaped(text: str) -> str:
    """The text on one line, such that Markdown shows exactly its characters."""
    return _PUNCTUATION.sub(r"\\\1", " ".join(plain(text).split()))


def start(text: str, length: int) -> str:
    """The first `length` characters on one line, with an ellipsis where something was cut."""
    line = " ".join(plain(text).split())
    return line if len(line) <= length else line[: length - 1] + "…"


def number(value: float | None) -> str:
    """Three significant digits, whole numbers from 1000 on, a dash where there is none."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def number_format(largest: float) -> str:
    """The same for a table column, as a printf format, given its largest absolute value."""
    return "%.0f" if largest >= 1000 else "%.3g"


def span(low: int, high: int) -> str:
    """A range of ranks: `3`, or `1–2`."""
    return str(low) if low == high else f"{low}–{high}"


def size(parameters: int | None) -> str:
    """A number of weights in words: `135M`."""
    if parameters is None:
        return "unknown"
    for unit, name in ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "K")):
        if parameters >= unit:
            return f"{parameters / unit:.3g}{name}"
    return str(parameters)


def is_baseline(model_id: str) -> bool:
    """Whether this is not a model but a chance baseline."""
    return model_id.startswith(BASELINE)
