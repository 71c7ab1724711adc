"""What a ranking is about: which samples, which models, which of both together."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any

from aggregate.caveats import named
from evalhub.errors import EvalhubError
from evalhub.filters import model_filter, sample_filter
from evalhub.store.benchmarks import resolve
from evalhub.store.hub import Hub
from evalhub.store.model_columns import cutoff_of, models_where
from evalhub.store.sample_columns import samples_where
from evalhub.store.wanted import Wanted, count_samples
from evalhub.wording import counted, is_baseline, one_line


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What a ranking is about, in the user's words. Nothing said is the whole pool."""

    source: str = ""
    """Samples that this source brought."""

    where: str = ""
    """Samples that this filter holds for: see `evalhub.filters`."""

    bench: str = ""
    """Samples of this benchmark: NAME, NAME@VERSION or the first digits of its hash."""

    models: str = ""
    """Models that this filter holds for."""

    after_cutoff: bool = False
    """Each model on samples published after its training cutoff."""

    @property
    def is_kept(self) -> bool:
        """Whether a ranking of it is kept for the leaderboard: of a source, or of the whole pool."""
        return self == Selection(source=self.source)

    def samples(self, hub: Hub) -> Wanted:
        """The condition on samples alone.

        Raises:
            FilterError: the filter cannot be read.
            EvalhubError: there is no such benchmark.
        """
        # One condition a line: whatever else picks samples joins them here, with its parameters.
        conditions = [Wanted.of_source(self.source)]
        if self.where:
            read = sample_filter(self.where)
            inner = samples_where(read.sql, read.columns)
            conditions.append(Wanted(samples=f"sample_id IN ({inner})", parameters=read.parameters))
        if self.bench:
            conditions.append(Wanted.of_benchmark(resolve(hub, self.bench).benchmark_id))
        return Wanted(
            samples=" AND ".join(one.samples for one in conditions),
            parameters={name: value for one in conditions for name, value in one.parameters.items()},
        )

    def wanted(self, hub: Hub) -> Wanted:
        """The cells that are asked for.

        Raises:
            FilterError: a filter cannot be read.
            EvalhubError: no sample, or no model, fits, or there is no such benchmark.
        """
        samples, models = self.samples(hub), None
        if (self.where or self.bench) and not count_samples(hub, samples):
            raise EvalhubError(self._no_sample)
        if self.models:
            read = model_filter(self.models)
            models = models_where(hub, read.sql, read.columns, read.parameters)
            if not models:
                raise EvalhubError(
                    f"no model fits {read.text}; what is not known of a model fits nothing: evalhub model list "
                    "shows what is known, evalhub model set adds to it"
                )
        return Wanted(
            samples=samples.samples,
            parameters=samples.parameters,
            models=models,
            after_cutoff=self.after_cutoff,
        )

    def unknown(self, hub: Hub, measured: Collection[str]) -> str:
        """What to say of measured models, by id, that are left out since what the filter asks of them is unknown;
        '' where there are none."""
        if not self.models:
            return ""
        read = model_filter(self.models)
        untold = {*models_where(hub, f"({read.sql}) IS NULL", read.columns, read.parameters)}
        left_out = [name for name in measured if name in untold and not is_baseline(name)]
        if not left_out:
            return ""
        return (
            f"{len(left_out):,} of {counted(len(measured), 'measured model')} left out, of which it is unknown "
            f"whether {one_line(self.models)}: {named(left_out)} (evalhub model set MODEL says what is known)"
        )

    def asked_of(self, hub: Hub, model_id: str) -> Wanted:
        """The samples that a model is to be scored on.

        Raises:
            FilterError: the filter cannot be read.
            EvalhubError: no sample fits, or they are to be newer than the model's cutoff, which is unknown.
        """
        wanted, beyond = self.samples(hub), ""
        if self.after_cutoff:
            cutoff = cutoff_of(hub, model_id)
            if cutoff is None:
                raise EvalhubError(
                    f"the training cutoff of {model_id} is unknown: evalhub model set {model_id} --cutoff DATE "
                    "(with --new where the hub does not have the model yet)"
                )
            beyond = f" that was published after {cutoff}, the training cutoff of {model_id}"
            newer = "sample_id IN (SELECT sample_id FROM sample WHERE published_at > $cutoff)"
            parameters = {**wanted.parameters, "cutoff": cutoff}
            wanted = Wanted(samples=f"{wanted.samples} AND {newer}", parameters=parameters)
        if (self.where or self.bench or self.after_cutoff) and not count_samples(hub, wanted):
            raise EvalhubError(self._no_sample + beyond)
        return wanted

    @property
    def _no_sample(self) -> str:
        fits = f" fits {sample_filter(self.where).text}" if self.where else ""
        within = "".join(
            f" of {whose}" for whose in (self.bench and f"the benchmark {self.bench}", self.source) if whose
        )
        return f"no sample{within} in the pool{fits}"

    def to_json(self) -> dict[str, Any]:
        """The fields; filters in one spelling."""
        return {
            **asdict(self),
            "where": self.where and sample_filter(self.where).text,
            "models": self.models and model_filter(self.models).text,
        }


POOL = Selection()
"""Everything."""
