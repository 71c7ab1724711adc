"""Samples for the graders' tests."""

from __future__ import annotations

from ingest.records import JSON, Sample


def asked(grader: str, reference: JSON, *choices: str) -> Sample:
    """A sample with this reference."""
    return Sample(prompt="?", grader=grader, reference=reference, choices=choices, source="test", source_id="1")
