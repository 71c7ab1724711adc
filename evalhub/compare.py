"""Two of a hub's models side by side."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import polars as pl

from aggregate.caveats import named
from aggregate.head_to_head import HeadToHead, Outcomes, head_to_head, numbers_of, votes_between
from aggregate.measurements import Measurements
from evalhub.errors import EvalhubError
from evalhub.not_compared import nothing_shared, selected
from evalhub.selection import Selection
from evalhub.store.aliases import aliases
from evalhub.store.chosen import model_ids
from evalhub.store.hub import Hub
from evalhub.store.metric_ranges import metric_ranges
from evalhub.store.origins import sources
from evalhub.store.results import measurement_frame, metrics_of, vote_frame
from ingest.nearest import nearest


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What is known of the first model beside the second."""

    first: str
    second: str
    """As rankings show them."""

    level: float

    values: tuple[HeadToHead, ...]
    """By each metric that both were measured by, on all shared samples and on those of each source."""

    votes: Outcomes

    def to_json(self) -> dict[str, Any]:
        """As `evalhub compare --json` prints it."""
        rows = [
            {
                **asdict(row),
                "metric": row.metric.name,
                "kind": row.metric.kind,
                "direction": row.metric.direction,
            }
            for row in self.values
        ]
        return {
            "first": self.first,
            "second": self.second,
            "level": self.level,
            "comparisons": rows,
            "votes": asdict(self.votes),
        }


def compare(
    hub: Hub, first: str, second: str, selection: Selection, *, metric: str = "", level: float = 0.95
) -> Comparison:
    """Compare two models by their names or other names, on the samples of a selection.

    metric: '' for the main one of each output, those that are main nowhere, and votes.

    Raises:
        EvalhubError: a name is no model's, the two are one or share nothing, or there is no such source or metric.
        FilterError: the filter cannot be read.
    """
    known = model_ids(hub)
    one, other = _ranked_name(hub, known, first, second), _ranked_name(hub, known, second, first)
    if one == other:
        raise EvalhubError(f"'{first}' and '{second}' are one model: name two")
    if selection.source and selection.source not in (pool := sources(hub)):
        raise EvalhubError(f"the pool has no source '{selection.source}'; it has {named(list(pool))}")
    wanted = selection.wanted(hub)
    both = replace(wanted, models=tuple(sorted({known[one], known[other]})))
    there = metrics_of(hub, both)
    if metric and metric not in there:
        raise EvalhubError(
            f"neither is measured by '{metric}'{selected(selection)}, but by {named(list(there)) or 'no metric'}"
        )
    ours = pl.col("model").is_in([one, other])
    frames, values, ranges = [], [], metric_ranges(hub)
    for by in [metric] if metric else ["", *(name for name, main in there.items() if not main)]:
        rows = measurement_frame(hub, both, by).filter(ours).with_columns(pl.col("metric").replace("", by))
        if selection.source:  # whichever source brought them first
            rows = rows.with_columns(source=pl.lit(selection.source))
        if rows.drop_nulls("value")["model"].n_unique() == 2:
            values += head_to_head(numbers_of(rows).with_ends(ranges), one, other, level)
        frames.append(rows)
    votes = Outcomes()
    if not metric and (voted := vote_frame(hub, both))["outcome"].count():
        votes = votes_between(Measurements.from_frame(voted), one, other, level)
    if not values and not votes.total:
        valued = pl.concat(frames).drop_nulls("value").unique(["model", "sample"])
        raise EvalhubError(nothing_shared(hub, (one, other), valued, selection, metric))
    return Comparison(first=one, second=other, level=level, values=tuple(values), votes=votes)


def _ranked_name(hub: Hub, known: dict[str, str], name: str, other: str) -> str:
    """The name under which a model is ranked. other: of the two names, the one that is not asked for.

    Raises:
        EvalhubError: there is none, or there are several.
    """
    called = aliases(hub)
    model_id = called.get(name, name)
    if model_id in known:
        return model_id
    forms = [ranked for ranked, of in known.items() if of == model_id]
    if len(forms) == 1:
        return forms[0]
    if forms:
        raise EvalhubError(f"'{name}' was asked in several ways, name one: {named(forms)}")
    taken = called.get(other, other)
    names = [one for one in (*known, *called) if taken not in (one, called.get(one))]
    near = "".join(f", did you mean '{one}'?" for one in nearest(name, names))
    raise EvalhubError(f"nothing is measured of a model '{name}'{near or ': evalhub rank shows those there are'}")
