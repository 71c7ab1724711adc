"""A filter: an SQL condition on named columns of samples or models.

sqlglot is imported when there is a filter to read, not before: it takes half a second.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from evalhub.errors import EvalhubError

Value = str | int | float | bool | date

_AROUND = 20
"""Characters of the text that an error shows on either side of the place."""


class FilterError(EvalhubError):
    """A filter cannot be used. The message is one line and names the place."""

    def __init__(self, problem: str, text: str = "", start: int = 0, end: int = 0) -> None:
        """What is wrong with the characters of the text from start to end, which is behind the last one."""
        if text:
            before = ("…" if start > _AROUND else "") + text[max(0, start - _AROUND) : start]
            after = text[end : end + _AROUND] + ("…" if len(text) > end + _AROUND else "")
            here = text[start:end] if end - start <= 2 * _AROUND else text[start : start + 2 * _AROUND] + "…"
            problem = f"{problem} (character {start + 1}: {before}»{here}«{after})"
        line = " ".join(problem.split())
        super().__init__("".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in line))


@dataclass(frozen=True)
class Filter:
    """A condition, read and checked. Two that say the same in the same order are equal."""

    text: str
    """The condition in one spelling, as a user could type it."""

    sql: str = field(compare=False)
    """The condition on columns by their names, with names like $sample_0 in the place of every value."""

    parameters: Mapping[str, Value] = field(compare=False)
    """The values, by these names without the $."""

    columns: tuple[str, ...] = field(compare=False)
    """Names of the columns it speaks of."""


def sample_filter(text: str) -> Filter:
    """Read a condition on samples: see `evalhub.store.sample_columns`. Its parameters begin with `sample_`.

    Raises:
        FilterError: it is anything else.
    """
    from evalhub.filters.conditions import read
    from evalhub.store.sample_columns import SAMPLE_COLUMNS

    return read(text, SAMPLE_COLUMNS, "sample_")


def model_filter(text: str) -> Filter:
    """Read a condition on models: see `evalhub.store.model_columns`. Its parameters begin with `model_`.

    Raises:
        FilterError: it is anything else.
    """
    from evalhub.filters.conditions import read
    from evalhub.store.model_columns import MODEL_COLUMNS

    return read(text, MODEL_COLUMNS, "model_")
