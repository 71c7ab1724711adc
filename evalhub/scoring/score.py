"""Scoring: select samples, generate attempts, grade them, tally.

Whatever happens in between, the result is a function of the samples, the conditions, the seed and the plan: a run
that was killed and started again ends as one that was not. A budget of time is the one exception.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from typing import Any

from evalhub.backends.base import Backend
from evalhub.errors import EvalhubError
from evalhub.scoring.clock import WRITING, Clock
from evalhub.scoring.grading import Grading
from evalhub.scoring.likelihood import changed, grader_of, judged_so, keep_metrics, unfit
from evalhub.scoring.plan import Plan
from evalhub.scoring.run import Run, Watcher
from evalhub.scoring.schedule import Waste
from evalhub.scoring.tally import Tally, tally
from evalhub.scoring.texts import Texts, take_texts
from evalhub.store.hub import Hub
from evalhub.store.metrics import Metric
from evalhub.store.results import Tallied, add_model, finish_run, start_run
from evalhub.store.samples import add_conditions, load_samples
from evalhub.store.shapes import set_shape, shape_of
from ingest.records import Condition, Sample

_TOOLS = ("evalhub", "torch", "transformers", "tokenizers", "numpy")


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

    metrics: tuple[Metric, ...] = ()
    """Of samples answered by likelihood, what their scores say beyond passing."""


def score(
    hub: Hub,
    backend: Backend,
    sample_ids: Sequence[str],
    plan: Plan,
    watcher: Watcher,
    *,
    sources: Sequence[str] = (),
    clock: Clock | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> Scored:
    """Score a model on samples of the pool and keep the measurements.

    Args:
        sources: what the watcher hears is by these, where a sample is of one of them.
        clock: told where the time goes.
        stopped: whether the user wants no more; then what is there is summed up, and no measurement kept.

    Raises:
        EvalhubError: no sample can be asked and judged here, the model died, attempts fail one and all in the
            same way, or a budget in dollars meets a model without a price.
    """
    clock = clock or Clock()
    samples = {sample.sample_id: sample for sample in load_samples(hub, sample_ids, sources)}
    conditions = conditions_of(backend, samples.values(), plan.overrides)
    with Grading(hub, judged_so(samples, conditions), clock) as grading:
        skipped = leave_out(samples, backend, grading, conditions, plan.overrides)
        conditions = {sample_id: conditions[sample_id] for sample_id in samples}
        texts = Texts(hub, backend, take_texts(samples), conditions, plan.seed)
        model_id = backend.model.model_id
        add_model(hub, backend.model)
        if architecture := getattr(backend, "architecture", None):
            set_shape(hub, model_id, shape_of(architecture))
        add_conditions(hub, conditions.values())
        of_samples = {sample_id: conditions[sample_id] for sample_id in samples}
        known = {sample_id: condition.condition_id for sample_id, condition in of_samples.items()}
        run_id = start_run(
            hub,
            model_id=model_id,
            seed=plan.seed,
            passes=plan.passes or 0,
            max_attempts=plan.max_attempts,
            rule=plan.rule() | texts.rule(),
            options=asdict(plan),
            versions={tool: version(tool) for tool in _TOOLS},
            conditions=known,
        )
        run = Run(hub, backend, grading, plan, samples, of_samples, clock)
        run.go_on(watcher, stopped)
        interrupted = not (run.until_done(watcher, stopped) and texts.until_done(stopped))
    found = tally(run.schedule, known, run.reasons)
    shrunk = 0
    metrics: list[Metric] = []
    if not interrupted:
        with clock.spent(WRITING):
            shrunk = finish_run(hub, run_id, model_id, plan.seed, found.measurements)
            metrics = keep_metrics(hub, model_id, plan.seed, {**samples, **texts.samples}, conditions)
    words = plan.budget.words()
    ended = tuple(words[name] for name in run.schedule.ended)
    waste = run.schedule.waste
    skipped |= texts.failed
    return Scored(
        run_id, model_id, found.measurements, skipped, shrunk, found, ended, waste, interrupted, tuple(metrics)
    )


def leave_out(
    samples: dict[str, Sample],
    backend: Backend,
    grading: Grading,
    conditions: Mapping[str, Condition],
    overrides: Mapping[str, Any],
) -> dict[str, int]:
    """Take away the samples that cannot be asked or judged here. Returns the reasons, and how many each.

    Args:
        conditions: under which each would really be asked.
        overrides: of the conditions that the sources ask for.

    Raises:
        EvalhubError: none is left.
    """
    skipped: dict[str, int] = {}
    refusals = grading.refusals()
    for sample_id, sample in list(samples.items()):
        condition = conditions[sample_id]
        reason = (
            unfit(sample, condition)
            or backend.refuses(sample, changed(sample.condition, overrides))
            or refusals.get(grader_of(sample, condition), "")
        )
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
            made[sample.condition] = backend.condition(changed(sample.condition, overrides))
        found[sample.sample_id] = made[sample.condition]
    return found
