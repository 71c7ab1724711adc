"""A probe: what is asked of the pool, and what was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ingest.records import content_hash


@dataclass(frozen=True, kw_only=True)
class Probe:
    """A query over the pool: a meaning, a condition on metadata, examples."""

    text: str = ""
    """What the samples are to be about; empty where examples or the filter say it all."""

    like: tuple[str, ...] = ()
    """Ids of samples that are examples of what is meant."""

    where: str = ""
    """Only samples for which this filter holds: see `evalhub.filters`."""

    @property
    def means(self) -> bool:
        """Whether it asks for a meaning, by a text or by examples; else it is a filter alone."""
        return bool(self.text.strip() or self.like)

    @property
    def query_id(self) -> str:
        """Names the meaning, whatever the filter: answers to one query hold under any filter."""
        return content_hash([self.text, sorted(self.like)])

    def to_json(self) -> dict[str, Any]:
        """The fields as plain JSON."""
        return {**asdict(self), "like": list(self.like)}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Probe:
        """The inverse of `to_json`."""
        return cls(text=fields["text"], like=tuple(fields["like"]), where=fields["where"])


@dataclass(frozen=True, kw_only=True)
class Cut:
    """How many of the samples, most similar first, are taken: by number, or by precision. Just one is given."""

    top: int | None = None
    """So many."""

    precision: float | None = None
    """As many as can be had with at least this share of them estimated to be what the query means."""


@dataclass(frozen=True, kw_only=True)
class Match:
    """A sample that fits a probe."""

    sample_id: str
    source: str
    source_id: str
    prompt: str

    similarity: float
    """The fused score; comparable within one probe only. 0 where the probe has no meaning, only a filter."""

    relevance: float
    """Estimated probability that the sample is what the query means; 1 where it has no meaning."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a probe finds."""

    probe: Probe
    encoder: str
    """Name and revision of the text encoder."""

    cut: Cut

    matches: tuple[Match, ...]
    """Those above the cut, the most similar first."""

    borderline: tuple[Match, ...]
    """The next ones below the cut; none where a filter alone picks, which puts nothing in order."""

    candidates: int
    """Samples that the filter leaves."""

    answers: int
    """Answers of the user that the estimate rests on."""

    precision: float
    """Estimated share of the matches that are what the query means; nan where there are none."""

    low: float
    """Lower end of the estimate's 95 % interval."""

    high: float
