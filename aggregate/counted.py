"""Counts of measurements that add up: what a method of pairs needs of rows that are not read again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b

import numpy as np

from aggregate.measurements import Measurements
from aggregate.pairs import Gains

GROUPS = 64
"""Of clusters. A variance from G of them has a relative standard error of sqrt(2/(G-1)), 18 % (a width: 9 %), and
Student's t of G-1 stands 2 % above the normal quantile. More would gain little, and each costs M x M numbers."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Counted:
    """Wins and ties of M models within each of `GROUPS` groups of clusters, and how much lies behind them.

    All of them are sums over samples, so that those of any parts of the samples add up to those of the whole. A
    cluster is always in the same group, whatever part its samples are in: groups are drawn from independent
    clusters without a look at the results, hence independent, and are the units of sandwich and bootstrap.
    """

    models: tuple[str, ...]
    """Names, sorted."""

    unmeasured: tuple[str, ...]
    """Models all of whose values are missing; they are not in `models`."""

    missing: int
    """Results without a value."""

    wins: np.ndarray
    """(G, M, M) of samples that both were measured on: how often the row beats the column."""

    ties: np.ndarray
    """(G, M, M) symmetric."""

    shared: np.ndarray
    """(G, M) int64: samples of each model that another was measured on too."""

    lone: np.ndarray
    """(G, M) int64: samples that no other model was measured on."""

    samples: np.ndarray
    """(G, M) int64: samples that two models or more were measured on, each with one of them."""

    @classmethod
    def of(cls, measurements: Measurements) -> Counted:
        """Count measurements without votes."""
        if measurements.votes.outcome.size:
            raise ValueError("votes cannot be counted by groups")
        models, group = len(measurements.models), groups_of(measurements.clusters)[measurements.cluster_of]
        company = measurements.observers > 1
        first = measurements.model[np.searchsorted(measurements.sample, np.flatnonzero(company).astype(np.int32))]
        cell = group[measurements.sample] * models + measurements.model
        seen = [
            np.bincount(cell[company[measurements.sample] == with_others], minlength=GROUPS * models)
            for with_others in (True, False)
        ]
        met = np.bincount(group[company] * models + first, minlength=GROUPS * models)
        wins, ties = _regrouped(measurements.of_shared()).pairs().unit_counts()
        return cls(
            models=measurements.models,
            unmeasured=measurements.unmeasured,
            missing=measurements.missing,
            wins=wins,
            ties=ties,
            shared=seen[0].reshape(GROUPS, models),
            lone=seen[1].reshape(GROUPS, models),
            samples=met.reshape(GROUPS, models),
        )

    @classmethod
    def nothing(cls, unmeasured: Sequence[str] = (), missing: int = 0) -> Counted:
        """Of no values at all."""
        none = np.zeros((GROUPS, 0), np.int64)
        pairs = np.zeros((GROUPS, 0, 0))
        return cls(
            models=(),
            unmeasured=tuple(sorted(unmeasured)),
            missing=missing,
            wins=pairs,
            ties=pairs,
            shared=none,
            lone=none,
            samples=none,
        )

    @classmethod
    def total(cls, parts: Iterable[Counted]) -> Counted:
        """Their sum, by names of models. The parts must not share a sample."""
        whole = cls.nothing()
        for part in parts:
            whole = whole._with_room_for(part.models)
            at = np.searchsorted(whole.models, part.models)
            whole.wins[:, at[:, None], at] += part.wins
            whole.ties[:, at[:, None], at] += part.ties
            whole.shared[:, at] += part.shared
            whole.lone[:, at] += part.lone
            whole.samples[:, at] += part.samples
            whole = replace(
                whole,
                unmeasured=tuple(sorted({*whole.unmeasured, *part.unmeasured})),
                missing=whole.missing + part.missing,
            )
        return replace(whole, unmeasured=tuple(sorted({*whole.unmeasured} - {*whole.models})))

    def __add__(self, other: Counted) -> Counted:
        return Counted.total([self, other])

    def _with_room_for(self, more: tuple[str, ...]) -> Counted:
        """The same counts among more models, those of the new ones 0."""
        models = tuple(sorted({*self.models, *more}))
        if models == self.models:
            return self
        at, size = np.searchsorted(models, self.models).astype(np.intp), len(models)
        wins, ties = np.zeros((2, GROUPS, size, size))
        shared, lone, samples = np.zeros((3, GROUPS, size), np.int64)
        wins[:, at[:, None], at], ties[:, at[:, None], at] = self.wins, self.ties
        shared[:, at], lone[:, at], samples[:, at] = self.shared, self.lone, self.samples
        return replace(self, models=models, wins=wins, ties=ties, shared=shared, lone=lone, samples=samples)

    def of_shared(self) -> Counted:
        """Without the samples that one model alone was measured on."""
        return replace(self, lone=np.zeros_like(self.lone))

    def pairs(self, members: np.ndarray | None = None) -> GroupedPairs:
        """Comparisons between all models, or those where `members` ((M,) bool) holds."""
        return GroupedPairs(self, np.ones(len(self.models), bool) if members is None else members)

    @cached_property
    def samples_per_model(self) -> np.ndarray:
        """(M,) on how many samples each model was measured."""
        return (self.shared + self.lone).sum(axis=0)

    @property
    def sample_count(self) -> int:
        """Samples that were measured."""
        return int(self.samples.sum() + self.lone.sum())

    @property
    def measured_count(self) -> int:
        """The same: there are no votes."""
        return self.sample_count

    @property
    def value_count(self) -> int:
        """Results with a value."""
        return int(self.samples_per_model.sum())

    def samples_per_group(self, group: np.ndarray) -> np.ndarray:
        """See `aggregate.basis.Basis`. Exact where all models of a sample are of one group, as they are
        unless ties do not count."""
        here = np.zeros(int(group.max(initial=-1)) + 1, np.int64)
        np.add.at(here, group, (self.samples + self.lone).sum(axis=0))
        np.maximum.at(here, group, self.samples_per_model)
        return here

    def sources_per_group(self, group: np.ndarray) -> tuple[tuple[str, ...], ...]:
        """Counts do not tell."""
        return ((),) * (int(group.max(initial=-1)) + 1)

    @property
    def missing_votes(self) -> int:
        """There are no votes."""
        return 0

    @property
    def cluster_count(self) -> int:
        """Groups that hold a sample."""
        return int(np.count_nonzero((self.samples + self.lone).any(axis=1)))

    @property
    def grouped(self) -> bool:
        """Clusters are put together into groups."""
        return True

    @property
    def units_per_model(self) -> np.ndarray:
        """(M,) groups in which each model has a sample."""
        return np.count_nonzero(self.shared + self.lone, axis=0)


