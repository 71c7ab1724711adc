"""The attempts of a run: made by the backend, kept, judged, and told to the schedule, all beside each other."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from evalhub.backends.base import Backend, Output
from evalhub.errors import EvalhubError
from evalhub.scoring.alike import Alike
from evalhub.scoring.clock import GENERATING, VERDICTS, WRITING, Clock
from evalhub.scoring.grading import Grading, Judged
from evalhub.scoring.likelihood import LIKELIHOOD
from evalhub.scoring.plan import Plan
from evalhub.scoring.prompt import request
from evalhub.scoring.schedule import Schedule
from evalhub.scoring.texts import attempts_of
from evalhub.scoring.trials import outcome
from evalhub.store.attempts import Kept, add_attempts, load_attempts
from evalhub.store.hub import Hub
from evalhub.wording import counted
from ingest.records import Condition, Sample, Status

_WAIT = 0.5
"""Seconds that the loop waits at most before it looks at the other side."""

LONGEST_OUTPUT = 2**21
"""Characters. No model says so much to a prompt; what does would fill the hub, and the memory of who reads it."""

_log = logging.getLogger(__name__)

_RENEWED = 10_000
"""Attempts after which the hub's database is opened anew, so that a long run takes hardly more memory."""

_TOGETHER = 64
_SOON = 0.3
"""Outputs are written so many together, or after so many seconds: each writing waits for the disk."""


class Watcher(Protocol):
    """Hears how a run goes on."""

    def begin(self, schedule: Schedule, samples: Mapping[str, Sample], attempts: int) -> None:
        """The run starts, or goes on with so many attempts made before."""
        ...

    def advance(self, tokens: int) -> None:
        """Something has happened: the schedule says what. So many tokens were generated so far."""
        ...


def tells_once(condition: Condition) -> bool:
    """Whether all attempts under a condition would be the same."""
    return condition.temperature == 0 or condition.answer == LIKELIHOOD


