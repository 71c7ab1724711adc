"""How often each of two models won the votes between them, with an interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aggregate.comparisons import Comparisons
from aggregate.intervals import cluster_variance, korn_graubard


@dataclass(frozen=True, eq=False, kw_only=True)
class VoteShares:
    """Of each of P pairs of models that a vote is between; all arrays are (P,)."""

    first: np.ndarray
    """Index into the measurements' `models`, below that of the second. Pairs are in order of both."""

    second: np.ndarray

    wins: np.ndarray
    """Votes that the first won."""

    ties: np.ndarray
    losses: np.ndarray

    share: np.ndarray
    """Of the votes that the first won, a tie being half a win."""

    low: np.ndarray
    high: np.ndarray
    """Ends of each pair's own interval: they do not hold for all pairs at once."""

    clusters: np.ndarray
    """What decides the width."""


def vote_shares(votes: Comparisons, level: float = 0.95) -> VoteShares:
    """The interval is `korn_graubard`'s over the clusters of a pair's votes: those of one sample, or of samples
    that share a paper, are not independent. It never collapses where all votes seen are equal."""
    one, other = np.minimum(votes.first, votes.second), np.maximum(votes.first, votes.second)
    outcome = np.where(votes.first == one, votes.outcome, 1 - votes.outcome).astype(np.float64)
    # As one number for each: sorting columns takes twenty times as long.
    codes, pair = np.unique(one.astype(np.int64) << 32 | other, return_inverse=True)
    number = codes.size
    total = np.bincount(pair, minlength=number)
    wins, ties, losses = (np.bincount(pair[outcome == told], minlength=number) for told in (1, 0.5, 0))
    cells, cell = np.unique(pair.astype(np.int64) << 32 | votes.cluster, return_inverse=True)
    of = cells >> 32
    clusters = np.bincount(of, minlength=number)
    share = (wins + ties / 2) / total
    variance = cluster_variance(np.bincount(cell, outcome), np.bincount(cell), of, number)
    low, high = korn_graubard(share, variance, total, clusters, level)
    return VoteShares(
        first=codes >> 32,
        second=codes & (2**32 - 1),
        wins=wins,
        ties=ties,
        losses=losses,
        share=share,
        low=low,
        high=high,
        clusters=clusters,
    )
