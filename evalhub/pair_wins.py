"""Who beats whom on each source: counted when a snapshot is published, so that no page counts it for a reader."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import numpy as np
import polars as pl

from aggregate.win_rates import WinRates, win_rates
from evalhub.counts import counts_pay, refresh
from evalhub.ranking import NothingMeasured, select
from evalhub.selection import Selection
from evalhub.store.chosen import slices
from evalhub.store.hub import Hub
from evalhub.store.origins import first_sources
from evalhub.store.results import votes_fingerprint


def pair_wins(hub: Hub) -> Iterator[pl.DataFrame]:
    """Of the pool ('') and of each source on which something is measured, a frame with a row for each two models
    that share a sample or a vote: source, model_a, model_b (the later name), samples, wins (of model_a), ties.

    Samples and models are those of that source's ranking. See `aggregate.win_rates`.
    """
    pool = slices(hub)
    everywhere = {one.source for one in pool}
    for source, brought_by in {"": everywhere, **dict(sorted(first_sources(hub).items()))}.items():
        held = [one for one in pool if one.source in brought_by]
        votes = votes_fingerprint(hub, source)
        if not votes and not any(one.values for one in held):
            continue
        if not votes and counts_pay(held) and (not source or brought_by == {source}):
            counted = refresh(hub, source, held)
            yield _frame(source, counted.models, win_rates(counted))
            continue
        with suppress(NothingMeasured):  # what its slices hold may be of other sources' samples only
            measurements = select(hub, Selection(source=source)).measurements
            yield _frame(source, measurements.models, win_rates(measurements))


def _frame(source: str, models: tuple[str, ...], rates: WinRates) -> pl.DataFrame:
    first, second = np.nonzero(np.triu(rates.shared))
    names = pl.Series(models, dtype=pl.String)
    return pl.DataFrame(
        {
            "model_a": names.gather(first),
            "model_b": names.gather(second),
            "samples": rates.shared[first, second],
            "wins": rates.wins[first, second],
            "ties": rates.ties[first, second],
        }
    ).select(pl.lit(source).alias("source"), pl.all())
