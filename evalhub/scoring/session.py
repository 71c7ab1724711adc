"""A whole scoring session: fill an empty pool, score a model, put chance beside it, sum up, rank."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

from aggregate.ranking import Ranking
from evalhub import pool
from evalhub.backends.baseline import RANDOM
from evalhub.backends.opening import HERE, Where, open_backend
from evalhub.errors import EvalhubError
from evalhub.interrupt import listening
from evalhub.ranking import rank_hub
from evalhub.scoring.budget import PoolEstimate, draw, estimate_pool
from evalhub.scoring.clock import LOADING, RANKING, Clock
from evalhub.scoring.figures import Figure, figures
from evalhub.scoring.likelihood import arithmetic, coarse
from evalhub.scoring.plan import Plan
from evalhub.scoring.run import Watcher
from evalhub.scoring.score import score
from evalhub.scoring.summary import Summary, summarise
from evalhub.selection import POOL, Selection
from evalhub.store.benchmarks import Named, resolve
from evalhub.store.chosen import replaced
from evalhub.store.hub import Hub
from evalhub.store.origins import sources
from evalhub.store.results import pass_rates
from evalhub.store.samples import choose_samples, load_samples, unjudged_samples
from evalhub.wording import counted, tallied

_FILE = "jsonl:"
"""How the sources of one's own files begin."""


@dataclass(frozen=True)
class Session:
    """What a session came to."""

    summary: Summary
    ranking: Ranking | None
    """Of all measured models over the benchmark, the one source that was chosen, or the whole pool; None where the
    model has no value at all."""

    pool: PoolEstimate | None
    """Where the model was run on part of the samples: what that says of all of them."""

    time: dict[str, Any]
    """Where the time went until the model's last measurement, as `evalhub.scoring.clock.Clock` gives it."""

    figures: tuple[Figure, ...] = ()
    """What answers by likelihood come to beyond the pass rate."""

    stopped_by: int = 0
    """The signal that stopped it; 0 where it came to its end."""

    benchmark: Named | None = None
    """The one that it was scored on."""

    def to_json(self) -> dict[str, Any]:
        """As `evalhub score --json` prints it."""
        pool = {"pool": self.pool.to_json()} if self.pool else {}
        metrics = {"metrics": [figure.to_json() for figure in self.figures]} if self.figures else {}
        ranking = self.ranking and self.ranking.to_json()
        benchmark = {"benchmark": self.benchmark.to_json()} if self.benchmark else {}
        return {**self.summary.to_json(), **metrics, **pool, **benchmark, "time": self.time, "ranking": ranking}


