"""Which attempt next: each sample until it has passed often enough or had its attempts.

Hu et al. 2023, "Predicting Emergent Abilities with Infinite Resolution Evaluation" (arXiv 2310.03262). What
a sample's attempts add up to depends on their order of submission alone, so neither the order in which they
end, nor a batch's size, nor an interruption changes a result; attempts issued beyond the last one needed
are left out of the tally.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field


@dataclass
class _Progress:
    """One sample's attempts so far."""

    outcomes: dict[int, bool | None] = field(default_factory=dict)
    """By attempt: True passed, False failed, None missing."""

    flying: set[int] = field(default_factory=set)

    front: int = 0
    """Every attempt before this one is known and was looked at."""

    passed: int = 0
    """Passes before the front."""


class PassUntil:
    """Issues attempts until each sample is settled: `passes` passes came, or `max_attempts` were made.

    Args:
        samples: sample ids, in the order in which they are begun.
        passes: stop a sample at this many.
        max_attempts: stop a sample after this many, missing ones included.
    """

    def __init__(self, samples: Iterable[str], passes: int, max_attempts: int) -> None:
        self.passes = passes
        self.max_attempts = max_attempts
        self._open = {sample: _Progress() for sample in samples}
        self._progress = dict(self._open)

    def record(self, sample: str, attempt: int, passed: bool | None) -> bool:
        """Note how an attempt ended. Returns whether its sample is now settled.

        Args:
            passed: None where the attempt is missing (truncated, error, timeout).
        """
        progress = self._progress[sample]
        progress.flying.discard(attempt)
        progress.outcomes[attempt] = passed
        while not self._settled(progress) and progress.front in progress.outcomes:
            progress.passed += progress.outcomes[progress.front] is True
            progress.front += 1
        if not self._settled(progress):
            return False
        self._open.pop(sample, None)
        return True

    def outcomes(self, sample: str) -> list[bool | None]:
        """A sample's outcomes in order of submission, up to the attempt that settled it."""
        progress = self._progress[sample]
        return [progress.outcomes[attempt] for attempt in range(progress.front)]

    @property
    def settled(self) -> int:
        """Number of settled samples."""
        return len(self._progress) - len(self._open)

    @property
    def done(self) -> bool:
        """Whether every sample is settled."""
        return not self._open

    @property
    def remaining(self) -> int:
        """Attempts that the open samples will probably take, by their pass rates so far."""
        return sum(
            min(self.max_attempts - len(progress.outcomes), self._expected(progress))
            for progress in self._open.values()
        )

    def next(self, room: int) -> list[tuple[str, int]]:
        """Up to `room` attempts to make now, as (sample id, attempt).

        First those that will be needed whatever the outcome of the ones in flight; then, where room is
        left, those that probably will, by the sample's pass rate so far.
        """
        issued: list[tuple[str, int]] = []
        if room <= 0:
            return issued
        for wanted in (self._sure, self._likely):
            for sample in sorted(self._open, key=lambda sample: len(self._open[sample].outcomes)):
                progress = self._open[sample]
                for attempt in wanted(progress):
                    progress.flying.add(attempt)
                    issued.append((sample, attempt))
                    if len(issued) >= room:
                        return issued
        return issued

    def _settled(self, progress: _Progress) -> bool:
        return progress.passed >= self.passes or progress.front >= self.max_attempts

    def _sure(self, progress: _Progress) -> Iterator[int]:
        """Attempts that are looked at whatever becomes of those before them, be they passes one and all."""
        passed = progress.passed
        for attempt in range(progress.front, self.max_attempts):
            if passed >= self.passes:
                return
            if attempt in progress.outcomes:
                passed += progress.outcomes[attempt] is True
                continue
            passed += 1
            if attempt not in progress.flying:
                yield attempt

    def _likely(self, progress: _Progress) -> Iterator[int]:
        """Attempts that are probably looked at, for free slots: half of what the rate so far leads to expect."""
        allowed = self._expected(progress) // 2
        passed = progress.passed
        for attempt in range(progress.front, self.max_attempts):
            if passed >= self.passes or len(progress.flying) >= allowed:
                return
            if attempt in progress.outcomes:
                passed += progress.outcomes[attempt] is True
            elif attempt not in progress.flying:
                yield attempt

    def _expected(self, progress: _Progress) -> int:
        """Attempts until the last needed pass, at the rate so far (Laplace's, so that no pass is not for ever)."""
        passed = sum(outcome is True for outcome in progress.outcomes.values())
        return max(1, round((self.passes - passed) * (len(progress.outcomes) + 2) / (passed + 1)))
