"""What a benchmark is worth: what it is made of, how firm its ranking is, and whether it was picked for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import polars as pl

from aggregate.agreement import agreement
from aggregate.measurements import Measurements, MeasurementsError
from aggregate.ranking import Ranking
from aggregate.typical import FEWEST, Typical, typical
from evalhub.benchmarks.benchmark import Benchmark
from evalhub.benchmarks.frozen import Frozen
from evalhub.cutoffs import beyond
from evalhub.probes.encoder import MiniLM
from evalhub.probes.index import near_duplicates
from evalhub.ranking import HowToRank
from evalhub.store.benchmarks import sources_of
from evalhub.store.hub import Hub
from evalhub.store.results import measurement_frame, vote_frame
from evalhub.store.vectors import without_vector
from evalhub.store.wanted import Wanted
from evalhub.wording import BASELINE, unmeasured

ALIKE = 0.95
"""Cosine from which on two samples are near-duplicates."""

METHOD = "bradley-terry"
"""By which the moves are: fast, and fair to models that were measured on other samples than the rest."""

_LEAST = 10
"""One in so many samples, the least similar ones, is left out to see what depends on the cut."""

Near = Callable[[Hub, Sequence[str], float, str], list[tuple[str, str, float]]]


@dataclass(frozen=True, kw_only=True)
class Move:
    """What the ranking does when some samples are left out."""

    without: str
    """Which, in words."""

    samples: int
    """How many were left out."""

    tau: float | None = None
    """Kendall's tau-b of the scores before and after; None where all tie, or `reason` says why there is none."""

    model: str = ""
    """The one that moves furthest; '' where none moves."""

    rank: int = 0
    """Its rank before, among the models that both rank ..."""

    new_rank: int = 0
    """... after ..."""

    rank_low: int = 0
    """... and the best rank that the data allowed it before ..."""

    rank_high: int = 0
    """... and the worst."""

    within: bool | None = None
    """Whether every model stays within the rank range that it had."""

    reason: str = ""
    """Why the rest cannot be ranked."""


@dataclass(frozen=True, kw_only=True)
class Card:
    """What stands on a benchmark's card."""

    sources: Mapping[str, int]
    """Samples by the source that brought them, the most first."""

    warnings: tuple[str, ...]
    """Who takes no part where only what came after a model's training counts, and what nobody measured."""

    lacking: int
    """Samples that this pool does not have."""

    seen: int
    """Samples with a vector, among which near-duplicates were looked for."""

    near: tuple[tuple[str, str, float], ...]
    """Pairs of them that are nearly the same, with their cosine, the closest first."""

    coverage: Mapping[str, int]
    """Samples with a value, by model."""

    models: int
    """Ranked, chance baselines left out: all that follows is about these."""

    width: float | None
    """Mean number of ranks that the data allow a model."""

    moves: tuple[Move, ...]
    """Without the least similar tenth, without each source; none for fewer than three models."""

    pool: Typical | None
    """Its order of models beside that of the whole pool; None for fewer than three models, or votes alone."""

    reason: str
    """Why there are no moves, or no pool; '' where there are."""

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            **asdict(self),
            "near": [{"first": one, "second": other, "cosine": cosine} for one, other, cosine in self.near],
        }


def card(benchmark: Benchmark, *, seed: int = 0, after_cutoff: bool = False, near: Near = near_duplicates) -> Card:
    """Look at a benchmark in the light of its hub: moves are by METHOD, the pool as `typical` says.

    after_cutoff: count of each model only what was published after its training.
    """
    hub, frozen = benchmark.hub, benchmark.frozen
    sources = sources_of(hub, frozen.benchmark_id)
    wanted = replace(benchmark.selection, after_cutoff=after_cutoff).wanted(hub) if sources else None
    encoder = frozen.encoder or MiniLM.name
    unseen = {*without_vector(hub, encoder)}
    every = measurement_frame(hub, Wanted(after_cutoff=after_cutoff)).filter(pl.col("value").is_not_null())
    inside = pl.col("sample").is_in(list(sources))
    measured = every.filter(inside)
    coverage = dict(measured.group_by("model").agg(pl.col("sample").n_unique()).sort("model").iter_rows())
    votes = vote_frame(hub, wanted) if wanted else None
    rows = _Rows(measured, votes)
    ranking = _ranked(rows, sources)
    models = len(ranking.models) if isinstance(ranking, Ranking) else 0
    warnings = beyond(hub, wanted, [*coverage]).warnings if wanted and after_cutoff else ()
    if lacking := len(frozen.samples) - rows.count:
        warnings = (*warnings, unmeasured(lacking, len(frozen.samples), some=after_cutoff))
    known: dict[str, Any] = {"width": None, "moves": (), "pool": None, "reason": ""}
    if not isinstance(ranking, Ranking):
        known["reason"] = ranking
    elif models < FEWEST:
        known["reason"] = (
            f"how firm a ranking is takes {FEWEST} models, and {models} are measured on these samples"
        )
    else:
        known["width"] = sum(row.rank_high - row.rank_low + 1 for row in ranking.models) / models
        known["moves"] = tuple(_moves(rows, ranking, frozen, sources))
        known["pool"] = _beside_pool(every, inside, seed) if rows.valued else None
    return Card(
        sources=dict(Counter(sources.values()).most_common()),
        lacking=len(frozen.samples) - len(sources),
        seen=len(sources.keys() - unseen),
        warnings=warnings,
        near=tuple(near(hub, list(sources), ALIKE, encoder)),
        coverage=coverage,
        models=models,
        **known,
    )


