"""How the votes between each two models came out: counted when a snapshot is published."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from aggregate.measurements import Measurements
from aggregate.vote_shares import vote_shares
from evalhub.store.hub import Hub
from evalhub.store.origins import sources
from evalhub.store.results import vote_frame
from evalhub.store.wanted import Wanted

_LEVEL = 0.95


def pair_votes(hub: Hub) -> Iterator[pl.DataFrame]:
    """Of the pool ('') and of each source that has votes, a frame with a row for each two models with a vote
    between them: source, model_a, model_b (the later name), wins (of model_a), ties, losses, share, low, high. See
    `aggregate.vote_shares`."""
    for source in ("", *sources(hub)):
        voted = vote_frame(hub, Wanted.of_source(source))
        if not voted["outcome"].count():
            if not source:
                return
            continue
        measurements = Measurements.from_frame(voted)
        found, names = vote_shares(measurements.votes, _LEVEL), pl.Series(measurements.models, dtype=pl.String)
        yield pl.DataFrame(
            {
                "model_a": names.gather(found.first),
                "model_b": names.gather(found.second),
                **{name: getattr(found, name) for name in ("wins", "ties", "losses", "share", "low", "high")},
            }
        ).select(pl.lit(source).alias("source"), pl.all())
