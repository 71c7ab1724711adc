"""What an export did."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(kw_only=True)
class Exported:
    """What an export did."""

    path: Path

    rows: int = 0
    """Measurements, or samples where only these are exported."""

    samples: int = 0

    models: int = 0

    left_out: Counter[str] = field(default_factory=Counter)
    """How much is not in it, by reason."""

    more: dict[str, Any] = field(default_factory=dict)
    """What else there is to say, by name."""

    def to_json(self) -> dict[str, Any]:
        """As `evalhub export --json` prints it."""
        return {
            "path": str(self.path),
            "rows": self.rows,
            "samples": self.samples,
            "models": self.models,
            "left_out": dict(self.left_out.most_common()),
            **self.more,
        }
