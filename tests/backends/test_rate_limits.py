"""Limits as servers tell them, on a clock that the tests turn."""

from __future__ import annotations

import asyncio
import time
from email.utils import formatdate

import pytest

from evalhub.backends import rate_limits
from evalhub.backends.rate_limits import RateLimits, read_wait
from evalhub.errors import EvalhubError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("20", 20),
        ("1.5", 1.5),
        ("12ms", 0.012),
        ("1s", 1),
        ("6m0s", 360),
        ("1h2m3.5s", 3723.5),
        ("1d", 86400),
        ("-3", None),
        ("nan", None),
        ("", None),
        ("soon", None),
        ("5 parsecs", None),
    ],
)
def test_durations(text: str, seconds: float | None) -> None:
    """As OpenAI writes them, and in plain seconds."""
    assert read_wait(text) == (None if seconds is None else pytest.approx(seconds))


def test_dates() -> None:
    """HTTP's, ISO's and Unix time; what has passed is no wait."""
    now = time.time()
    for text in (formatdate(now + 60, usegmt=True), f"{now + 60}"):
        assert read_wait(text) == pytest.approx(60, abs=2)
    assert read_wait("2001-01-01T00:00:00Z") == 0
    assert read_wait(formatdate(now - 60, usegmt=True)) == 0


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(rate_limits.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(rate_limits.asyncio, "sleep", self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.now += seconds


def headers(kind: str, left: int, limit: int, reset: str) -> dict[str, str]:
    return {
        f"x-ratelimit-remaining-{kind}": str(left),
        f"x-ratelimit-limit-{kind}": str(limit),
        f"x-ratelimit-reset-{kind}": reset,
    }


def test_what_is_left_is_used_and_then_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests that started after the one that told are not in what it told."""
    clock = Clock(monkeypatch)

    async def run() -> None:
        limits = RateLimits("host")
        first = await limits.turn(10)
        await limits.turn(10)
        limits.told(headers("requests", 3, 5, "10s"), first)
        for _ in range(2):
            await limits.turn(10)
        assert clock.now == 100, "three were left, and one had started since"
        await limits.turn(10)
        assert clock.now >= 110
        renewed = clock.now
        for _ in range(4):
            await limits.turn(10)
        assert clock.now == renewed, "then all five are allowed again"
        await limits.turn(10)
        assert clock.now >= renewed + 10

    asyncio.run(run())


def test_tokens_have_a_limit_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request larger than the whole limit is tried all the same."""
    clock = Clock(monkeypatch)

    async def run() -> None:
        limits = RateLimits("host")
        mark = await limits.turn(100)
        limits.told(headers("tokens", 250, 1000, "30s"), mark)
        await limits.turn(200)
        assert clock.now == 100
        await limits.turn(200)
        assert 130 <= clock.now < 140
        await limits.turn(5000)
        assert clock.now < 200

    asyncio.run(run())


def test_an_older_answer_does_not_overrule_a_newer_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers come in any order."""
    clock = Clock(monkeypatch)

    async def run() -> None:
        limits = RateLimits("host")
        older, newer = await limits.turn(1), await limits.turn(1)
        limits.told(headers("requests", 0, 5, "20s"), newer)
        limits.told(headers("requests", 4, 5, "20s"), older)
        await limits.turn(1)
        assert clock.now >= 120

    asyncio.run(run())


def test_headers_that_say_nothing_hold_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """No reset, no numbers, no headers."""
    clock = Clock(monkeypatch)

    async def run() -> None:
        limits = RateLimits("host")
        for said in (
            {},
            {"x-ratelimit-remaining-requests": "0"},
            headers("requests", 0, 5, "later"),
            {"x-ratelimit-remaining-requests": "many", "x-ratelimit-reset-requests": "9s"},
        ):
            limits.told(said, await limits.turn(1))
        assert not limits.pause({}) and not limits.pause({"retry-after": "later"})
        await limits.turn(1)
        assert clock.now == 100

    asyncio.run(run())


def test_a_pause_may_be_given_in_milliseconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the more exact of the two headers."""
    clock = Clock(monkeypatch)

    async def run() -> None:
        limits = RateLimits("host")
        assert limits.pause({"retry-after-ms": "1500", "retry-after": "2"})
        await limits.turn(1)
        assert 101.5 <= clock.now < 101.7

    asyncio.run(run())


def test_nobody_waits_for_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit by the day ends the run; the next one goes on where it was."""
    Clock(monkeypatch)

    async def run() -> None:
        limits = RateLimits("host")
        limits.told(headers("requests", 0, 200, "8h0m0s"), await limits.turn(1))
        with pytest.raises(EvalhubError, match="host allows no more requests for 480 minutes"):
            await limits.turn(1)

    asyncio.run(run())
