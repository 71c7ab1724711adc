"""Rankings of what a hub or files hold."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

from aggregate.agreement import agreement
from aggregate.counted import Counted
from aggregate.measurements import Measurements, MeasurementsError
from aggregate.method import Intervals
from aggregate.paired import PairedMethod
from aggregate.ranking import Ranking
from aggregate.weights import by_model, by_source
from evalhub import plugins
from evalhub.counts import counts_pay, refresh
from evalhub.cutoffs import Beyond, beyond
from evalhub.errors import EvalhubError
from evalhub.file_measurements import read_files
from evalhub.selected_frames import SelectedFrames
from evalhub.selection import POOL, Selection
from evalhub.store.benchmarks import Named, resolve
from evalhub.store.chosen import Slice, measured_models, slices
from evalhub.store.hub import Hub
from evalhub.store.journal import stopped_runs
from evalhub.store.metric_ranges import metric_ranges
from evalhub.store.origins import first_sources, sources
from evalhub.store.results import metrics, save_ranking, votes_fingerprint
from evalhub.store.wanted import Wanted, count_samples
from evalhub.wording import unmeasured

DEFAULT = "auto"

PUBLISHED = (DEFAULT, "mean", "bradley-terry")
"""What a board shows side by side: each fails where the others do not, so that a reader sees what depends on
the method."""


class NothingMeasured(EvalhubError):
    """Of what is to be ranked there is no value and no vote."""


@dataclass(frozen=True, kw_only=True)
class HowToRank:
    """The method and what it is told."""

    method: str = DEFAULT
    level: float = 0.95
    intervals: Intervals = "sandwich"
    replicates: int = 1000
    seed: int = 0

    balance_sources: bool = False
    """Every source has the same weight."""

    balance_pairs: bool = False
    """A sample that k models saw weighs 1/(k-1); for methods that compare models in pairs."""

    metric: str = ""
    """Of several that were measured, this one; '' for the main one of each output."""

    def by_counts(self, hub: Hub, source: str, held: Sequence[Slice]) -> bool:
        """Whether to rank what these slices of a hub hold from counts of it: there is much to count, counts say
        all that is asked for, and the slices hold nothing else."""
        if self.metric or votes_fingerprint(hub, source) or any(source not in ("", one.source) for one in held):
            return False
        balanced = self.balance_sources or self.balance_pairs
        return counts_pay(held) and not balanced and self._is_paired()

    def check_by_counts(self) -> None:
        """Refuse a method that needs more than counts of wins.

        Raises:
            EvalhubError: it does, or there is no such method.
        """
        if not self._is_paired():
            fit = ", ".join(name for name in plugins.names("method") if replace(self, method=name)._is_paired())
            raise EvalhubError(f"{self.method} needs more than counts of wins: choose a --method of {fit}")

    def _is_paired(self) -> bool:
        return isinstance(plugins.make("method", self.method), PairedMethod)

    def rank(self, measurements: Measurements | Counted) -> Ranking:
        """Rank the models. Counts are for the methods of `by_counts`.

        Raises:
            EvalhubError: there is no such method, or it does not compare models in pairs and is to balance them.
            MeasurementsError: it cannot rank these measurements.
        """
        method = plugins.make("method", self.method)
        if isinstance(measurements, Measurements):
            measurements = self._balanced(measurements, method.pairwise)
        ranking: Ranking = method(
            measurements, level=self.level, intervals=self.intervals, replicates=self.replicates, seed=self.seed
        )
        return ranking

    def _balanced(self, measurements: Measurements, pairwise: bool) -> Measurements:
        if self.balance_sources:
            measurements = by_source(measurements)
        if self.balance_pairs:
            if not pairwise:
                raise EvalhubError(
                    f"{self.method} does not compare models in pairs, so that there are none to balance; "
                    f"bradley-terry does"
                )
            measurements = by_model(measurements)
        return measurements


def hub_slices(hub: Hub, source: str = "", metric: str = "") -> list[Slice]:
    """The slices of the whole pool, or those in which samples of a source lie, that hold measurements; none where
    there are only votes. A sample that another source brought first lies in that one's slice, among its others.

    Raises:
        EvalhubError: nothing is measured there, or there is no such source or metric.
    """
    known = sources(hub)
    if source and source not in known:
        raise EvalhubError(f"the pool has no source '{source}'; it has {', '.join(known) or 'no samples yet'}")
    on = f" on {source}" if source else ""
    if metric and metric not in (there := metrics(hub, Wanted.of_source(source))):
        raise EvalhubError(
            f"nothing is measured by '{metric}'{on}; there are {', '.join(there) or 'no metrics yet'}"
        )
    found = _within(slices(hub, metric), first_sources(hub, [source])[source]) if source else slices(hub, metric)
    if not any(one.values for one in found) and (metric or not votes_fingerprint(hub, source)):
        stopped = stopped_runs(hub)
        if not stopped:
            raise NothingMeasured(f"nothing is measured{on} yet: run evalhub score MODEL first")
        raise NothingMeasured(
            f"nothing is measured yet: the run of {stopped[0][1]} was stopped before its end; the same evalhub "
            "score with the same options goes on"
        )
    return found


def _within(held: Sequence[Slice], sources: Collection[str]) -> list[Slice]:
    return [one for one in held if one.source in sources]


@dataclass(frozen=True)
class Selected:
    """What is measured or voted of a selection."""

    measurements: Measurements

    beyond: Beyond | None
    """Who takes no part, where each model is ranked on what came after its training."""

    benchmark: Named | None = None
    """The one that the selection names."""

    chosen: int = 0
    """Samples that a benchmark or a filter picks, measured or not; 0 where neither does."""

    measured: int = 0
    """How many of them count for a model."""

    unknown: str = ""
    """Of models that are left out since what the selection asks is not known of them."""

    some: bool = False
    """Whether not all that is measured there counts: models, or what is older than they are, are left out."""

    def finished(self, ranking: Ranking) -> Ranking:
        """The ranking, which says who takes no part and what nobody measured; coverage is of what was chosen."""
        said = (*filter(None, [self.unknown]), *(self.beyond.warnings if self.beyond else ()))
        if lacking := self.chosen - self.measured:
            said = (*said, unmeasured(lacking, self.chosen, some=self.some))
        models = ranking.models
        if self.chosen:  # where a sample stands once for each metric, it does so among the chosen ones, too
            items = self.measurements.sample_count / self.measured * self.chosen
            models = tuple(replace(row, coverage=row.samples / items) for row in models)
        return replace(ranking, models=models, warnings=(*said, *ranking.warnings))

    def to_json(self) -> dict[str, Any]:
        """What stands beside the fields of a ranking."""
        cutoff = {"unknown_cutoff": list(self.beyond.unknown_cutoff)} if self.beyond else {}
        return {**cutoff, **({"benchmark": self.benchmark.to_json()} if self.benchmark else {})}


def select(hub: Hub, selection: Selection, metric: str = "") -> Selected:
    """All that is measured or voted of a selection, by the main metric or the one given. Votes are by no metric.

    Raises:
        NothingMeasured: nothing is.
        EvalhubError: a filter of the selection cannot be read.
    """
    wanted = selection.wanted(hub)
    frames = SelectedFrames(hub, wanted, metric)
    stream = iter(frames)
    first = next(stream, None)
    measurements = None
    if first is not None:
        measurements = Measurements.from_frames(chain([first], stream)).with_ends(metric_ranges(hub))
    out = None
    if selection.after_cutoff:
        out = beyond(hub, wanted, measurements.models if measurements else (), metric)
    if measurements is None:
        reasons = "; ".join(out.warnings) if out else "evalhub score MODEL measures a model"
        raise NothingMeasured(f"nothing is measured of what was selected: {reasons}")
    benchmark = resolve(hub, selection.bench) if selection.bench else None
    measured = measured_models(hub, replace(wanted, models=None), metric) if selection.models else ()
    selected = Selected(measurements, out, benchmark, unknown=selection.unknown(hub, measured))
    if not (selection.bench or selection.where):
        return selected
    whole = benchmark and not (selection.where or selection.source)  # also what this pool lacks of it
    return replace(
        selected,
        chosen=benchmark.samples if benchmark and whole else count_samples(hub, wanted),
        measured=frames.told,
        some=bool(selection.models) or selection.after_cutoff,
    )


def rank_hub(hub: Hub, method: str = DEFAULT, source: str = "", selection: Selection = POOL) -> Ranking:
    """Rank every measured model over a source's samples, or over the whole pool, and keep the ranking; or rank
    what is selected, which is not kept.

    Raises:
        EvalhubError: nothing is measured there, or there is no such source or method.
    """
    selection = replace(selection, source=source or selection.source)
    source, how = selection.source, HowToRank(method=method)
    held = hub_slices(hub, source)
    if not selection.is_kept:
        selected = select(hub, selection)
        return selected.finished(how.rank(selected.measurements))
    by_counts = how.by_counts(hub, source, held)
    ranking = how.rank(refresh(hub, source, held) if by_counts else select(hub, selection).measurements)
    save_ranking(hub, ranking, source, held)
    return ranking


def rank_everything(hub: Hub) -> int:
    """Rank the pool and each measured source by the methods of a board. Returns the number of rankings.

    Where methods contradict each other, the default one's ranking says so. A method that cannot rank what is
    there, as a mean of several metrics, is left out.
    """
    pool, made = hub_slices(hub), 0
    everywhere = {one.source for one in pool}
    for source, brought_by in {"": everywhere, **dict(sorted(first_sources(hub).items()))}.items():
        held = _within(pool, brought_by)
        if not any(one.values for one in held) and not votes_fingerprint(hub, source):
            continue
        try:
            measurements, rankings = select(hub, Selection(source=source)).measurements, []
        except NothingMeasured:
            continue  # its slices hold measurements of others' samples only
        for how in (HowToRank(method=method) for method in PUBLISHED):
            # From counts even where the rows are at hand: a ranking is the same whoever asks for it.
            with suppress(MeasurementsError) if how.method != DEFAULT else nullcontext():
                rankings.append(
                    how.rank(refresh(hub, source, held) if how.by_counts(hub, source, held) else measurements)
                )
        first, *others = rankings
        for ranking in (agreement([first, *others]).warned(), *others):
            save_ranking(hub, ranking, source, held)
            made += 1
    return made


def rank_files(paths: Sequence[Path], method: str = DEFAULT) -> Ranking:
    """Rank what Parquet, CSV or JSONL files hold in long form: see `evalhub.file_measurements.read_files`.

    Raises:
        EvalhubError: a file cannot be read.
        aggregate.measurements.MeasurementsError: their content cannot be ranked.
    """
    measurements, _ = read_files(paths)
    return HowToRank(method=method).rank(measurements)