@dataclass(frozen=True)
class _Rows:
    """What is measured and voted on the samples."""

    values: pl.DataFrame
    votes: pl.DataFrame | None

    @property
    def valued(self) -> bool:
        """Whether any model has a value, so that it can be compared with the pool's."""
        return not self.values.filter(~_chance("model")).is_empty()

    @property
    def count(self) -> int:
        """Samples that anyone has a value or a vote on."""
        voted = [] if self.votes is None else self.votes.drop_nulls("outcome")["sample"].to_list()
        return len({*self.values["sample"].to_list(), *voted})

    def of(self, sample_ids: Iterable[str]) -> list[pl.DataFrame]:
        """Those of some samples, chance baselines left out."""
        among = pl.col("sample").is_in(list(sample_ids))
        frames = [self.values.filter(among & ~_chance("model"))]
        if self.votes is not None:
            frames.append(self.votes.filter(among & ~_chance("model_a") & ~_chance("model_b")))
        return [frame for frame in frames if len(frame)]


def _chance(column: str) -> pl.Expr:
    return pl.col(column).str.starts_with(BASELINE)


def _ranked(rows: _Rows, sample_ids: Iterable[str]) -> Ranking | str:
    """A ranking on some samples, or why there is none."""
    frames = rows.of(sample_ids)
    if not frames:
        return "no model but chance is measured on these samples"
    try:
        return HowToRank(method=METHOD).rank(Measurements.from_frames(frames))
    except MeasurementsError as error:
        return str(error)


def _moves(rows: _Rows, before: Ranking, frozen: Frozen, sources: Mapping[str, str]) -> Iterable[Move]:
    ids = frozen.sample_ids
    least = len(ids) // _LEAST if frozen.encoder else 0  # to a filter alone, all samples are alike
    out = {"the least similar tenth": {*ids[len(ids) - least :]}} if least else {}
    if len(names := sorted({*sources.values()})) > 1:
        out |= {name: {one for one, source in sources.items() if source == name} for name in names}
    for without, gone in out.items():
        after = _ranked(rows, sources.keys() - gone)
        if isinstance(after, str):
            yield Move(without=without, samples=len(gone), reason=after)
        else:
            yield _move(without, len(gone), before, after)


def _move(without: str, samples: int, before: Ranking, after: Ranking) -> Move:
    agreed = agreement([before, after])
    ranges = {row.model: (row.rank_low, row.rank_high) for row in before.models}
    beside = {row.model: before.groups[row.group - 1].models for row in before.models}
    within = True
    for row in after.models:
        lost = (
            beside[row.model] - after.groups[row.group - 1].models
        )  # as many ranks nearer to the first it may be
        within &= ranges[row.model][0] - lost <= row.rank <= ranges[row.model][1]
    told: dict[str, Any] = {}
    if agreed.moves:
        furthest = agreed.moves[0]
        low, high = ranges[furthest.model]
        told = {
            "model": furthest.model,
            "rank": furthest.rank,
            "new_rank": furthest.other_rank,
            "rank_low": low,
            "rank_high": high,
        }
    return Move(without=without, samples=samples, tau=agreed.concords[0].tau, within=within, **told)


def _beside_pool(every: pl.DataFrame, inside: pl.Expr, seed: int) -> Typical:
    """The order on these samples beside that on all of the pool; by values alone."""
    told = every.filter(~_chance("model")).with_columns(
        tag=pl.when(inside).then(pl.lit("in")).otherwise(pl.lit("out"))
    )
    measurements = Measurements.from_frame(told)
    return typical(measurements, measurements.tag_of == measurements.tags.index("in"), seed=seed)
