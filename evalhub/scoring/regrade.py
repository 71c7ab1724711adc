"""Stored attempts judged anew: no model is loaded and nothing generated, so it works where neither could be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

from aggregate.ranking import Ranking
from evalhub.backends.baseline import RANDOM
from evalhub.errors import EvalhubError
from evalhub.scoring.grading import Grading, passed
from evalhub.scoring.plan import Plan
from evalhub.scoring.run import tells_once
from evalhub.scoring.schedule import Schedule
from evalhub.scoring.score import Scored
from evalhub.scoring.session import check_sources, ranking_after
from evalhub.scoring.summary import Summary, summarise
from evalhub.scoring.tally import Tally, tally
from evalhub.scoring.trials import Outcome
from evalhub.store.attempts import Kept, add_verdicts, load_attempts
from evalhub.store.hub import Hub
from evalhub.store.journal import (
    KeptRun,
    attempts_by_output,
    ended_runs,
    judged_outputs,
    likelihood_outputs,
    load_conditions,
    measured_counts,
    models_tried,
)
from evalhub.store.results import Tallied, pass_rates, replace_measurements
from evalhub.store.samples import choose_samples, load_samples
from ingest.records import Condition, Sample, Status, Verdict

_Key = tuple[str, str]
"""Sample id and output hash."""


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What judging anew has changed."""

    outputs: int
    """Distinct outputs that were judged."""

    pass_to_fail: int
    fail_to_pass: int
    missing_to_pass: int
    missing_to_fail: int

    not_judged: int
    """Outputs that could not be judged now; their older verdicts stay."""

    measurements: int
    """Replaced ones, whose value is another."""

    need_more: int
    """Samples that would need more attempts than there are, and did not before."""


@dataclass(frozen=True, kw_only=True)
class SourceChanges:
    """What judging anew has changed of one source."""

    source: str
    attempts: int
    """Those whose outputs were judged."""

    outputs: int
    changed: int
    """Verdicts that are others now."""

    before: float | None
    after: float | None
    """Mean pass rate of the source's samples in the model's last run; None where none has one."""


@dataclass(frozen=True)
class Regraded:
    """What judging anew came to."""

    summary: Summary
    """Of the model's last run, as it is now."""

    changes: Changes
    sources: tuple[SourceChanges, ...]
    ranking: Ranking | None

    def to_json(self) -> dict[str, Any]:
        """As `evalhub score --regrade --json` prints it."""
        ranking = self.ranking and self.ranking.to_json()
        changes = {**asdict(self.changes), "sources": [asdict(part) for part in self.sources]}
        return {**self.summary.to_json(), "regrade": changes, "ranking": ranking}


def regrade(hub: Hub, name: str, chosen_sources: Sequence[str] = ()) -> Regraded:
    """Judge a model's attempts anew, under all its conditions and seeds, and count those of its runs again.

    Verdicts and measurements are replaced together, or not at all. Verdicts that cannot be given now (no sandbox,
    a grader that fails) stay as they were. Measurements of other models that wrote the same outputs change when
    these are judged anew, or run again.

    Args:
        name: of the model, as it was scored, or its id.
        chosen_sources: only samples of these; all where empty.

    Raises:
        EvalhubError: no such source, or the model has no attempts or no finished run.
    """
    check_sources(hub, chosen_sources)
    model_id = find_model(name, models_tried(hub))
    runs = ended_runs(hub, model_id)
    if not runs:
        raise EvalhubError(f"no run of {model_id} has ended yet: evalhub score {name} ends one")
    every = sorted({sample_id for run in runs for sample_id in run.conditions})
    chosen = set(every) & set(choose_samples(hub, chosen_sources)) if chosen_sources else set(every)
    samples = {sample.sample_id: sample for sample in load_samples(hub, every, chosen_sources)}
    before = judged_outputs(hub, model_id, every)
    likelihoods = likelihood_outputs(hub, model_id)
    asked = [key for key in before if key[0] in chosen and key not in likelihoods]
    fresh, versions, skipped = _judge(hub, {s: samples[s] for s in chosen}, asked)
    now = {**before, **fresh}
    recount = _Recount(hub, model_id, samples)
    measured = measured_counts(hub, model_id)
    found: dict[tuple[str, str, int], tuple[Tallied, bool]] = {}
    for run in runs:
        lacked, old = recount.tallied(run, before)
        lacking, last = recount.tallied(run, now)
        for was, one in zip(old.measurements, last.measurements, strict=True):
            key = (one.sample_id, one.condition_id, run.seed)
            # A measurement is that of the last run which comes to it by the old verdicts.
            same = measured.get(key) == (was.passes, was.attempts, was.missing)
            if one.sample_id in chosen and key in measured and (same or key not in found):
                found[key] = (one, one.sample_id in lacking - lacked)
    changed = 0
    with hub.transaction():
        add_verdicts(hub, [(*key, verdict, versions[key[0]]) for key, verdict in fresh.items()])
        for seed in {run.seed for run in runs}:
            rows = [one for key, (one, _) in found.items() if key[2] == seed]
            changed += replace_measurements(hub, model_id, seed, rows)
    needing = {sample_id for (sample_id, *_), (_, more) in found.items() if more}
    run = runs[-1]
    scored = Scored(run.run_id, model_id, last.measurements, skipped, 0, last)
    chance = pass_rates(hub, RANDOM, list(run.conditions))
    summary = summarise(scored, samples, chance, Plan.from_json(run.options))
    changes = _changes(before, fresh, asked, changed, len(needing))
    of = {sample_id: samples[sample_id].source for sample_id in chosen}
    parts = _by_source(of, before, fresh, attempts_by_output(hub, model_id), old, last)
    return Regraded(summary, changes, parts, ranking_after(hub, summary, chosen_sources))