class Run:
    """Makes and judges attempts until the schedule has enough.

    Attributes:
        schedule: what it has and wants.
        reasons: why attempts are missing, by sample and attempt.
    """

    def __init__(
        self,
        hub: Hub,
        backend: Backend,
        grading: Grading,
        plan: Plan,
        samples: Mapping[str, Sample],
        conditions: Mapping[str, Condition],
        clock: Clock,
    ) -> None:
        once = [sample_id for sample_id, condition in conditions.items() if tells_once(condition)]
        lengths = {sample_id: condition.max_tokens for sample_id, condition in conditions.items()}
        self.schedule = Schedule(samples, plan, once, lengths)
        self.reasons: dict[str, dict[int, str]] = {}
        self._hub, self._backend, self._grading, self._plan = hub, backend, grading, plan
        self._samples, self._conditions, self._clock = samples, conditions, clock
        self._asking, self._judging = Alike(), Alike()
        self._flying = self._tokens = 0
        self._landed: list[Output] = []
        self._told_of_length = False
        self._first_landed = 0.0
        self._since_renewal = 0
        self._fresh: set[tuple[str, int]] = set()

    def go_on(self, watcher: Watcher, stopped: Callable[[], bool]) -> None:
        """Take what earlier runs left."""
        self._grading.recall()
        known = {sample_id: condition.condition_id for sample_id, condition in self._conditions.items()}
        with self._clock.spent(WRITING):
            before = load_attempts(self._hub, self._backend.model.model_id, self._plan.seed, known)
        priced = self._plan.budget.dollars is not None
        unknown = sum(kept.cost is None and kept.status.counts for kept in before) if priced else 0
        if unknown:
            raise EvalhubError(
                f"what {counted(unknown, 'attempt')} of earlier runs cost is not known, so that a budget in "
                "dollars cannot be kept: take a budget in tokens or attempts, or another --seed"
            )
        self._judge(before)
        watcher.begin(self.schedule, self._samples, len(before))
        self._judge_rest(stopped)

    def until_done(self, watcher: Watcher, stopped: Callable[[], bool]) -> bool:
        """Make attempts until no more are wanted. Returns whether nobody stopped it."""
        try:
            return self._make(watcher, stopped)
        finally:
            # Whatever happens, the model's death or a second Ctrl-C: what came is kept.
            self._keep_landed()

    def _make(self, watcher: Watcher, stopped: Callable[[], bool]) -> bool:
        schedule, began = self.schedule, time.monotonic()
        while not schedule.done or self._flying:
            if stopped():
                self._take(0)
                self._judge(self._keep_landed())
                self._record(self._grading.collect(0))
                self._grading.abandon()
                schedule.conclude()
                return False
            self._ask(time.monotonic() - began)
            # With nothing to generate, the only thing to wait for is a verdict.
            if self._flying:
                self._take(_SOON if self._landed else _WAIT, time.monotonic() - began)
            late = self._landed and time.monotonic() - self._first_landed >= _SOON
            if late or not self._flying or len(self._landed) >= _TOGETHER:
                self._judge(self._keep_landed())
            with self._clock.spent(VERDICTS):
                judged = self._grading.collect(0 if self._flying else _WAIT)
            self._record(judged)
            watcher.advance(self._tokens)
        if not schedule.order.done:  # time is up, and what came in time counts
            self._judge_rest(stopped)
        schedule.conclude()
        return True

    def _ask(self, seconds: float) -> None:
        wanted = self.schedule.next(self._backend.capacity - self._flying, seconds)
        if wanted:
            seed = self._plan.seed
            with self._clock.spent(GENERATING):
                self._backend.submit(
                    [request(self._samples[s], self._conditions[s], seed, attempt) for s, attempt in wanted]
                )
            self._flying += len(wanted)

    def _take(self, wait: float, seconds: float | None = None) -> None:
        """Take outputs, and put others into their places at once."""
        with self._clock.spent(GENERATING):
            outputs = [self._bounded(output) for output in self._backend.collect(wait)]
        if not outputs:
            return
        self._flying -= len(outputs)
        if seconds is not None:
            self._ask(seconds)
        tokens = sum(output.tokens for output in outputs)
        self._tokens += tokens
        self._clock.tokens += tokens
        if not self._landed:
            self._first_landed = time.monotonic()
        self._landed += outputs

    def _bounded(self, output: Output) -> Output:
        if len(output.text) <= LONGEST_OUTPUT:
            return output
        why = f"its output is longer than {LONGEST_OUTPUT:,} characters"
        if not self._told_of_length:
            self._told_of_length = True
            _log.warning("%s: %s, so the attempt is missing", output.request.sample_id, why)
        return replace(output, text=why, status=Status.ERROR)

    def _keep_landed(self) -> list[Kept]:
        """Keep the outputs that came."""
        outputs, self._landed = self._landed, []
        if not outputs:
            return []
        with self._clock.spent(WRITING):
            kept = self._keep(outputs)
        self._fresh.update((one.sample_id, one.attempt) for one in kept)
        for output in outputs:
            self._look_at(output)
        return kept

    def _keep(self, outputs: Sequence[Output]) -> list[Kept]:
        model_id, seed = self._backend.model.model_id, self._plan.seed
        kept = add_attempts(self._hub, attempts_of(outputs, model_id, self._conditions, seed))
        self._since_renewal += len(kept)
        if self._since_renewal >= _RENEWED:
            self._since_renewal = 0
            self._hub.renew()
        return kept

    def _look_at(self, output: Output) -> None:
        if output.status.counts or output.status is Status.TRUNCATED:
            self._asking.worked(output.request.sample_id)
        else:
            self._asking.failed(output.request.sample_id, output.text or output.status.value)
        if self._plan.budget.dollars is not None and output.cost is None and output.status is Status.OK:
            raise EvalhubError(
                f"a budget in dollars cannot be kept: what {self._backend.model.model_id} took is not told; "
                "budget tokens or attempts (what was made is kept)"
            )

    def _judge(self, attempts: Sequence[Kept]) -> None:
        self._record(self._grading.submit(attempts))

    def _judge_rest(self, stopped: Callable[[], bool]) -> None:
        while self._grading.pending and not stopped():
            with self._clock.spent(VERDICTS):
                judged = self._grading.collect(_WAIT)
            self._record(judged)

    def _record(self, outcomes: Iterable[Judged]) -> None:
        for kept, passed, detail in outcomes:
            attempt = (kept.sample_id, kept.attempt)
            fresh = attempt in self._fresh
            self._fresh.discard(attempt)
            if passed is None:
                why = "not judged" if kept.status.counts else kept.status.value
                self.reasons.setdefault(kept.sample_id, {})[kept.attempt] = why
                if fresh and kept.status.counts:
                    self._judging.failed(kept.sample_id, detail)
            elif fresh:
                self._judging.worked(kept.sample_id)
            self.schedule.record(
                kept.sample_id, kept.attempt, outcome(passed, kept.tokens, kept.cost or 0.0, fresh)
            )