def score_model(
    hub: Hub,
    name: str,
    plan: Plan,
    *,
    chosen_sources: Sequence[str] = (),
    limit: int | None = None,
    budget: int | None = None,
    selection: Selection = POOL,
    device: str = "auto",
    dtype: str = "auto",
    where: Where = HERE,
    waiting: Callable[[str], AbstractContextManager[Any]],
    watching: Callable[[str], AbstractContextManager[Watcher]],
) -> Session:
    """Score a model on the pool, and baseline:random on those samples that have no chance rate yet.

    Args:
        name: of the model, as the backends read it.
        chosen_sources: only samples of these; all where empty.
        limit: at most so many samples of each source.
        selection: only samples of it; what it says of models does not count.
        budget: at most so many of all these samples, drawn so that they tell of the others.
        waiting: told what is waited for; held for as long.
        watching: given a model's name, holds what hears how its run goes on.

    Raises:
        EvalhubError: no such source or model, or nothing that can be asked and judged here.
    """
    clock = Clock()
    _check_judged(hub, chosen_sources, selection)
    with waiting(f"loading {name}"), clock.spent(LOADING):
        backend = open_backend(
            name,
            device=device,
            dtype=arithmetic(hub, chosen_sources, plan.overrides, dtype),
            hub=hub.path,
            priced=plan.budget.dollars is not None,
            where=where,
        )
    try:
        if not chosen_sources and not choose_samples(hub):
            with waiting("filling the empty pool with the starter samples"):
                pool.fill_starter(hub)
        benchmark = resolve(hub, selection.bench) if selection.bench else None
        wanted = selection.asked_of(hub, backend.model.model_id)
        sample_ids = choose_samples(hub, chosen_sources, limit, wanted)
        if not sample_ids:
            which = f" of {', '.join(chosen_sources)}" if chosen_sources else ""
            raise EvalhubError(f"there is no sample{which} that fits and to which an answer can be judged here")
        drawn = draw(hub, backend, sample_ids, plan, budget, chosen_sources) if budget else None
        asked = drawn.sample_ids if drawn else sample_ids
        with listening() as stopped, watching(backend.model.model_id) as watcher:
            scored = score(
                hub, backend, asked, plan, watcher, sources=chosen_sources, clock=clock, stopped=stopped
            )
    finally:
        backend.close()
    if drawn:
        scored = replace(scored, skipped=drawn.skipped)
    asked = [tally.sample_id for tally in scored.tallies]
    unknown = sorted(set(asked) - set(pass_rates(hub, RANDOM, asked)))
    if unknown and not scored.interrupted:
        with watching(RANDOM) as watcher:
            score(hub, open_backend(RANDOM), unknown, Plan(seed=plan.seed), watcher)
    chance = pass_rates(hub, RANDOM, asked)
    measured = {metric.sample_id for metric in scored.metrics}
    loaded = load_samples(hub, sorted({*asked, *measured}), chosen_sources)
    samples = {sample.sample_id: sample for sample in loaded}
    summary = summarise(scored, samples, chance, plan)
    said = (*backend.notes, *coarse(hub, scored.metrics), *summary.warnings)
    summary = replace(summary, warnings=(*said, *_no_longer_ranked(hub, backend.model.model_id)))
    if scored.interrupted:
        return Session(summary, None, None, clock.to_json(), stopped_by=stopped.number, benchmark=benchmark)
    pool_estimate = estimate_pool(hub, drawn) if drawn else None
    found = tuple(figures(scored.metrics, samples))
    with clock.spent(RANKING):
        ranking = ranking_after(hub, summary, chosen_sources, selection.bench)
    return Session(summary, ranking, pool_estimate, clock.to_json(), found, benchmark=benchmark)


def _no_longer_ranked(hub: Hub, model_id: str) -> list[str]:
    """What the newest weights and engine take the place of, though it knows more."""
    return [
        f"a ranking shows the weights and the engine that were measured last, now on {counted(now, 'sample')}: "
        f"{counted(before, 'sample')} measured under {told} are no longer ranked (they are kept)"
        for told, before, now in replaced(hub, model_id)
    ]


def _check_judged(hub: Hub, chosen: Sequence[str], selection: Selection) -> None:
    """Refuse samples to which nothing here can judge an answer, before a model is loaded for them.

    Raises:
        EvalhubError: they are all so, or there is no such source or benchmark.
    """
    check_sources(hub, chosen)
    if not (chosen or selection.bench or selection.where):
        return  # a pool of others' results alone is filled with the starter samples
    wanted = selection.samples(hub)
    unjudged = unjudged_samples(hub, chosen, wanted)
    if not unjudged or choose_samples(hub, chosen, 1, wanted):
        return
    by_file = {source: count for source, count in unjudged.items() if source.startswith(_FILE)}
    if by_file:
        raise EvalhubError(
            f"nothing here can judge an answer to {tallied(by_file)}: their reference is null. Give references in "
            "the file and ingest it again; results that were imported on them come over by evalhub import --undo "
            "before that and by importing again after it"
        )
    raise EvalhubError(
        f"nothing here can judge an answer to {tallied(unjudged)}: they are known from logs alone; ingest their "
        "source (evalhub sources)"
    )


def check_sources(hub: Hub, chosen: Sequence[str]) -> None:
    """Refuse sources that the pool does not have.

    Raises:
        EvalhubError: one of them.
    """
    known = sources(hub)
    if chosen and not known:
        raise EvalhubError(f"the pool is empty: evalhub ingest {chosen[0]} brings samples in")
    for source in chosen:
        if source not in known:
            raise EvalhubError(
                f"the pool has no source '{source}'; it has {', '.join(known)} (bring it in: evalhub ingest)"
            )


def ranking_after(
    hub: Hub, summary: Summary, chosen_sources: Sequence[str] = (), bench: str = ""
) -> Ranking | None:
    """The ranking of the benchmark, of the source where one is chosen, or of the whole pool; where the model has
    any value."""
    if all(part.rate is None for part in summary.sources):
        return None
    (source,) = chosen_sources if len(chosen_sources) == 1 and not bench else ("",)
    return rank_hub(hub, selection=Selection(source=source, bench=bench))
