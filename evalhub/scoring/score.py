"""Scoring: select samples, generate attempts, grade them, tally.

Whatever happens in between, the result is a function of the samples, the conditions, the seed and the plan: a run
that was killed and started again ends as one that was not. A budget of time is the one exception.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from typing import Any, Protocol

from evalhub import plugins
from evalhub.backends.base import Backend, Output
from evalhub.errors import EvalhubError
from evalhub.scoring.alike import Alike
from evalhub.scoring.clock import GENERATING, VERDICTS, WRITING, Clock
from evalhub.scoring.grading import Grading, Judged
from evalhub.scoring.plan import Plan
from evalhub.scoring.prompt import request
from evalhub.scoring.schedule import Schedule, Waste
from evalhub.scoring.tally import Tally, tally
from evalhub.scoring.trials import Outcome
from evalhub.store.attempts import Kept, add_attempts, load_attempts
from evalhub.store.hub import Hub
from evalhub.store.results import Tallied, add_model, finish_run, start_run
from evalhub.store.samples import add_conditions, load_samples
from ingest.records import Attempt, Condition, Sample, Status

_TOOLS = ("evalhub", "torch", "transformers", "tokenizers", "numpy")
_WAIT = 0.5
"""Seconds that the loop waits at most before it looks at the other side."""


class Watcher(Protocol):
    """Hears how a run goes on."""

    def begin(self, schedule: Schedule, samples: Mapping[str, Sample], attempts: int) -> None:
        """The run starts, or goes on with so many attempts made before."""
        ...

    def advance(self, tokens: int) -> None:
        """Something has happened: the schedule says what. So many tokens were generated so far."""
        ...


@dataclass(frozen=True)
class Scored:
    """What a run came to."""

    run_id: str
    model_id: str
    tallies: list[Tallied]
    skipped: dict[str, int]
    """Reasons why samples were not asked, and how many."""

    shrunk: int
    """Measurements that rested on more attempts before this run, under a wider stop rule."""

    tally: Tally = field(default_factory=lambda: Tally(measurements=[]))
    """What the attempts add up to beyond measurements."""

    ended: tuple[str, ...] = ()
    """Budgets, in words, that were spent before every sample was settled."""

    waste: Waste = field(default_factory=lambda: Waste(0, 0, 0.0))
    interrupted: bool = False
    """Ctrl-C came before the end: the attempts are kept, the measurements are not."""


def open_backend(name: str, *, device: str = "auto", dtype: str = "auto") -> Backend:
    """Start the backend that a model's name means."""
    for kind in plugins.backends():
        if kind.handles(name):
            backend: Backend = kind(name, device=device, dtype=dtype)
            return backend
    raise EvalhubError(f"no backend runs '{name}'")


