"""What a benchmark is, whatever it is called and in whichever hub."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

from evalhub.filters import sample_filter
from evalhub.probes.probe import Cut, Found, Probe
from ingest.records import content_hash

SHOWN = 12
"""Digits of a hash that are shown."""


@dataclass(frozen=True, kw_only=True)
class Picked:
    """A sample of a benchmark."""

    sample_id: str

    similarity: float
    """See `evalhub.probes.probe.Match`."""

    relevance: float


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What was known when the list was made. It has no part in the hash: the list does not depend on it."""

    precision: float
    """Estimated share of the samples that are what the query means."""

    low: float
    """Lower end of its 95 % interval."""

    high: float

    answers: int
    """Answers of the user that it rests on."""

    candidates: int
    """Samples that the filter left."""


@dataclass(frozen=True, kw_only=True)
class Frozen:
    """A query, how it was cut, and the samples that it picked. It never changes."""

    probe: Probe
    """Its filter in one spelling, its examples in order: what means the same has the same hash."""

    encoder: str
    """Name and revision; '' where only the filter picked."""

    cut: Cut
    """Without a precision where only the filter picked: it cannot be wrong."""

    samples: tuple[Picked, ...]
    """The most similar first."""

    estimate: Estimate

    @classmethod
    def of(cls, found: Found) -> Frozen:
        """What a probe found above the cut."""
        return cls(
            probe=_spelt(found.probe),
            encoder=found.encoder,
            cut=found.cut if found.probe.means else Cut(top=found.cut.top),
            samples=tuple(
                Picked(sample_id=one.sample_id, similarity=one.similarity, relevance=one.relevance)
                for one in found.matches
            ),
            estimate=Estimate(
                precision=found.precision,
                low=found.low,
                high=found.high,
                answers=found.answers,
                candidates=found.candidates,
            ),
        )

    @cached_property
    def benchmark_id(self) -> str:
        """Hash of query, filter, encoder, cut and list. The list counts as a set: two machines may differ in the
        last digit of a similarity, and rankings do not depend on the order."""
        return content_hash(
            {
                "query": self.probe.to_json(),
                "encoder": self.encoder,
                "cut": asdict(self.cut),
                "samples": sorted(self.sample_ids),
            }
        )

    @cached_property
    def sample_ids(self) -> tuple[str, ...]:
        """The most similar first."""
        return tuple(one.sample_id for one in self.samples)

    def to_json(self) -> dict[str, Any]:
        """All but the samples, as plain JSON."""
        return {
            "hash": self.benchmark_id,
            "query": self.probe.to_json(),
            "encoder": self.encoder,
            "cut": self.cut_json(),
        }

    def cut_json(self) -> dict[str, Any]:
        """The cut, and what was estimated at it."""
        known = {name: None if math.isnan(value) else value for name, value in asdict(self.estimate).items()}
        return {**asdict(self.cut), "estimate": known}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any], samples: tuple[Picked, ...]) -> Frozen:
        """The inverse of `to_json`, with the samples."""
        cut = fields["cut"]
        known: dict[str, Any] = {
            name: math.nan if value is None else value for name, value in cut["estimate"].items()
        }
        return cls(
            probe=Probe.from_json(fields["query"]),
            encoder=fields["encoder"],
            cut=Cut(top=cut["top"], precision=cut["precision"]),
            samples=samples,
            estimate=Estimate(**known),
        )


def _spelt(probe: Probe) -> Probe:
    where = sample_filter(probe.where).text if probe.where else ""
    return replace(probe, like=tuple(sorted(probe.like)), where=where)
