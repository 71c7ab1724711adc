"""Turns what a snapshot holds into what may stand on a page: text made harmless, numbers made short.

Prompts, outputs and model names were written by others. `plain` is for places that show text as it is
(code blocks, tables); `escaped` is for places where Streamlit would read Markdown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from evalhub.wording import plain

LONGEST = 20_000
"""Characters of an output that are shown; the rest is cut with a note."""

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")

_LINKED = re.compile(r"(?<=://)|(?<=www)(?=\.)|(?<=@)(?=[\w-]+\.)", re.IGNORECASE)
"""Within what Streamlit makes a link of, escaped or not: addresses of pages and of people."""


def escaped(text: str) -> str:
    """The text on one line, such that Markdown shows exactly its characters. What would become a link is cut by a
    word joiner, which nobody sees."""
    return _PUNCTUATION.sub(r"\\\1", _LINKED.sub("\u2060", " ".join(plain(text).split())))


def start(text: str, length: int) -> str:
    """The first `length` characters on one line, with an ellipsis where something was cut."""
    line = " ".join(plain(text).split())
    return line if len(line) <= length else line[: length - 1] + "…"


def number(value: float | None) -> str:
    """Three significant digits, whole numbers from 1000 on, a dash where there is none."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value + 0.0:.3g}"  # + 0.0: nothing is -0


def number_format(usual: float, largest: float) -> str:
    """The same for a table column, as a printf format, given the usual and the largest absolute value: one large
    number takes no digits from the others."""
    if usual >= 1000:
        return "%.0f"
    return "%.5g" if largest >= 1000 else "%.3g"


def share(value: float) -> str:
    """A share in percent: next to none is not none, and nearly all is not all."""
    if 0 < value < 0.001:
        return "<0.1 %"
    if 0.995 <= value < 1:
        return ">99 %"
    return f"{value:.1%}".replace("%", " %") if 0 < value < 0.0995 else f"{value * 100:.0f} %"


def attempts_kept(attempts: int, results: int) -> str:
    """How many attempts of a model are kept, of which there are so many results: imported ones come without."""
    return "none kept: its results were imported" if results and not attempts else f"{attempts:,}"


def evidence(model: Mapping[str, Any]) -> dict[str, str]:
    """What rankings know a model by, from a row of `queries.models`: its own results, votes, or both."""
    results = model["measured"] + model["missing"]
    found = {
        "samples measured": f"{model['measured']:,}",
        "samples missing": f"{model['missing']:,}",
        "attempts": attempts_kept(model["attempts"], results),
    }
    if not model["votes"]:
        return found
    return {**(found if results or model["attempts"] else {}), "votes": f"{model['votes']:,}"}


def size(parameters: int | None) -> str:
    """A number of weights in words: `135M`."""
    if parameters is None:
        return "unknown"
    for unit, name in ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "K")):
        if parameters >= unit:
            return f"{parameters / unit:.3g}{name}"
    return str(parameters)