def find_model(name: str, known: Collection[str]) -> str:
    """The id under which a model's attempts are kept, from what it was called when it was scored: an id, or a file
    or folder whose name is the id.

    Raises:
        EvalhubError: none of them.
    """
    path = Path(name.rpartition(":")[2]).expanduser()
    prefix = name.rpartition(":")[0] + ":" if ":" in name else ""
    for candidate in (name, path.name, path.stem, f"{prefix}{path.stem}", path.resolve().name):
        if candidate in known:
            return candidate
    there = f"there are attempts of {', '.join(sorted(known))}" if known else "no model has any"
    raise EvalhubError(f"no attempts of '{name}' are kept in this hub: {there}")


def _judge(
    hub: Hub, samples: dict[str, Sample], outputs: Sequence[_Key]
) -> tuple[dict[_Key, Verdict], dict[str, str], dict[str, int]]:
    """New verdicts, the versions of the samples' graders, and why samples were left out."""
    with Grading(hub, samples, keep=False) as grading:
        refused = grading.refusals()
        skipped: dict[str, int] = {}
        for sample in samples.values():
            if sample.grader in refused:
                reason = refused[sample.grader]
                skipped[reason] = skipped.get(reason, 0) + 1
        able = [key for key in outputs if samples[key[0]].grader not in refused]
        grading.submit(Kept(sample, 0, Status.OK, output) for sample, output in able)
        while grading.pending:
            grading.collect(1.0)
        given = {key: verdict for key, verdict in grading.verdicts.items() if verdict.value is not None}
        return given, grading.versions(), skipped


class _Recount:
    """Counts the stored attempts of a model's runs."""

    def __init__(self, hub: Hub, model_id: str, samples: Mapping[str, Sample]) -> None:
        self._hub, self._model_id, self._samples = hub, model_id, samples
        self._conditions: dict[str, Condition] = {}
        self._attempts: tuple[str, list[Kept]] = ("", [])

    def tallied(self, run: KeptRun, verdicts: Mapping[_Key, Verdict | None]) -> tuple[set[str], Tally]:
        """What a run's attempts add up to by these verdicts, and which samples would need more."""
        conditions = {s: c for s, c in run.conditions.items() if s in self._samples}
        self._conditions |= load_conditions(self._hub, set(conditions.values()) - self._conditions.keys())
        if self._attempts[0] != run.run_id:
            there = load_attempts(self._hub, self._model_id, run.seed, conditions, failed=True)
            self._attempts = (run.run_id, there)
        plan = Plan.from_json(run.options)
        # How far a budget of time got depended on the machine: what is there counts.
        plan = replace(plan, budget=replace(plan.budget, seconds=None))
        once = [s for s, condition in conditions.items() if tells_once(self._conditions[condition])]
        schedule = Schedule(conditions, plan, once)
        reasons: dict[str, dict[int, str]] = {}
        for kept in self._attempts[1]:
            outcome = passed(kept, verdicts.get((kept.sample_id, kept.output)))
            if outcome is None:
                why = "not judged" if kept.status.counts else kept.status.value
                reasons.setdefault(kept.sample_id, {})[kept.attempt] = why
            schedule.record(
                kept.sample_id, kept.attempt, Outcome(outcome, kept.tokens, kept.cost or 0.0, fresh=False)
            )
        schedule.conclude()
        return schedule.lacking(), tally(schedule, conditions, reasons)


def _changes(
    before: Mapping[_Key, Verdict | None],
    fresh: Mapping[_Key, Verdict],
    asked: Iterable[_Key],
    measurements: int,
    need_more: int,
) -> Changes:
    moves = Counter((_passed(before[key]), _passed(verdict)) for key, verdict in fresh.items())
    return Changes(
        outputs=len(fresh),
        pass_to_fail=moves[True, False],
        fail_to_pass=moves[False, True],
        missing_to_pass=moves[None, True],
        missing_to_fail=moves[None, False],
        not_judged=sum(key not in fresh for key in asked),
        measurements=measurements,
        need_more=need_more,
    )


def _by_source(
    source_of: Mapping[str, str],
    before: Mapping[_Key, Verdict | None],
    fresh: Mapping[_Key, Verdict],
    attempts: Mapping[_Key, int],
    old: Tally,
    new: Tally,
) -> tuple[SourceChanges, ...]:
    """The changes source by source.

    Args:
        source_of: each sample that was to be judged.
        attempts: by output.
        old: what the last run added up to by the older verdicts.
        new: and by these.
    """

    def rate(tally: Tally, source: str) -> float | None:
        values = [
            one.value
            for one in tally.measurements
            if one.value is not None and source_of.get(one.sample_id) == source
        ]
        return fmean(values) if values else None

    parts = []
    for source in sorted(set(source_of.values())):
        keys = [key for key in fresh if source_of[key[0]] == source]
        parts.append(
            SourceChanges(
                source=source,
                attempts=sum(attempts[key] for key in keys),
                outputs=len(keys),
                changed=sum(_passed(before[key]) != _passed(fresh[key]) for key in keys),
                before=rate(old, source),
                after=rate(new, source),
            )
        )
    return tuple(parts)


def _passed(verdict: Verdict | None) -> bool | None:
    """None where nothing is known."""
    return None if verdict is None or verdict.value is None else verdict.value >= 1
