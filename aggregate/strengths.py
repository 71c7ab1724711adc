"""From strengths, of which only differences matter, to estimates: groups apart, zeros, ends without a bound."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from scipy import optimize, special

from aggregate.basis import Basis
from aggregate.connectivity import Links
from aggregate.estimates import Estimates
from aggregate.intervals import small_sample_factor
from aggregate.sandwich import centring


class Part(Protocol):
    """Models that met, fitted together."""

    @property
    def theta(self) -> np.ndarray:
        """(M,) log-strengths."""
        ...

    def covariance(self) -> np.ndarray:
        """(M, M) of them, from the scores of the units."""
        ...

    def draws(self, replicates: int, seed: int) -> np.ndarray:
        """(B, M) of them, from the bootstrap of units."""
        ...


def strengths(
    links: Links,
    half_wins: np.ndarray,
    part: Callable[[np.ndarray], Part],
    used: Basis,
    *,
    level: float,
    draws: int,
    seed: int,
    warnings: Sequence[str],
) -> Estimates:
    """The scores of all models, each group of them fitted apart and with a zero of its own.

    links: of half_wins (M, M). part: fits the models where a mask (M,) is true. used: what was fitted. draws:
    bootstrap replicates to make instead of a covariance. warnings: to stand before those of the links.
    """
    zero = centring(links.zero_weight(used.samples_per_model), links.group)
    models = len(links.models)
    scores, spread = np.zeros(models), np.zeros((draws or models, models))
    for group in range(links.groups):
        here = links.group == group
        if here.sum() == 1:
            continue
        fitted = part(here)
        scores[here] = fitted.theta
        if draws:
            spread[:, here] = fitted.draws(draws, seed)
        else:
            spread[np.ix_(here, here)] = fitted.covariance()
    # The last digits are the solver's; equal records are to tie.
    scores = np.round(zero @ scores, 9)
    spread = spread @ zero.T if draws else zero @ spread @ zero.T
    clusters = used.units_per_model
    away = _bounded_side(links, half_wins, scores, zero, clusters, level)
    if not draws:
        least = away / (small_sample_factor(clusters, level) * special.ndtri((1 + level) / 2))
        spread += np.diag(np.maximum(least**2 - np.diag(spread), 0))
        away[:] = np.nan  # the covariance holds it now
    return Estimates(
        scores=scores,
        covariance=None if draws else spread,
        draws=spread if draws else None,
        low=np.where(links.no_low, -np.inf, np.where(away > 0, scores - away, np.nan)),
        high=np.where(links.no_high, np.inf, np.where(away > 0, scores + away, np.nan)),
        comparable=links.comparable,
        warnings=(*warnings, *links.warnings(scores)),
    )


def _bounded_side(
    links: Links, half_wins: np.ndarray, scores: np.ndarray, zero: np.ndarray, clusters: np.ndarray, level: float
) -> np.ndarray:
    """(M,) least distance from its score to the end of the interval that a model has, where it has only one.

    Of a model that won every comparison with those that it has no way back from: what would have let it win
    them all in (1 - level) / 2 of the cases, a cluster counting as one comparison.
    """
    away = np.zeros(scores.size)
    for i in np.flatnonzero(links.no_low ^ links.no_high):
        won = half_wins[i] if links.no_high[i] else half_wins[:, i]
        won = np.where(links.part == links.part[i], 0, won)
        if not won.any():
            continue
        sign = 1 if links.no_high[i] else -1
        lead = sign * (scores[i] - scores)
        floor = np.log((1 - level) / 2) / clusters[i]

        def excess(fall: float, lead: np.ndarray = lead, won: np.ndarray = won, floor: float = floor) -> float:
            return float(np.average(special.log_expit(lead - fall), weights=won) - floor)

        most = lead.max() - floor + 50
        if excess(0.0) > 0:
            away[i] = zero[i, i] * optimize.brentq(excess, 0.0, most)
    return away
