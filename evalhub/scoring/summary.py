"""What a run found, by source and by tag."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from aggregate.intervals import mean_interval
from evalhub.scoring.plan import Plan
from evalhub.scoring.score import Scored
from evalhub.store.results import Tallied
from ingest.records import Sample


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

    tags: tuple[Part, ...] = ()


@dataclass(frozen=True)
class Summary:
    """What is shown after a run."""

    model: str
    run: str
    sources: tuple[Part, ...]
    skipped: dict[str, int]
    warnings: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """As `evalhub score --json` prints it."""
        sources = []
        for part in self.sources:
            plain = {("source" if key == "name" else key): value for key, value in asdict(part).items()}
            plain["tags"] = [
                {("tag" if key == "name" else key): value for key, value in tag.items() if key != "tags"}
                for tag in plain["tags"]
            ]
            sources.append(plain)
        return {
            "model": self.model,
            "run": self.run,
            "sources": sources,
            "skipped": self.skipped,
            "warnings": list(self.warnings),
        }


def summarise(scored: Scored, samples: Mapping[str, Sample], chance: Mapping[str, float], plan: Plan) -> Summary:
    """Sum a run up.

    Args:
        samples: those of the run, by id.
        chance: pass rates of baseline:random, by sample id.
        plan: of the run, for what has to be said about its stop rule.
    """
    by_source: dict[str, dict[str, list[Tallied]]] = {}
    for tally in scored.tallies:
        sample = samples[tally.sample_id]
        tag = sample.tags[0] if sample.tags else ""
        by_source.setdefault(sample.source, {}).setdefault(tag, []).append(tally)
    sources = []
    for source, tags in sorted(by_source.items()):
        tallies = [tally for group in tags.values() for tally in group]
        parts = tuple(_part(tag, group, samples, chance) for tag, group in sorted(tags.items()) if tag)
        sources.append(_part(source, tallies, samples, chance, parts))
    return Summary(scored.model_id, scored.run_id, tuple(sources), scored.skipped, _warn(scored, plan))


def _part(
    name: str,
    tallies: Sequence[Tallied],
    samples: Mapping[str, Sample],
    chance: Mapping[str, float],
    tags: tuple[Part, ...] = (),
) -> Part:
    rate, low, high = None, 0.0, 1.0
    known = [tally for tally in tallies if tally.value is not None]
    if known:
        clusters = [samples[tally.sample_id].cluster or tally.sample_id for tally in known]
        values = np.array([tally.value for tally in known], dtype=float)
        interval = mean_interval(values, np.array(clusters))
        rate, low, high = interval.mean, interval.low, interval.high
    guesses = [chance[tally.sample_id] for tally in tallies if tally.sample_id in chance]
    return Part(
        name=name,
        samples=len(tallies),
        attempts=sum(tally.attempts for tally in tallies),
        passes=sum(tally.passes for tally in tallies),
        missing=sum(tally.missing for tally in tallies),
        rate=rate,
        low=low,
        high=high,
        chance=float(np.mean(guesses)) if guesses else None,
        tags=tags,
    )


def _warn(scored: Scored, plan: Plan) -> tuple[str, ...]:
    warnings = []
    if plan.passes == 1 and plan.max_attempts > 1:
        warnings.append("with --passes 1 the rates are too high (1/attempts is biased); take 2 or more")
    if scored.shrunk:
        warnings.append(
            f"{scored.shrunk:,} samples were measured with more attempts before; their measurements are now those "
            "of this run (the attempts are kept: a larger --max-attempts or --passes counts them again)"
        )
    missing = sum(tally.missing for tally in scored.tallies)
    made = missing + sum(tally.attempts for tally in scored.tallies)
    if missing > made / 10:
        warnings.append(
            f"{missing:,} of {made:,} attempts are missing (truncated, timeout, error): "
            "the rates hold only for the others"
        )
    return tuple(warnings)
