"""The one input of every aggregation method: who scored what on which sample, as columns."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import compress
from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl

from aggregate.columns import MeasurementsError
from aggregate.comparisons import Comparisons

if TYPE_CHECKING:
    from aggregate.pairs import Pairs

__all__ = ["Direction", "Kind", "Measurements", "MeasurementsError", "Metric"]

Kind = Literal["binary", "numeric", "ordinal"]
Direction = Literal["up", "down"]


@dataclass(frozen=True, kw_only=True)
class Metric:
    """What a value is."""

    name: str
    """'' where the input did not say."""

    kind: Kind
    """`binary`: a chance of passing; `ordinal`: whole grades in order; `numeric`: any number."""

    direction: Direction
    """`up`: higher is better; `down`: lower is better."""

    ends: tuple[float, float] = (-math.inf, math.inf)
    """The least and the most that a value can be, as far as that is known."""

    def within(self, models: int) -> np.ndarray:
        """(2, M) the ends, for each of so many models: see `aggregate.estimates.Estimates`."""
        return np.repeat(np.array([self.ends]).T, models, axis=1)


@dataclass(frozen=True, eq=False, kw_only=True)
class Measurements:
    """R measured values of M models on S samples in C clusters, and votes beside them. Make one with `from_frame`.

    Rows are sorted by sample, then model, and no cell occurs twice. Where there are several metrics, a sample
    stands once for each that it was measured by, in one cluster. Arrays are read-only.
    """

    models: tuple[str, ...]
    """Names, sorted."""

    samples: tuple[str, ...]
    """Sample ids, sorted by cluster, then id; every one has a row."""

    clusters: tuple[str, ...]
    """Cluster names, sorted. A sample that shares nothing is a cluster of its own."""

    tags: tuple[str, ...]
    """Tags, sorted; '' is that of untagged samples. Empty where the input had none."""

    sources: tuple[str, ...]
    """Source names, sorted. Empty where the input had none."""

    metrics: tuple[Metric, ...]
    """What was measured; by name. Empty where there are only votes."""

    model: np.ndarray
    """(R,) int32: index into `models`."""

    sample: np.ndarray
    """(R,) int32: index into `samples`, never falling."""

    value: np.ndarray
    """(R,) float32 if that loses nothing, else float64; finite. For kind `binary` a chance in [0, 1]."""

    passes: np.ndarray | None
    """(R,) int64 beside `attempts`; None where the input had no such columns."""

    attempts: np.ndarray | None
    """(R,) int64: counted attempts behind a value; 0 where the row was not sampled by attempts."""

    cluster_of: np.ndarray
    """(S,) int32: index into `clusters` of each SAMPLE, never falling."""

    tag_of: np.ndarray
    """(S,) int32: index into `tags`; empty where there are none."""

    source_of: np.ndarray
    """(S,) int32: index into `sources`; empty where there are none."""

    metric_of: np.ndarray
    """(S,) int32: index into `metrics`."""

    weight: np.ndarray
    """(S,) float64: how much a sample counts, 1 unless `aggregate.weights` changed it."""

    votes: Comparisons
    """Comparisons between the same models; none where the input had none."""

    missing: int
    """Rows of the input without a value (null or NaN). They are left out, never taken for 0."""

    unmeasured: tuple[str, ...]
    """Models of the input all of whose values were missing; they are not in `models`."""

    @classmethod
    def from_frame(
        cls, *frames: pl.DataFrame, kind: Kind | None = None, direction: Direction = "up"
    ) -> Measurements:
        """`from_frames` of frames at hand."""
        return cls.from_frames(frames, kind=kind, direction=direction)

    @classmethod
    def from_frames(
        cls, frames: Iterable[pl.DataFrame], *, kind: Kind | None = None, direction: Direction = "up"
    ) -> Measurements:
        """Read frames in long form, one after the other: those of values and those of votes in any order.

        Values: columns `model, sample, value` and, where present, `cluster, tag, source` (of the sample),
        `metric, kind, direction` (of the value), `passes, attempts`. Votes: see `comparisons.read_votes`.
        Other columns are ignored. Names may be text, categories or integers; a null or empty cluster stands
        for the sample itself. kind, direction: of metrics without such a column. Without either, values that
        are all 0 or 1, or that lie in [0, 1] beside `attempts`, are `binary`, anything else `numeric`.

        Raises MeasurementsError for absent columns, wrong types, null names, infinite values, a cell that
        occurs twice, a sample in two clusters (tags, sources), a metric of two kinds or directions, impossible
        counts, or when no value is left.
        """
        from aggregate.reading import read_frames

        return read_frames(frames, kind, direction)

    def __post_init__(self) -> None:
        for array in vars(self).values():
            if isinstance(array, np.ndarray):
                array.setflags(write=False)

    def of_samples(self, keep: np.ndarray) -> Measurements:
        """The part on the samples where `keep` ((S,) bool) holds; all models, tags, metrics and votes stay."""
        rows = keep[self.sample]
        new = (np.cumsum(keep) - 1).astype(np.int32)
        used = np.zeros(len(self.clusters), bool)
        used[self.cluster_of[keep]] = used[self.votes.cluster] = True
        cluster = (np.cumsum(used) - 1).astype(np.int32)
        return replace(
            self,
            samples=tuple(compress(self.samples, keep)),
            clusters=tuple(compress(self.clusters, used)),
            model=self.model[rows],
            sample=new[self.sample[rows]],
            value=self.value[rows],
            passes=None if self.passes is None else self.passes[rows],
            attempts=None if self.attempts is None else self.attempts[rows],
            cluster_of=cluster[self.cluster_of[keep]],
            tag_of=self.tag_of[keep] if self.tags else self.tag_of,
            source_of=self.source_of[keep] if self.sources else self.source_of,
            metric_of=self.metric_of[keep],
            weight=self.weight[keep],
            votes=replace(self.votes, cluster=cluster[self.votes.cluster]),
        )

    def of_shared(self) -> Measurements:
        """The part on samples that two models or more were measured on; all votes stay."""
        seen = self.observers > 1
        return self if seen.all() else self.of_samples(seen)

    def of_models(self, keep: np.ndarray) -> Measurements:
        """The part of the models where `keep` ((M,) bool) holds, on the samples that they were measured on, with
        the metrics of these."""
        if keep.all():
            return self._with_own_metrics()
        new = (np.cumsum(keep) - 1).astype(np.int32)
        rows = keep[self.model]
        votes = self.votes.where(keep[self.votes.first] & keep[self.votes.second])
        few = replace(
            self,
            models=tuple(compress(self.models, keep)),
            model=new[self.model[rows]],
            sample=self.sample[rows],
            value=self.value[rows],
            passes=None if self.passes is None else self.passes[rows],
            attempts=None if self.attempts is None else self.attempts[rows],
            votes=replace(votes, first=new[votes.first], second=new[votes.second]),
        )
        return few.of_samples(np.bincount(few.sample, minlength=len(self.samples)) > 0)._with_own_metrics()

    def _with_own_metrics(self) -> Measurements:
        used, metric_of = np.unique(self.metric_of, return_inverse=True)
        if used.size == len(self.metrics):
            return self
        metrics = tuple(self.metrics[i] for i in used.tolist())
        return replace(self, metrics=metrics, metric_of=metric_of.astype(np.int32))

    def with_ends(self, ends: Mapping[str, tuple[float, float]]) -> Measurements:
        """The same, with what is known of the ends of metrics, by their names; not of one with values beyond."""
        metrics = list(self.metrics)
        for i, one in enumerate(metrics):
            if low_high := ends.get(one.name):
                value = self.value if len(metrics) == 1 else self.value[self.metric_of[self.sample] == i]
                if low_high[0] <= value.min() and value.max() <= low_high[1]:
                    metrics[i] = replace(one, ends=low_high)
        return replace(self, metrics=tuple(metrics))

    def samples_per_group(self, group: np.ndarray) -> np.ndarray:
        """See `aggregate.basis.Basis`."""
        count = int(group.max(initial=-1)) + 1
        values = np.bincount(self._met(group)[1], minlength=count)
        voter = group[np.concatenate([self.votes.first, self.votes.second])]
        voted = np.unique(np.tile(self.votes.sample.astype(np.int64), 2) * count + voter)
        return values + np.bincount(voted % max(count, 1), minlength=count)

    def sources_per_group(self, group: np.ndarray) -> tuple[tuple[str, ...], ...]:
        """See `aggregate.basis.Basis`."""
        found: list[set[str]] = [set() for _ in range(int(group.max(initial=-1)) + 1)]

        def add(groups: np.ndarray, sources: np.ndarray, names: tuple[str, ...]) -> None:
            known = sources >= 0
            for pair in np.unique(groups[known].astype(np.int64) * len(names) + sources[known]).tolist():
                found[pair // len(names)].add(names[pair % len(names)])

        if self.sources:
            sample, of = self._met(group)
            add(of, self.source_of[sample], self.sources)
        if self.votes.sources:
            for models in (self.votes.first, self.votes.second):
                add(group[models], self.votes.source_of[self.votes.sample], self.votes.sources)
        return tuple(tuple(sorted(filter(None, names))) for names in found)

    def _met(self, group: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Samples and groups of models ((M,) from 0) with a value there, each pair once."""
        if not group.any():
            return np.arange(len(self.samples)), np.zeros(len(self.samples), np.int64)
        of = group[self.model]
        # Rows are sorted by sample, and most samples have one group.
        new = np.ones(of.size, bool)
        new[1:] = (self.sample[1:] != self.sample[:-1]) | (of[1:] != of[:-1])
        count = int(group.max(initial=-1)) + 1
        pairs = np.unique(self.sample[new].astype(np.int64) * count + of[new])
        return pairs // max(count, 1), pairs % max(count, 1)

    @cached_property
    def upward(self) -> np.ndarray:
        """(R,) values that are better when higher: of direction `down`, 1 - value if binary, else -value."""
        if all(metric.direction == "up" for metric in self.metrics):
            return self.value
        down = np.array([metric.direction == "down" for metric in self.metrics])
        chance = np.array([metric.kind == "binary" for metric in self.metrics])
        metric = self.metric_of[self.sample]
        turned = np.where(chance[metric], 1 - self.value, -self.value)
        return np.where(down[metric], turned, self.value).astype(self.value.dtype, copy=False)

    @cached_property
    def chances(self) -> np.ndarray:
        """(S,) bool: whether a sample's values are chances of passing."""
        return np.array([metric.kind == "binary" for metric in self.metrics], bool)[self.metric_of]

    @cached_property
    def observers(self) -> np.ndarray:
        """(S,) how many models were measured on each sample."""
        # Rows are sorted: this needs no copy of them.
        starts = np.searchsorted(self.sample, np.arange(len(self.samples) + 1, dtype=np.int32))
        return np.diff(starts)

    @cached_property
    def samples_per_model(self) -> np.ndarray:
        """(M,) on how many samples each model was measured or voted on."""
        models = len(self.models)
        values = np.bincount(self.model, minlength=models)
        pairs = np.concatenate([self.votes.first, self.votes.second]).astype(np.int64)
        voted = np.unique(pairs * max(len(self.votes.samples), 1) + np.tile(self.votes.sample, 2))
        return values + np.bincount(voted // max(len(self.votes.samples), 1), minlength=models)

    def pairs(self, members: np.ndarray | None = None) -> Pairs:
        """Their comparisons between all models, or those where `members` ((M,) bool) holds."""
        from aggregate.pairs import Pairs

        return Pairs(self, members)

    @property
    def sample_count(self) -> int:
        """Samples that were measured or voted on."""
        return len(self.samples) + len(self.votes.samples)

    @property
    def measured_count(self) -> int:
        """Samples with a value."""
        return len(self.samples)

    @property
    def value_count(self) -> int:
        """Values."""
        return self.value.size

    @property
    def missing_votes(self) -> int:
        """Votes of the input without an outcome."""
        return self.votes.missing

    @property
    def cluster_count(self) -> int:
        """Clusters: the number that widths depend on."""
        return len(self.clusters)

    @property
    def grouped(self) -> bool:
        """Every cluster stands for itself."""
        return False

    @cached_property
    def units_per_model(self) -> np.ndarray:
        """(M,) units of resampling in which each model has a value or a vote."""
        from aggregate.bootstrap import resampling_units

        return resampling_units(self).per_model
