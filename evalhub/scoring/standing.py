"""How far a run has come, by source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from aggregate.intervals import mean_interval
from aggregate.rates import rates
from evalhub.scoring.schedule import Schedule
from ingest.records import Sample


@dataclass(frozen=True)
class Standing:
    """A source's samples so far."""

    source: str
    samples: int
    settled: int
    attempts: int
    passes: int

    rate: float | None
    """Mean over the samples that have an attempt which counts; None where none has. Not what the run will end
    with: samples that pass are settled first."""

    low: float
    high: float


class Standings:
    """Looks at a run's schedule when asked.

    Args:
        samples: those of the run, by id.
    """

    def __init__(self, schedule: Schedule, samples: Mapping[str, Sample]) -> None:
        self._schedule = schedule
        self._sources = sorted({sample.source for sample in samples.values()})
        number = {source: place for place, source in enumerate(self._sources)}
        ids = list(schedule.standing())
        self._source = np.array([number[samples[sample_id].source] for sample_id in ids])
        clusters = [samples[sample_id].cluster or sample_id for sample_id in ids]
        self._cluster = np.unique(clusters, return_inverse=True)[1]

    def rows(self) -> list[Standing]:
        """One for each source, in order of name."""
        settled, made, counted, passes = np.array(
            [(done, count.made, count.counted, count.passes) for done, count in self._schedule.standing().values()]
        ).T
        needed = self._schedule.plan.passes
        reached = passes >= needed if needed else np.zeros(passes.shape, bool)
        rate = rates(passes, counted, np.where(reached, passes, counted + 1)).rate
        found = []
        for place, source in enumerate(self._sources):
            here = self._source == place
            some = here & (counted > 0)
            mean = mean_interval(rate[some], self._cluster[some]) if some.any() else None
            found.append(
                Standing(
                    source,
                    int(here.sum()),
                    int(settled[here].sum()),
                    int(made[here].sum()),
                    int(passes[here].sum()),
                    mean.mean if mean else None,
                    mean.low if mean else 0.0,
                    mean.high if mean else 1.0,
                )
            )
        return found
