"""A benchmark of a hub: made from what a probe found, opened by name, ranked, searched anew."""

from __future__ import annotations

from dataclasses import dataclass

from aggregate.measurements import Measurements
from aggregate.ranking import Ranking
from evalhub.benchmarks.changes import Difference, difference
from evalhub.benchmarks.frozen import Frozen
from evalhub.errors import EvalhubError
from evalhub.probes.probe import Found
from evalhub.probes.search import find
from evalhub.ranking import DEFAULT, rank_hub, select
from evalhub.selection import Selection
from evalhub.store import benchmarks as store
from evalhub.store.benchmarks import Named
from evalhub.store.hub import Hub
from evalhub.telling import Tell, quiet


@dataclass(frozen=True)
class Benchmark:
    """A frozen list of samples, in the hub that has it."""

    hub: Hub
    named: Named
    frozen: Frozen

    @classmethod
    def open(cls, hub: Hub, which: str) -> Benchmark:
        """The one that NAME (its newest version), NAME@VERSION or the first digits of a hash mean.

        Raises:
            EvalhubError: there is none, or several.
        """
        named = store.resolve(hub, which)
        return cls(hub, named, store.load(hub, named.benchmark_id))

    @property
    def selection(self) -> Selection:
        """Its samples, to rank or to score a model on."""
        return Selection(bench=self.frozen.benchmark_id)

    def ranking(self, method: str = DEFAULT) -> Ranking:
        """Every model measured on its samples, ranked; not kept for the leaderboard.

        Raises:
            EvalhubError: nothing is measured there, or there is no such method.
        """
        return rank_hub(self.hub, method, selection=self.selection)

    def measurements(self) -> Measurements:
        """What is measured or voted on its samples, by the main metric.

        Raises:
            EvalhubError: nothing is.
        """
        return select(self.hub, self.selection).measurements


def freeze(hub: Hub, name: str, found: Found) -> Benchmark:
    """Keep what a probe found under a name that is free.

    Raises:
        EvalhubError: the name is no name or taken, or nothing was found.
    """
    store.check_new_name(hub, name)
    frozen = _frozen(found)
    return Benchmark(hub, store.put(hub, name, frozen), frozen)


@dataclass(frozen=True)
class Refreshed:
    """What searching anew came to."""

    benchmark: Benchmark
    """The newest version, which is an old one where nothing has changed."""

    change: Difference
    """From the version before to what was found now."""

    @property
    def changed(self) -> bool:
        """Whether there is a new version."""
        return self.change.first != self.change.second


def refresh(hub: Hub, name: str, *, tell: Tell = quiet) -> Refreshed:
    """Search with the query and the cut of a name's newest version, over the pool and with the answers of today.
    Another list is a new version; the old ones stay.

    Raises:
        EvalhubError: there is no such name, nothing is found, or the search cannot be made.
    """
    old = Benchmark.open(hub, name)
    if name != old.named.name:
        raise EvalhubError(f"a version never changes: evalhub bench refresh {old.named.name} adds one to the name")
    new = _frozen(find(hub, old.frozen.probe, old.frozen.cut, tell=tell))
    change = difference(old.frozen, new)
    if new.benchmark_id == old.frozen.benchmark_id:
        return Refreshed(old, change)
    return Refreshed(Benchmark(hub, store.put(hub, name, new), new), change)


def _frozen(found: Found) -> Frozen:
    if not found.matches:
        if not found.candidates:
            raise EvalhubError(f"nothing is saved: no sample in the pool fits {found.probe.where}")
        raise EvalhubError(
            f"nothing is saved: of {found.candidates:,} samples none can be had with precision "
            f"{found.cut.precision}; lower --precision, or take the most similar ones with --top N"
        )
    return Frozen.of(found)
