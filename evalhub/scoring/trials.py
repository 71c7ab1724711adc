"""One sample's attempts: which are out, how they ended, and up to where they are known without a hole."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

_REMEMBERED = 2**14


class Outcome(NamedTuple):
    """How an attempt ended, and what it took."""

    passed: bool | None
    """None where it is missing."""

    tokens: int = 0
    dollars: float = 0.0
    fresh: bool = True
    """Made by this run, not by an earlier one."""


outcome = lru_cache(_REMEMBERED)(Outcome)
"""An outcome, the same object for the same one: a run keeps millions of them, most of them alike."""


@dataclass(slots=True)
class Count:
    """What a sample's first attempts add up to, in order of submission."""

    made: int = 0
    """Attempts, missing ones included."""

    counted: int = 0
    """Of these, the ones that passed or failed."""

    passes: int = 0

    last: bool | None = None
    """How the last of them ended."""

    def add(self, passed: bool | None) -> None:
        """One more."""
        self.made += 1
        self.counted += passed is not None
        self.passes += passed is True
        self.last = passed


@dataclass(slots=True)
class Trials:
    """A sample's attempts so far."""

    front: Count = field(default_factory=Count)
    """Those before the first that is not known, or before which the sample was settled."""

    settled: bool = False
    flying: int = 0
    """Issued and not known yet."""

    issued: int = 0
    """The first attempt that is neither known nor flying."""

    below: int = 0
    """Passes known among the attempts before it."""

    passes: int = 0
    """Passes among all that are known."""

    known: dict[int, Outcome] = field(default_factory=dict)
    """Every attempt that has ended, also beyond what is counted."""

    listed: bool = False
    hoped: bool = False
    """Whether it stands in the schedule's heap of sure attempts, and in that of likely ones."""

    def issue(self) -> int:
        """Send the next attempt out."""
        attempt = self.issued
        self.flying += 1
        self.issued += 1
        self.skip()
        return attempt

    def end(self, attempt: int, outcome: Outcome) -> bool:
        """Note how an attempt ended. Returns whether it was out."""
        self.known[attempt] = outcome
        self.passes += outcome.passed is True
        was_out = attempt < self.issued
        if was_out:
            self.flying -= 1
            self.below += outcome.passed is True
        self.skip()
        return was_out

    def skip(self) -> None:
        """Step over attempts that are known already."""
        while self.issued in self.known:
            self.below += self.known[self.issued].passed is True
            self.issued += 1

    @property
    def most_passes(self) -> int:
        """Passes before the next attempt if all that are flying pass."""
        return self.below + self.flying
