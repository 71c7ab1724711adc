"""Which attempt next: each sample until it has passed often enough or had its attempts.

Hu et al. 2023, "Predicting Emergent Abilities with Infinite Resolution Evaluation" (arXiv 2310.03262). What
a sample's attempts add up to depends on their order of submission alone, so neither the order in which they
end, nor a batch's size, nor an interruption changes a result; attempts issued beyond the last one needed
are left out of the tally.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class _Progress:
    """One sample's attempts so far."""

    outcomes: dict[int, bool | None] = field(default_factory=dict)
    """By attempt: True passed, False failed, None missing."""

    flying: set[int] = field(default_factory=set)
    settled: bool = False

    def ordered(self, most: int) -> list[bool | None]:
        """Outcomes in order of submission, up to the first attempt that is not known yet."""
        known: list[bool | None] = []
        for attempt in range(most):
            if attempt not in self.outcomes:
                break
            known.append(self.outcomes[attempt])
        return known


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
        if not progress.settled:
            known = progress.ordered(self.max_attempts)
            progress.settled = known.count(True) >= self.passes or len(known) >= self.max_attempts
            if progress.settled:
                del self._open[sample]
        return progress.settled

    def outcomes(self, sample: str) -> list[bool | None]:
        """A sample's outcomes in order of submission, as `aggregate.rates.rate_of` takes them."""
        return self._progress[sample].ordered(self.max_attempts)

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
        for allowance in (self._sure, self._likely):
            for sample in sorted(self._open, key=lambda sample: len(self._open[sample].outcomes)):
                progress = self._open[sample]
                attempt = 0
                while room > len(issued) and len(progress.flying) < allowance(progress):
                    while attempt in progress.outcomes or attempt in progress.flying:
                        attempt += 1
                    if attempt >= self.max_attempts:
                        break
                    progress.flying.add(attempt)
                    issued.append((sample, attempt))
                if len(issued) >= room:
                    return issued
        return issued

    def _sure(self, progress: _Progress) -> int:
        """Attempts that may be in flight without one of them being in vain."""
        return self.passes - sum(passed is True for passed in progress.outcomes.values())

    def _likely(self, progress: _Progress) -> int:
        """Attempts that may be in flight when slots are free: half of what the rate so far leads to expect."""
        return self._expected(progress) // 2

    def _expected(self, progress: _Progress) -> int:
        """Attempts until the last needed pass, at the rate so far (Laplace's, so that no pass is not for ever)."""
        passed = sum(outcome is True for outcome in progress.outcomes.values())
        return max(1, round((self.passes - passed) * (len(progress.outcomes) + 2) / (passed + 1)))