def score(
    hub: Hub,
    backend: Backend,
    sample_ids: Sequence[str],
    plan: Plan,
    watcher: Watcher,
    *,
    clock: Clock | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> Scored:
    """Score a model on samples of the pool and keep the measurements.

    Args:
        clock: told where the time goes.
        stopped: whether the user wants no more; then what is there is summed up, and no measurement kept.

    Raises:
        EvalhubError: no sample can be asked and judged here, the model died, attempts fail one and all in the
            same way, or a budget in dollars meets a model without a price.
    """
    clock = clock or Clock()
    samples = {sample.sample_id: sample for sample in load_samples(hub, sample_ids)}
    with Grading(hub, samples, clock) as grading:
        skipped = leave_out(samples, backend, grading)
        conditions = conditions_of(backend, samples.values(), plan.overrides)
        model_id = backend.model.model_id
        add_model(hub, backend.model)
        add_conditions(hub, conditions.values())
        known = {sample_id: condition.condition_id for sample_id, condition in conditions.items()}
        run_id = start_run(
            hub,
            model_id=model_id,
            seed=plan.seed,
            passes=plan.passes or 0,
            max_attempts=plan.max_attempts,
            rule=plan.rule(),
            options=asdict(plan),
            versions={tool: version(tool) for tool in _TOOLS},
            conditions=known,
        )
        run = _Run(hub, backend, grading, plan, samples, conditions, clock)
        run.go_on(watcher)
        interrupted = not run.until_done(watcher, stopped)
    found = tally(run.schedule, known, run.reasons)
    shrunk = 0
    if not interrupted:
        with clock.spent(WRITING):
            shrunk = finish_run(hub, run_id, model_id, plan.seed, found.measurements)
    words = plan.budget.words()
    ended = tuple(words[name] for name in run.schedule.ended)
    waste = run.schedule.waste
    return Scored(run_id, model_id, found.measurements, skipped, shrunk, found, ended, waste, interrupted)


def leave_out(samples: dict[str, Sample], backend: Backend, grading: Grading) -> dict[str, int]:
    """Take away the samples that cannot be asked or judged here. Returns the reasons, and how many each.

    Raises:
        EvalhubError: none is left.
    """
    skipped: dict[str, int] = {}
    refusals = grading.refusals()
    for sample_id, sample in list(samples.items()):
        reason = backend.refuses(sample, sample.condition) or refusals.get(sample.grader, "")
        if reason:
            skipped[reason] = skipped.get(reason, 0) + 1
            del samples[sample_id]
    if not samples:
        raise EvalhubError("nothing can be scored: " + ("; ".join(skipped) if skipped else "no sample was chosen"))
    return skipped


def conditions_of(
    backend: Backend, samples: Iterable[Sample], overrides: Mapping[str, Any]
) -> dict[str, Condition]:
    """The condition under which each sample will really be asked; equal ones are one object."""
    made: dict[Condition, Condition] = {}
    found = {}
    for sample in samples:
        if sample.condition not in made:
            made[sample.condition] = backend.condition(sample.condition.changed(**overrides))
        found[sample.sample_id] = made[sample.condition]
    return found


def tells_once(condition: Condition) -> bool:
    """Whether all attempts under a condition would be the same."""
    return condition.temperature == 0 or condition.answer == "likelihood"


class _Run:
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
        self.schedule = Schedule(samples, plan, once)
        self.reasons: dict[str, dict[int, str]] = {}
        self._hub, self._backend, self._grading, self._plan = hub, backend, grading, plan
        self._samples, self._conditions, self._clock = samples, conditions, clock
        self._alike = Alike()
        self._flying = self._tokens = 0
        self._fresh: set[tuple[str, int]] = set()

    def go_on(self, watcher: Watcher) -> None:
        """Take what earlier runs left."""
        self._grading.recall()
        known = {sample_id: condition.condition_id for sample_id, condition in self._conditions.items()}
        with self._clock.spent(WRITING):
            before = load_attempts(self._hub, self._backend.model.model_id, self._plan.seed, known)
        priced = self._plan.budget.dollars is not None
        unknown = sum(kept.cost is None and kept.status.counts for kept in before) if priced else 0
        if unknown:
            raise EvalhubError(
                f"what {unknown:,} attempts of earlier runs cost is not known, so that a budget in dollars cannot "
                "be kept: take a budget in tokens or attempts, or another --seed"
            )
        self._judge(before)
        self._judge_rest()
        watcher.begin(self.schedule, self._samples, len(before))

    def until_done(self, watcher: Watcher, stopped: Callable[[], bool]) -> bool:
        """Make attempts until no more are wanted. Returns whether nobody stopped it."""
        schedule, began = self.schedule, time.monotonic()
        while not schedule.done or self._flying:
            if stopped():
                self._take(0)
                schedule.conclude()
                return False
            self._ask(time.monotonic() - began)
            # With nothing to generate, the only thing to wait for is a verdict.
            if self._flying:
                self._take(_WAIT, time.monotonic() - began)
            with self._clock.spent(VERDICTS):
                judged = self._grading.collect(0 if self._flying else _WAIT)
            self._record(judged)
            watcher.advance(self._tokens)
        self._judge_rest()
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
        """Take outputs, put others into their places at once, then keep and judge what came."""
        with self._clock.spent(GENERATING):
            outputs = self._backend.collect(wait)
        if not outputs:
            return
        self._flying -= len(outputs)
        if seconds is not None:
            self._ask(seconds)
        tokens = sum(output.tokens for output in outputs)
        self._tokens += tokens
        self._clock.tokens += tokens
        with self._clock.spent(WRITING):
            kept = self._keep(outputs)
        self._fresh.update((one.sample_id, one.attempt) for one in kept)
        for output in outputs:
            self._look_at(output)
        self._judge(kept)

    def _keep(self, outputs: Sequence[Output]) -> list[Kept]:
        return add_attempts(
            self._hub,
            [
                Attempt(
                    model_id=self._backend.model.model_id,
                    condition_id=self._conditions[output.request.sample_id].condition_id,
                    seed=self._plan.seed,
                    sample_id=output.request.sample_id,
                    attempt=output.request.attempt,
                    status=output.status,
                    output=output.text,
                    tokens=output.tokens,
                    seconds=output.seconds,
                    prompt_tokens=output.prompt_tokens,
                    cost=output.cost,
                )
                for output in outputs
            ],
        )

    def _look_at(self, output: Output) -> None:
        if output.status in (Status.NO_ANSWER, Status.TRUNCATED):
            self._alike.worked()
        elif output.status is not Status.OK:
            self._alike.failed(output.text or output.status.value)
        if self._plan.budget.dollars is not None and output.cost is None and output.status is Status.OK:
            raise EvalhubError(
                f"a budget in dollars needs a price, and none is known for {self._backend.model.model_id}: take a "
                "budget in tokens or attempts (what was made is kept)"
            )

    def _judge(self, attempts: Sequence[Kept]) -> None:
        self._record(self._grading.submit(attempts))

    def _judge_rest(self) -> None:
        while self._grading.pending:
            with self._clock.spent(VERDICTS):
                judged = self._grading.collect(_WAIT)
            self._record(judged)

    def _record(self, outcomes: Iterable[Judged]) -> None:
        for kept, passed, detail in outcomes:
            fresh = (kept.sample_id, kept.attempt) in self._fresh
            if passed is None:
                why = "not judged" if kept.status.counts else kept.status.value
                self.reasons.setdefault(kept.sample_id, {})[kept.attempt] = why
                if fresh and kept.status.counts:
                    self._alike.failed(detail)
            elif fresh:
                self._alike.worked()
            self.schedule.record(
                kept.sample_id, kept.attempt, Outcome(passed, kept.tokens, kept.cost or 0.0, fresh)
            )
