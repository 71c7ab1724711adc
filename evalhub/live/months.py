"""Months: a live release holds the papers of one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from evalhub.errors import EvalhubError

_FIRST_YEAR, _LAST_YEAR = 1991, 2999
"""arXiv has no papers before the first; behind the last, sums of dates may not be dates."""


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month, in UTC."""

    first: date
    """Its first day."""

    @classmethod
    def of(cls, day: date) -> Month:
        """The month that a day is in."""
        return cls(day.replace(day=1))

    @classmethod
    def read(cls, text: str) -> Month:
        """The month of a text like 2026-11.

        Raises:
            EvalhubError: it is none, or one that arXiv has no papers of.
        """
        if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text, re.ASCII):
            raise EvalhubError(f"'{text[:40]}' is no month: write it as in 2026-11")
        year, month = map(int, text.split("-"))
        if not _FIRST_YEAR <= year <= _LAST_YEAR:
            raise EvalhubError(f"{text} is no month of papers: give one from {_FIRST_YEAR} to {_LAST_YEAR}")
        return cls(date(year, month, 1))

    @property
    def next(self) -> Month:
        """The one after it."""
        return Month.of(self.first + timedelta(days=31))

    @property
    def before(self) -> Month:
        """The one before it."""
        return Month.of(self.first - timedelta(days=1))

    def __str__(self) -> str:
        return f"{self.first:%Y-%m}"
