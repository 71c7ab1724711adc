"""Plackett-Luce with ties and partial rankings: likelihood, its maximum, and the scores of clusters.

A sample orders the models that were measured on it; equal values leave open who comes first. Its likelihood is
the chance of an order that agrees with it (the exact marginal likelihood of Kalbfleisch & Prentice 1973,
Biometrika 60:267; as an integral DeLong, Guirguis & So 1994, Biometrika 81:607): a race of exponential times with
rates exp(theta), in which all models of a group arrive before all models below it,

    integral over t of prod_{i in group}(1 - exp(-w_i t)) W exp(-W t) dt,   W the sum of w over all models below,

times the same for the groups below, since a race starts afresh when a group is in. A group of one gives the
usual w / (w + W). The logarithm is concave in theta: it is the log of the mass that a log-concave density has
in a convex set (Prekopa 1973, Acta Sci. Math. 34:335). Numba runs it; exact sums over orders stand beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import special

from kernels.products import product
from kernels.threads import in_threads
from kernels.tiles import in_range

# Rows that one thread works on at least.
_ROWS = 2**12

# Units whose scores are held at once by a thread.
_BLOCK = 512

_MOST_STEPS = 100

_WIDEST = 2.0
"""Most that a log-odds may change in one step."""

_ROUNDING = 1e-9
"""By how much of itself a sum of log-likelihoods may be off."""


@dataclass(frozen=True, eq=False)
class Orders:
    """S samples, each with the models that were measured on it, best first."""

    start: np.ndarray
    """(S+1,) int64: sample s has the rows start[s] to start[s+1]."""

    model: np.ndarray
    """(R,) int32."""

    tied: np.ndarray
    """(R,) bool: as good as the row before, of the same sample."""

    models: int


@dataclass(frozen=True, eq=False)
class Likelihood:
    """A log-likelihood with its derivatives by theta."""

    value: float
    gradient: np.ndarray
    """(M,)"""

    hessian: np.ndarray = field(repr=False)
    """(M, M)"""


def make_orders(model: np.ndarray, sample: np.ndarray, value: np.ndarray, models: int, samples: int) -> Orders:
    """Orders of samples by value, the highest first.

    model, sample: (R,) indices below `models` and `samples`, sorted by sample; a cell occurs at most once.
    value: (R,) finite floats. Raises IndexError for a model or sample out of range.
    """
    from kernels import plackett_luce_loops

    in_range(model, models)
    in_range(sample, samples)
    start = np.searchsorted(sample, np.arange(samples + 1).astype(sample.dtype))
    order, tied = np.empty(len(model), np.int32), np.empty(len(model), bool)

    def sort(first: int, last: int) -> None:
        plackett_luce_loops.sort(first, last, start, model, value, order, tied)

    in_threads(sort, samples, len(model) // _ROWS)
    return Orders(start, order, tied, models)


def log_likelihood(orders: Orders, theta: np.ndarray, weight: np.ndarray) -> Likelihood:
    """Sum over samples of weight times log-likelihood, to 1e-9 of each.

    theta: (M,) log-strengths, not more than 300 apart. weight: (S,), 0 or more.
    """
    from kernels import plackett_luce_loops

    models = orders.models

    def part(first: int, last: int) -> tuple[float, np.ndarray, np.ndarray]:
        gradient, pairs = np.zeros(models), np.zeros((models, models))
        value = plackett_luce_loops.add(first, last, *_rows(orders), theta, weight, gradient, pairs)
        return value, gradient, pairs

    parts = in_threads(part, weight.size, orders.model.size // _ROWS)
    pairs = np.sum([found[2] for found in parts], axis=0)
    return Likelihood(
        sum(found[0] for found in parts),
        np.sum([found[1] for found in parts], axis=0),
        pairs + pairs.T - np.diag(np.diag(pairs)),
    )


def score_covariance(orders: Orders, theta: np.ndarray, weight: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """Sum over units of u u', u the sum of the weighted scores of the unit's samples: (M, M).

    unit: (S,) int, never falling. Raises ValueError where it does.
    """
    if (unit[1:] < unit[:-1]).any():
        raise ValueError("units fall: number the samples so that those of a unit are neighbours")
    from kernels import plackett_luce_loops

    first = np.concatenate([[0], np.flatnonzero(np.diff(unit)) + 1, [len(unit)]])
    row = np.repeat(np.arange(first.size - 1), np.diff(first))

    def part(begin: int, end: int) -> np.ndarray:
        total = np.zeros((orders.models, orders.models))
        for a in range(begin, end, _BLOCK):
            b = min(a + _BLOCK, end)
            scores = np.zeros((b - a, orders.models))
            given = (*_rows(orders), theta, weight, row - a, scores)
            plackett_luce_loops.scores(first[a], first[b], *given)
            total += product(scores, scores)
        return total

    return np.sum(in_threads(part, first.size - 1, orders.model.size // _ROWS), axis=0)


def fit_plackett_luce(
    orders: Orders,
    weight: np.ndarray,
    prior: np.ndarray | None = None,
    start: np.ndarray | None = None,
    tolerance: float = 1e-9,
) -> tuple[np.ndarray, np.ndarray]:
    """Log-strengths (M,) of greatest likelihood, on average 0, and minus the second derivatives there (M, M).

    prior: (M, 2) wins and losses of each model against an imaginary one of average strength. Needed where the
    graph of wins is not strongly connected, since no finite maximum exists there without it. start: where to
    begin, equal strengths if not given. The last step is below `tolerance` (times the largest strength, if above
    1), and the error about its square. Raises ArithmeticError where the steps do not die down, as without a
    maximum.

    Newton's method: the log-likelihood being concave, steps that are halved until it does not fall converge.
    """
    theta = np.zeros(orders.models) if start is None else start
    at = _with_prior(orders, theta, weight, prior)
    for _ in range(_MOST_STEPS):
        # Strengths are known up to a constant; this pins their sum and leaves the rest alone.
        pin = -np.trace(at.hessian) / at.hessian.size
        try:
            step = np.linalg.solve(pin - at.hessian, at.gradient)
        except np.linalg.LinAlgError:
            break
        widest = step.max() - step.min()
        if widest <= tolerance * max(1.0, np.abs(theta).max()):
            theta = theta + step
            return theta - theta.mean(), -at.hessian
        step *= min(1.0, _WIDEST / widest)
        least = at.value - _ROUNDING * abs(at.value)
        for _ in range(_MOST_STEPS):
            at = _with_prior(orders, theta + step, weight, prior)
            if at.value >= least:
                break
            step /= 2
        theta = theta + step
    raise ArithmeticError("Plackett-Luce has no finite fit here: is every model both beaten and beating?")


def _with_prior(orders: Orders, theta: np.ndarray, weight: np.ndarray, prior: np.ndarray | None) -> Likelihood:
    at = log_likelihood(orders, theta, weight)
    if prior is None or not prior.any():
        return at
    models = theta.size
    away = np.eye(models) - 1 / models
    own = away @ theta
    won, lost = prior.T
    up, down = special.expit(own), special.expit(-own)
    return Likelihood(
        at.value + float(won @ special.log_expit(own) + lost @ special.log_expit(-own)),
        at.gradient + away @ (won * down - lost * up),
        at.hessian - (away * ((won + lost) * up * down)) @ away,
    )


def log_likelihood_reference(orders: Orders, theta: np.ndarray, weight: np.ndarray) -> float:
    """The value that `log_likelihood` promises, summed over all orders of each group, for groups of few models."""
    total, w = 0.0, np.exp(theta)
    for s in range(weight.size):
        rows = np.arange(orders.start[s], orders.start[s + 1])
        groups = np.split(orders.model[rows], np.flatnonzero(~orders.tied[rows])[1:])
        for place, group in enumerate(groups):
            below = w[np.concatenate([group[:0], *groups[place + 1 :]])].sum()
            if below:
                total += weight[s] * np.log(_ahead(w[group], below))
    return total


def _ahead(group: np.ndarray, below: float) -> float:
    """Chance that all of these rates come before any of those below, by who of the group comes last."""
    if not group.size:
        return 1.0
    return sum(
        (rate / (rate + below)) * _ahead(np.delete(group, last), below + rate) for last, rate in enumerate(group)
    )


def _rows(orders: Orders) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return orders.start, orders.model, orders.tied
