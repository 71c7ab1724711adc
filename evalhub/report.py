"""A ranking with what stands beside it: rankings of its parts, and what other methods say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from aggregate.agreement import Agreement, agreement
from aggregate.counted import Counted
from aggregate.measurements import Measurements, MeasurementsError
from aggregate.parts import Parts
from aggregate.ranking import Ranking
from evalhub import plugins
from evalhub.ranking import DEFAULT, PUBLISHED, HowToRank
from evalhub.telling import Tell, quiet

CHEAP = 2_000_000
"""Values and votes up to which methods are compared without being asked to."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """A ranking, and what stands beside it."""

    ranking: Ranking

    by: str = ""
    """What the parts are; '' where there are none."""

    parts: Mapping[str, Ranking] = field(default_factory=dict)
    """Rankings of each part, by name."""

    left_out: Mapping[str, str] = field(default_factory=dict)
    """Parts that could not be ranked, with the reason."""

    outside: int = 0
    """Samples and votes in no part."""

    agreement: Agreement | None = None
    """With other methods, where they were compared."""

    incomparable: Mapping[str, str] = field(default_factory=dict)
    """Methods that cannot rank these measurements, with the reason."""

    def to_json(self) -> dict[str, Any]:
        """As `evalhub rank --json` prints it: the fields of the ranking, and the others beside them."""
        found = self.ranking.to_json()
        if self.by:
            found["by"] = self.by
            found["parts"] = {name: part.to_json() for name, part in self.parts.items()}
            found["left_out"] = dict(self.left_out)
        if self.agreement is not None:
            found["agreement"] = {**self.agreement.to_json(), "left_out": dict(self.incomparable)}
        return found


def report(
    measurements: Measurements | Counted,
    how: HowToRank,
    *,
    by: str = "",
    parts: Parts | None = None,
    compare: bool = False,
    tell: Tell = quiet,
) -> Report:
    """Rank measurements, each of their parts, and by the other methods of a board.

    measurements: or counts of them, which are neither compared nor have parts.
    compare: by the others even where the method is not the default, or the input is large. tell: hears what is
    being done.
    """
    tell(f"ranking by {how.method}")
    made = Report(ranking=how.rank(measurements))
    if isinstance(measurements, Measurements) and (compare or _worth_comparing(measurements, how)):
        made = _compared(made, measurements, how, tell)
    if parts is None:
        return made
    rankings, left_out = {}, {}
    for name, part in parts:
        tell(f"ranking {by} {name}")
        if len(part.models) < 2:
            left_out[name] = f"only {part.models[0]} was measured there"
            continue
        try:
            rankings[name] = how.rank(part)
        except MeasurementsError as error:
            left_out[name] = str(error)
    return replace(made, by=by, parts=rankings, left_out=left_out, outside=parts.outside)


def _worth_comparing(measurements: Measurements, how: HowToRank) -> bool:
    size = measurements.value.size + measurements.votes.outcome.size
    plain = how.method == DEFAULT and how.intervals == "sandwich" and len(measurements.models) > 1
    return plain and size <= CHEAP


def _compared(made: Report, measurements: Measurements, how: HowToRank, tell: Tell) -> Report:
    rankings, incomparable = [made.ranking], {}
    for method in PUBLISHED:
        if method == how.method:
            continue
        tell(f"comparing with {method}")
        try:
            rankings.append(_by(how, method).rank(measurements))
        except MeasurementsError as error:
            incomparable[method] = str(error)
    agreed = agreement(rankings)
    return replace(made, ranking=agreed.warned(), agreement=agreed, incomparable=incomparable)


def _by(how: HowToRank, method: str) -> HowToRank:
    """The same by another method; pairs are balanced where it has any."""
    pairwise: bool = plugins.make("method", method).pairwise
    return replace(how, method=method, balance_pairs=how.balance_pairs and pairwise)
