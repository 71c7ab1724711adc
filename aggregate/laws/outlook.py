"""What a fitted law says of a size: the pass rate there, with an interval.

Uncertain are the law (resampled by clusters), each sample's own line given its counts, and, for a model that was
measured, what so many attempts come to.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aggregate.laws.curve import rate_of
from aggregate.laws.lines import SPREADS, Lines, lines_given
from aggregate.laws.posterior import Counts, posterior

_TOGETHER = 20_000
"""Samples times resamples whose lines are looked at together."""

_MOST_ROWS = 150_000
"""Rows times resamples: of many samples the law is sure, and fewer resamples of it are told apart."""


@dataclass(frozen=True, eq=False)
class Outlook:
    """The mean pass rate of a family's samples at a size."""

    parameters: float
    rate: float
    """Expected."""

    low: float
    high: float
    """Where the rate lies that a model of the law has."""

    seen_low: float
    seen_high: float
    """Where the rate lies that would be measured with as many attempts; the same as above where none are given."""


def resampled(made: Lines, draws: int, rng: np.random.Generator) -> np.ndarray:
    """(draws, P) theta fitted to resampled clusters, by one Newton step from the fit."""
    count = len(made.scores)
    weight = rng.multinomial(count, np.full(count, 1 / count), size=draws) - 1.0
    theta = made.theta + weight @ made.scores @ made.bread
    theta[:, [2, 4]] = np.clip(theta[:, [2, 4]], *SPREADS)
    return np.asarray(theta)


def outlook(
    made: Lines,
    parameters: float,
    *,
    attempts: np.ndarray | None = None,
    level: float = 0.9,
    resamples: int = 1000,
    seed: int = 0,
) -> Outlook:
    """The rate that the law has at a size.

    attempts: (S,) of the model whose measured rate it is compared with; samples with 0 are left out. Where they
    stopped at so many passes the scatter is a little larger than is taken here.
    """
    rng = np.random.default_rng(seed)
    t, bend = made.at(parameters)
    counted = np.ones(len(made.row), bool) if attempts is None else attempts > 0
    thetas = resampled(made, resamples, rng)
    looked = thetas[: max(20, _MOST_ROWS // len(made.counts.passes))]
    repeats = -(-resamples // len(looked))
    true, seen = [], []
    together = max(1, _TOGETHER // len(made.row))
    for place in range(0, len(looked), together):
        rates = _rates(made, looked[place : place + together], t, bend, repeats, rng)[..., counted]
        true.append(rates.mean(axis=-1))
        if attempts is not None:
            n = attempts[counted].astype(np.int64)
            seen.append((rng.binomial(n, rates) / n).mean(axis=-1))
    draws = np.concatenate([one.ravel() for one in true])
    measured = np.concatenate([one.ravel() for one in seen]) if seen else draws
    tails = [(1 - level) / 2, (1 + level) / 2]
    (low, high), (seen_low, seen_high) = np.quantile(draws, tails), np.quantile(measured, tails)
    rate = float(_expected(made, t, bend)[counted].mean())
    # A mean may lie outside the quantiles of a distribution that is all tail.
    return Outlook(
        parameters=float(parameters),
        rate=rate,
        low=min(float(low), rate),
        high=max(float(high), rate),
        seen_low=min(float(seen_low), rate),
        seen_high=max(float(seen_high), rate),
    )


def curve(made: Lines, sizes: np.ndarray) -> np.ndarray:
    """(K,) the expected mean rate at sizes."""
    return np.array([_expected(made, *made.at(float(size))).mean() for size in sizes])


def _expected(made: Lines, t: float, bend: float) -> np.ndarray:
    _, _, beta = lines_given(made, made.theta)
    f = made.found.node @ np.array([1.0, -t]) + beta * bend
    return np.asarray((made.found.weight * rate_of(f, made.counts.chance)).sum(axis=1)[made.row])


def _rates(
    made: Lines, thetas: np.ndarray, t: float, bend: float, repeats: int, rng: np.random.Generator
) -> np.ndarray:
    """(B, repeats, S) pass rates drawn: for each theta, lines from each sample's posterior."""
    of, (draws, size) = made.counts, (len(thetas), len(made.counts.passes))
    given = [lines_given(made, theta) for theta in thetas]
    beta = np.repeat([np.ravel(one[2])[0] for one in given], size)[:, None]
    rows = Counts(
        np.tile(of.passes, (draws, 1)),
        np.tile(of.fails, (draws, 1)),
        np.tile(of.chance, (draws, 1)),
        of.t,
        of.bend,
    )
    found = posterior(
        rows,
        np.concatenate([one[0] for one in given]),
        np.repeat(np.stack([one[1] for one in given]), size, axis=0),
        beta,
        np.tile(made.start, (draws, 1)),
        nodes=5,
    )
    row = (np.arange(draws)[:, None] * size + made.row).ravel()
    edges = np.cumsum(found.weight, axis=1)[row, :-1]
    chance, bent = rows.chance[row, 0], beta[row, 0] * bend
    drawn = np.empty((repeats, len(row)))
    for number in range(repeats):
        pick = (rng.random((len(row), 1)) > edges).sum(axis=1)
        u, s = found.node[row, pick].T
        drawn[number] = rate_of(u - s * t + bent, chance)
    return drawn.reshape(repeats, draws, -1).swapaxes(0, 1)
