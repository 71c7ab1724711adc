"""What differs between two benchmarks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from evalhub.benchmarks.frozen import Frozen


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Two benchmarks side by side."""

    first: str
    """Hash of the one ..."""

    second: str
    """... and of the other."""

    only_first: tuple[str, ...]
    """Ids of samples, the most similar first."""

    only_second: tuple[str, ...]
    both: tuple[str, ...]

    differ: Mapping[str, tuple[Any, Any]]
    """Parts of query and cut, and the encoder, that are not the same: of the first, of the second."""

    @property
    def jaccard(self) -> float:
        """Share of all their samples that both have."""
        return len(self.both) / (len(self.both) + len(self.only_first) + len(self.only_second))

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        return {**asdict(self), "jaccard": self.jaccard}


def difference(first: Frozen, second: Frozen) -> Difference:
    """Compare two benchmarks, neither of which is empty."""
    here, there = set(first.sample_ids), set(second.sample_ids)
    parts = [
        {**one.probe.to_json(), "encoder": one.encoder, "top": one.cut.top, "precision": one.cut.precision}
        for one in (first, second)
    ]
    return Difference(
        first=first.benchmark_id,
        second=second.benchmark_id,
        only_first=tuple(one for one in first.sample_ids if one not in there),
        only_second=tuple(one for one in second.sample_ids if one not in here),
        both=tuple(one for one in first.sample_ids if one in there),
        differ={name: (parts[0][name], parts[1][name]) for name in parts[0] if parts[0][name] != parts[1][name]},
    )
