"""What an export is about, and whether that is there."""

from __future__ import annotations

from evalhub.errors import EvalhubError
from evalhub.store.hub import Hub
from evalhub.store.origins import sources
from evalhub.store.results import metrics


def check_scope(hub: Hub, source: str, metric: str = "") -> None:
    """Whether the pool has a source, and anything is measured by a metric; '' for all.

    Raises:
        EvalhubError: it has not, or the pool is empty.
    """
    known = sources(hub)
    if source and source not in known:
        raise EvalhubError(f"the pool has no source '{source}'; it has {', '.join(known) or 'no samples yet'}")
    if metric and metric not in (there := metrics(hub)):
        raise EvalhubError(f"nothing is measured by '{metric}'; there are {', '.join(there) or 'no metrics yet'}")


def nothing_there(source: str) -> EvalhubError:
    """What to say where nothing is measured."""
    where = f" on the samples of '{source}'" if source else ""
    return EvalhubError(f"nothing is measured{where} yet: run evalhub score MODEL, or evalhub import PATH, first")
