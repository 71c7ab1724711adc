"""Months: a live release holds the papers of one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from evalhub.errors import EvalhubError


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
            EvalhubError: it is none.
        """
        matched = re.fullmatch(r"(\d{4})-(\d{2})", text)
        try:
            return cls(date(int(matched[1]), int(matched[2]), 1)) if matched else _no_month(text)
        except ValueError:
            return _no_month(text)

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


def _no_month(text: str) -> Month:
    raise EvalhubError(f"'{text}' is no month: write it as in 2026-11")
