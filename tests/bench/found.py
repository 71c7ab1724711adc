"""What a probe would have found, for tests without an encoder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evalhub.probes.probe import Cut, Found, Match, Probe
from ingest.records import Sample


def found(samples: Sequence[Sample], **fields: Any) -> Found:
    """These samples, the first the most similar."""
    plain: dict[str, Any] = {
        "probe": Probe(text="sums"),
        "encoder": "letters@1",
        "cut": Cut(precision=0.8),
        "borderline": (),
        "candidates": 100,
        "answers": 3,
        "precision": 0.85,
        "low": 0.7,
        "high": 0.9,
    }
    matches = tuple(
        Match(
            sample_id=one.sample_id,
            source=one.source,
            source_id=one.source_id,
            prompt=one.prompt,
            similarity=1 / (1 + place),
            relevance=1 / (2 + place),
        )
        for place, one in enumerate(samples)
    )
    return Found(**{**plain, "matches": matches, **fields})