class GroupedPairs:
    """Comparisons between some of the models of counts: see `aggregate.pairs.PairCounts`."""

    def __init__(self, counted: Counted, members: np.ndarray) -> None:
        at = np.flatnonzero(members)
        met = np.flatnonzero(counted.samples.any(axis=1))
        block = np.ix_(met, at, at)
        self._wins, self._ties = counted.wins[block], counted.ties[block]
        self._rows = counted.shared[:, at].sum(axis=0)
        self.units = met.size

    def counts(self, weights: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Wins and ties, (M, M) or, with (B, units) weights of the groups, (B, M, M)."""
        if weights is None:
            return self._wins.sum(axis=0), self._ties.sum(axis=0)
        shape = (len(weights), *self._wins.shape[1:])
        wins, ties = (weights @ one.reshape(self.units, -1) for one in (self._wins, self._ties))
        return wins.reshape(shape), ties.reshape(shape)

    def rows(self) -> np.ndarray:
        """(M,) values of each model."""
        return self._rows

    def meat(self, gains: Gains) -> np.ndarray:
        """(P, P) sum over groups of u u', u the sum of the scores of all a group's comparisons."""
        scores = np.einsum("gij,ij->gi", self._wins, gains.win)
        scores += np.einsum("gji,ij->gi", self._wins, gains.lose)
        scores += np.einsum("gij,ij->gi", self._ties, gains.tie)
        if gains.win_extra is not None and gains.tie_extra is not None:
            extra = np.einsum("gij,ij->g", self._wins, gains.win_extra)
            extra += np.einsum("gij,ij->g", self._ties, np.triu(gains.tie_extra, 1))
            scores = np.column_stack([scores, extra])
        meat: np.ndarray = scores.T @ scores
        return meat


def groups_of(clusters: Sequence[str]) -> np.ndarray:
    """(C,) the group of each cluster: by a hash of its name, the same on every machine and for ever."""
    drawn = bytes(blake2b(name.encode(), digest_size=1).digest()[0] for name in clusters)
    return np.frombuffer(drawn, np.uint8).astype(np.int64) % GROUPS


def _regrouped(m: Measurements) -> Measurements:
    """The same rows, ordered by group, each group in the place of a cluster."""
    group = groups_of(m.clusters)[m.cluster_of]
    order = np.argsort(group, kind="stable")
    place = np.empty(order.size, np.int32)
    place[order] = np.arange(order.size)
    rows = np.argsort(group[m.sample].astype(np.uint8), kind="stable")
    return replace(
        m,
        samples=tuple(m.samples[s] for s in order.tolist()),
        clusters=tuple(f"{g}" for g in range(GROUPS)),
        model=m.model[rows],
        sample=place[m.sample[rows]],
        value=m.value[rows],
        passes=None,
        attempts=None,
        cluster_of=group[order].astype(np.int32),
        tag_of=m.tag_of[order] if m.tags else m.tag_of,
        source_of=m.source_of[order] if m.sources else m.source_of,
        metric_of=m.metric_of[order],
        weight=m.weight[order],
    )
