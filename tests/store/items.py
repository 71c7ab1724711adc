"""Samples for the store's tests."""

from __future__ import annotations

from datetime import date
from typing import Any

from ingest.records import Condition, Sample

FULL = Sample(
    prompt="What is it? 🍏 é",
    grader="choice",
    reference={"b": [1, 2.5, None, True], "a": "ß"},
    source="shop",
    source_id="1",
    choices=("one", "two"),
    images=(b"\x89PNG\x00\xff", b"second"),
    condition=Condition(template="{prompt}\n{choices}", stop=("\n", "\x00", "é"), temperature=0.1),
    cluster="paper 7",
    tags=("b", "a"),
    licence="MIT",
    published_at=date(2026, 11, 24),
)


def item(name: str = "1", **fields: Any) -> Sample:
    """A plain sample whose prompt is its name."""
    plain: dict[str, Any] = {
        "prompt": f"item {name}",
        "grader": "exact",
        "reference": "x",
        "source": "shop",
        "source_id": name,
    }
    return Sample(**{**plain, **fields})
