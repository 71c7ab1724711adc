"""A server's limits on requests and tokens, kept from what its answers say, so that they are not run into."""

from __future__ import annotations

import asyncio
import logging
import math
import random
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from evalhub.errors import EvalhubError

_LONGEST = 600.0
"""Seconds that a run waits at most for a limit to pass."""

_WORTH_SAYING = 10.0

_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|d|h|m|s)")

_log = logging.getLogger(__name__)


@dataclass
class _Allowance:
    """What one limit still allows."""

    limit: float = math.inf
    left: float = math.inf
    renewed: float = math.inf
    """When everything is allowed again."""

    period: float = 60.0
    used: float = 0.0
    newest: float = -1.0
    """`used` at the start of the latest request whose answer told of the limit."""

    def wait(self, cost: float, now: float) -> float:
        """Seconds until so much may be used."""
        if now >= self.renewed:
            self.left, self.renewed = self.limit, now + self.period
        # What is larger than the whole limit can only be tried.
        return 0.0 if min(cost, self.limit) <= self.left else self.renewed - now

    def take(self, cost: float) -> float:
        """Use so much. Returns all that was used so far."""
        self.left -= cost
        self.used += cost
        return self.used

    def told(self, mark: float, left: float, limit: float | None, reset: float, now: float) -> None:
        """An answer says what was left when its request came in; those that started since are not in that."""
        if mark < self.newest:
            return
        self.newest = mark
        self.limit = limit or math.inf
        self.left = left - (self.used - mark)
        self.period = max(reset, 1.0)
        self.renewed = now + reset


class RateLimits:
    """When the next request may go out. For one event loop.

    Args:
        host: for messages.
    """

    def __init__(self, host: str) -> None:
        self._host = host
        self._kinds = {"requests": _Allowance(), "tokens": _Allowance()}
        self._resume = 0.0
        self._said = 0.0

    async def turn(self, tokens: int) -> dict[str, float]:
        """Wait until a request of about so many tokens may go out. Returns its mark, for `told`.

        Raises:
            EvalhubError: that would take too long to wait for.
        """
        costs = {"requests": 1.0, "tokens": float(tokens)}
        while (seconds := self._wait(costs, time.monotonic())) > 0:
            if seconds > _LONGEST:
                raise EvalhubError(
                    f"{self._host} allows no more requests for {seconds / 60:.0f} minutes: run the same command "
                    "again then, it goes on where it was"
                )
            # Not all at once.
            await asyncio.sleep(seconds + random.uniform(0.0, min(1.0, seconds / 10)))
        return {kind: allowance.take(costs[kind]) for kind, allowance in self._kinds.items()}

    def told(self, headers: Mapping[str, str], mark: Mapping[str, float]) -> None:
        """Learn from an answer's headers `x-ratelimit-{limit,remaining,reset}-{requests,tokens}`."""
        if "x-ratelimit-remaining-requests" not in headers and "x-ratelimit-remaining-tokens" not in headers:
            return
        now = time.monotonic()
        for kind, allowance in self._kinds.items():
            left = _number(headers.get(f"x-ratelimit-remaining-{kind}", ""))
            reset = read_wait(headers.get(f"x-ratelimit-reset-{kind}", ""))
            if left is not None and reset is not None:
                limit = _number(headers.get(f"x-ratelimit-limit-{kind}", ""))
                allowance.told(mark[kind], left, limit, reset, now)

    def pause(self, headers: Mapping[str, str]) -> bool:
        """Hold all requests for as long as a refusal's `Retry-After` says. Returns whether it says anything."""
        milliseconds = _number(headers.get("retry-after-ms", ""))
        seconds = read_wait(headers.get("retry-after", "")) if milliseconds is None else milliseconds / 1000
        if seconds is None:
            return False
        self._resume = max(self._resume, time.monotonic() + seconds)
        return True

    def _wait(self, costs: Mapping[str, float], now: float) -> float:
        seconds = max(
            self._resume - now, *(allowance.wait(costs[kind], now) for kind, allowance in self._kinds.items())
        )
        if _WORTH_SAYING < seconds <= _LONGEST and now > self._said:
            self._said = now + seconds
            _log.info("%s: waiting %.0f s for its rate limit", self._host, seconds)
        return seconds


def read_wait(text: str) -> float | None:
    """Seconds from now that a header means: `20`, `1.5`, `6m0s`, `12ms`, or a date (HTTP's, ISO, Unix)."""
    text = text.strip()
    number = _number(text)
    if number is not None:
        return max(0.0, number - time.time()) if number > 1e9 else number
    parts = _DURATION.findall(text)
    if parts and "".join(map("".join, parts)) == text:
        seconds = sum(float(count) * _UNITS[unit] for count, unit in parts)
        return seconds if seconds < math.inf else None
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            date = read(text)
        except (ValueError, TypeError):
            continue
        date = date if date.tzinfo else date.replace(tzinfo=UTC)
        return max(0.0, date.timestamp() - time.time())
    return None


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 <= number < math.inf else None
