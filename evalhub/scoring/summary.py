"""What a run found, by source and by tag."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from aggregate.intervals import mean_interval
from evalhub.scoring.cautions import warnings_of
from evalhub.scoring.plan import Plan
from evalhub.scoring.schedule import Waste
from evalhub.scoring.score import Scored
from evalhub.scoring.tally import Tally, mean_of
from evalhub.store.results import Tallied
from ingest.records import Sample


@dataclass(frozen=True)
class Mean:
    """A mean over samples with its 95 % interval; no rate where there is nothing to tell it from."""

    rate: float | None
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Part:
    """Pass rate over the samples of one source, or of one tag of it."""

    name: str
    samples: int
    """Samples with a measurement or without one, all that were asked."""

    attempts: int
    passes: int
    missing: int
    rate: float | None
    """Mean over samples of their pass rates; None where every one is missing."""

    low: float
    high: float
    """95 % interval of the mean, over samples (by cluster) and attempts together."""

    chance: float | None
    """The same mean for baseline:random, where it was measured."""

    at_k: Mean | None = None
    """Under the target pass@k, its mean over samples; the interval is over samples and attempts."""

    these: Mean | None = None
    """Under the target `mean`, the mean over these very samples: the interval is over attempts alone."""

    tags: tuple[Part, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What is shown after a run."""

    model: str
    run: str
    sources: tuple[Part, ...]
    skipped: dict[str, int]
    warnings: tuple[str, ...]
    target: str
    ended: tuple[str, ...]
    """Budgets that ended the run, in words."""

    unsettled: int
    """Samples that had not enough attempts by then."""

    waste: Waste
    mean: Mean | None = None
    """Under the target `mean`, that of all samples of the run; the interval is over attempts alone."""

    interrupted: bool = False

    def to_json(self) -> dict[str, Any]:
        """As `evalhub score --json` prints it."""
        return {
            "model": self.model,
            "run": self.run,
            "sources": [
                {**_json(part, "source"), "tags": [_json(tag, "tag") for tag in part.tags]}
                for part in self.sources
            ],
            "skipped": self.skipped,
            "warnings": list(self.warnings),
            "target": self.target,
            "ended": list(self.ended),
            "unsettled": self.unsettled,
            "waste": asdict(self.waste),
            "interrupted": self.interrupted,
            **({"mean": asdict(self.mean)} if self.mean else {}),
        }


def summarise(scored: Scored, samples: Mapping[str, Sample], chance: Mapping[str, float], plan: Plan) -> Summary:
    """Sum a run up.

    Args:
        samples: those of the run, by id.
        chance: pass rates of baseline:random, by sample id.
        plan: of the run, for what has to be said about its stop rule.
    """
    looks = _Looks(scored.tally, samples, chance)
    by_source: dict[str, dict[str, list[Tallied]]] = {}
    for tally in scored.tallies:
        sample = samples[tally.sample_id]
        tag = sample.tags[0] if sample.tags else ""
        by_source.setdefault(sample.source, {}).setdefault(tag, []).append(tally)
    sources = []
    for source, tags in sorted(by_source.items()):
        tallies = [tally for group in tags.values() for tally in group]
        parts = tuple(looks.part(tag, group) for tag, group in sorted(tags.items()) if tag)
        sources.append(looks.part(source, tallies, parts))
    mean = looks.these([tally.sample_id for tally in scored.tallies])
    return Summary(
        model=scored.model_id,
        run=scored.run_id,
        sources=tuple(sources),
        skipped=scored.skipped,
        warnings=tuple(warnings_of(scored, plan, mean.high - mean.low if mean else None)),
        target=plan.target,
        ended=scored.ended,
        unsettled=len(scored.tally.unsettled),
        waste=scored.waste,
        mean=mean,
        interrupted=scored.interrupted,
    )


class _Looks:
    """Sums up part of a run's samples."""

    def __init__(self, tally: Tally, samples: Mapping[str, Sample], chance: Mapping[str, float]) -> None:
        self._tally, self._samples, self._chance = tally, samples, chance

    def part(self, name: str, tallies: Sequence[Tallied], tags: tuple[Part, ...] = ()) -> Part:
        ids = [one.sample_id for one in tallies]
        mean = self._mean({one.sample_id: one.value for one in tallies})
        guesses = [self._chance[sample_id] for sample_id in ids if sample_id in self._chance]
        return Part(
            name=name,
            samples=len(tallies),
            attempts=sum(one.attempts for one in tallies),
            passes=sum(one.passes for one in tallies),
            missing=sum(one.missing for one in tallies),
            rate=mean.rate,
            low=mean.low,
            high=mean.high,
            chance=float(np.mean(guesses)) if guesses else None,
            at_k=self._at_k(ids),
            these=self.these(ids),
            tags=tags,
        )

    def these(self, ids: Sequence[str]) -> Mean | None:
        """Mean over these very samples, under the target `mean`."""
        stages = self._tally.stages
        return Mean(*mean_of([stages[sample_id] for sample_id in ids])) if stages else None

    def _mean(self, values: Mapping[str, float | None]) -> Mean:
        known = {sample_id: value for sample_id, value in values.items() if value is not None}
        if not known:
            return Mean(None, 0.0, 1.0)
        clusters = [self._samples[sample_id].cluster or sample_id for sample_id in known]
        found = mean_interval(np.array(list(known.values())), np.array(clusters))
        return Mean(found.mean, found.low, found.high)

    def _at_k(self, ids: Sequence[str]) -> Mean | None:
        at_k = self._tally.at_k
        if at_k is None:
            return None
        # A budget that ended before k attempts has left out the very samples that do not pass.
        if any(at_k[sample_id] is None and sample_id in self._tally.unsettled for sample_id in ids):
            return Mean(None, 0.0, 1.0)
        return self._mean({sample_id: at_k[sample_id] for sample_id in ids})


def _json(part: Part, kind: str) -> dict[str, Any]:
    plain = asdict(part)
    extra = {"pass_at_k": plain.pop("at_k"), "these_samples": plain.pop("these")}
    del plain["tags"]
    return {kind: plain.pop("name"), **plain, **{key: value for key, value in extra.items() if value is not None}}
