"""Why two models cannot be compared, in one line."""

from __future__ import annotations

from collections.abc import Collection
from shlex import quote

import polars as pl

from aggregate.caveats import named
from aggregate.components import groups_of
from evalhub.filters import sample_filter
from evalhub.ranking import NothingMeasured, select
from evalhub.selection import Selection
from evalhub.store.hub import Hub
from evalhub.store.results import vote_counts
from evalhub.wording import counted


def selected(selection: Selection, metric: str = "") -> str:
    """What a comparison is restricted to, as the end of a phrase: ` on exam by f1`; '' where to nothing."""
    where = f" where {sample_filter(selection.where).text}" if selection.where else ""
    bench = f" in the benchmark {selection.bench}" if selection.bench else ""
    return f"{selection.source and f' on {selection.source}'}{bench}{where}{metric and f' by {metric}'}"


def nothing_shared(
    hub: Hub, names: tuple[str, str], valued: pl.DataFrame, selection: Selection, metric: str
) -> str:
    """That two models share nothing there, what each has, and whether a ranking can order them all the same.

    valued: model, sample and source of their values there.
    """
    votes = {} if metric else vote_counts(hub, selection.wanted(hub))
    within = selected(selection, metric)
    own = [_own(valued.filter(model=name), votes.get(name, 0)) for name in names]
    has = [f"{name} has {told or 'nothing'}{within and ' there'}" for name, told in zip(names, own, strict=True)]
    way = ""
    if all(own):
        way = "; no chain of shared samples or votes connects them"
        if _connected(hub, names, selection, metric):
            ranking = f"evalhub rank --method bradley-terry{_options(selection, metric)}"
            way = f"; a chain of others connects them: {ranking} orders them"
    no_vote = "" if metric else ", and no vote is between them"
    return f"nothing{within} is measured of both{no_vote}: {'; '.join(has)}{way}"


def _own(valued: pl.DataFrame, votes: int) -> str:
    where = named(valued["source"].unique().sort().to_list(), 3)
    told = [f"values on {counted(valued.height, 'sample')} (of {where})"] if valued.height else []
    if votes:
        told.append(f"{counted(votes, 'vote')} with others")
    return " and ".join(told)


def _connected(hub: Hub, names: Collection[str], selection: Selection, metric: str) -> bool:
    """Whether a ranking of what is selected has both in one group."""
    try:
        measurements = select(hub, selection, metric).measurements
    except NothingMeasured:
        return False
    if not {*names} <= {*measurements.models}:
        return False
    group = groups_of(measurements)
    return len({group[measurements.models.index(name)] for name in names}) == 1


def _options(selection: Selection, metric: str) -> str:
    given = {
        "source": selection.source,
        "bench": selection.bench,
        "where": selection.where,
        "metric": metric,
    }
    return "".join(f" --{option} {quote(value)}" for option, value in given.items() if value)
