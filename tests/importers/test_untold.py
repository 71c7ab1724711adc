"""What stands in a condition that nobody told."""

from __future__ import annotations

from dataclasses import replace

from ingest.records import Condition
from ingest.untold import UNTOLD, told


def test_what_nobody_told_is_not_shown() -> None:
    """Of a log that says nothing, nothing; what it says, stays; of what ran here, everything."""
    assert told(UNTOLD.to_json()) == {}
    said = replace(UNTOLD, template="Q: {prompt}", max_tokens=512, variant="5 shots")
    assert told(said.to_json()) == {"template": "Q: {prompt}", "max_tokens": 512, "variant": "5 shots"}
    assert told(Condition().to_json()) == Condition().to_json()
