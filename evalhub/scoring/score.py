"""Scoring: select samples, generate attempts, grade them, tally.

Whatever happens in between, the result is a function of the samples, the conditions, the seed and the stop
rule: a run that was killed and started again ends as one that was not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from typing import Any, Protocol

from aggregate.rates import rate_of
from evalhub import plugins
from evalhub.backends.base import Backend, Output
from evalhub.errors import EvalhubError
from evalhub.scoring.grading import Grading
from evalhub.scoring.passuntil import PassUntil
from evalhub.scoring.prompt import request
from evalhub.store.attempts import Kept, add_attempts, load_attempts
from evalhub.store.hub import Hub
from evalhub.store.results import Tallied, add_model, finish_run, start_run
from evalhub.store.samples import add_conditions, load_samples
from ingest.records import Attempt, Condition, Sample

_TOOLS = ("evalhub", "torch", "transformers", "tokenizers", "numpy")
_WAIT = 0.5
"""Seconds that the loop waits at most before it looks at the other side."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How a model is to be scored."""

    passes: int = 5
    """Stop a sample at this many passes; from 2 on the rate is unbiased, from 5 on it has a useful interval."""

    max_attempts: int = 16
    """Stop a sample after this many attempts."""

    seed: int = 0
    overrides: Mapping[str, Any] = field(default_factory=dict)
    """Decoding fields of `Condition` that replace what the sources ask for."""


class Watcher(Protocol):
    """Hears how a run goes on."""

    def begin(self, samples: int, settled: int, attempts: int) -> None:
        """The run starts, or goes on with this much done."""
        ...

    def advance(self, settled: int, attempts: int, remaining: int, tokens: int) -> None:
        """So far: settled samples, new attempts, attempts that will probably follow, and new tokens."""
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


def open_backend(name: str, *, device: str = "auto", dtype: str = "auto") -> Backend:
    """Start the backend that a model's name means."""
    for kind in plugins.backends():
        if kind.handles(name):
            backend: Backend = kind(name, device=device, dtype=dtype)
            return backend
    raise EvalhubError(f"no backend runs '{name}'")


def score(hub: Hub, backend: Backend, sample_ids: Sequence[str], plan: Plan, watcher: Watcher) -> Scored:
    """Score a model on samples of the pool and keep the measurements.

    Raises:
        EvalhubError: no sample can be asked and judged here, or the model died.
    """
    samples = {sample.sample_id: sample for sample in load_samples(hub, sample_ids)}
    with Grading(hub, samples) as grading:
        skipped = leave_out(samples, backend, grading)
        conditions = conditions_of(backend, samples.values(), plan.overrides)
        model = backend.model
        add_model(hub, model)
        add_conditions(hub, conditions.values())
        run_id = start_run(
            hub,
            model_id=model.model_id,
            seed=plan.seed,
            passes=plan.passes,
            max_attempts=plan.max_attempts,
            options=asdict(plan),
            versions={tool: version(tool) for tool in _TOOLS},
            conditions={sample_id: condition.condition_id for sample_id, condition in conditions.items()},
        )
        schedule = PassUntil(samples, plan.passes, plan.max_attempts)
        missing = _run(hub, backend, grading, schedule, samples, conditions, plan.seed, watcher)
    tallies = [
        _tally(sample_id, conditions[sample_id], schedule, missing.get(sample_id, {})) for sample_id in samples
    ]
    shrunk = finish_run(hub, run_id, model.model_id, plan.seed, tallies)
    return Scored(run_id, model.model_id, tallies, skipped, shrunk)


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


def _run(
    hub: Hub,
    backend: Backend,
    grading: Grading,
    schedule: PassUntil,
    samples: Mapping[str, Sample],
    conditions: Mapping[str, Condition],
    seed: int,
    watcher: Watcher,
) -> dict[str, dict[int, str]]:
    """Make and judge attempts until every sample is settled. Returns why attempts are missing, by sample."""
    model_id = backend.model.model_id
    reasons: dict[str, dict[int, str]] = {}

    def record(outcomes: list[tuple[Kept, bool | None]]) -> None:
        for kept, passed in outcomes:
            if passed is None:
                why = "not judged" if kept.status.counts else kept.status.value
                reasons.setdefault(kept.sample_id, {})[kept.attempt] = why
            schedule.record(kept.sample_id, kept.attempt, passed)

    def keep(outputs: list[Output]) -> list[Kept]:
        return add_attempts(
            hub,
            [
                Attempt(
                    model_id=model_id,
                    condition_id=conditions[output.request.sample_id].condition_id,
                    seed=seed,
                    sample_id=output.request.sample_id,
                    attempt=output.request.attempt,
                    status=output.status,
                    output=output.text,
                    tokens=output.tokens,
                    seconds=output.seconds,
                )
                for output in outputs
            ],
        )

    grading.recall()
    known = {sample_id: condition.condition_id for sample_id, condition in conditions.items()}
    before = load_attempts(hub, model_id, seed, known)
    record(grading.submit(before))
    while grading.pending:
        record(grading.collect(_WAIT))
    watcher.begin(len(samples), schedule.settled, len(before))
    flying = attempts = tokens = 0
    while not schedule.done or flying:
        wanted = schedule.next(backend.capacity - flying)
        backend.submit([request(samples[sample], conditions[sample], seed, attempt) for sample, attempt in wanted])
        flying += len(wanted)
        # With nothing to generate, the only thing to wait for is a verdict.
        outputs = backend.collect(_WAIT) if flying else []
        if outputs:
            flying -= len(outputs)
            attempts += len(outputs)
            tokens += sum(output.tokens for output in outputs)
            record(grading.submit(keep(outputs)))
        record(grading.collect(0 if flying else _WAIT))
        watcher.advance(schedule.settled, attempts, schedule.remaining, tokens)
    while grading.pending:
        record(grading.collect(_WAIT))
    return reasons


def _tally(sample_id: str, condition: Condition, schedule: PassUntil, reasons: Mapping[int, str]) -> Tallied:
    """A sample's measurement, from its outcomes in order of submission."""
    outcomes = schedule.outcomes(sample_id)
    rate = rate_of(outcomes, schedule.passes)
    missing = outcomes.count(None)
    # Attempts behind the one that settled the sample are not looked at, be they there or not.
    why = sorted({reason for attempt, reason in reasons.items() if attempt < len(outcomes)})
    return Tallied(
        sample_id=sample_id,
        condition_id=condition.condition_id,
        value=rate.rate,
        low=rate.low,
        high=rate.high,
        passes=rate.passes,
        attempts=rate.attempts,
        missing=missing,
        reason="" if rate.rate is not None else f"all {missing} attempts missing: {', '.join(why)}",
    )
