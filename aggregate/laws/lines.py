"""The law sample by sample: every sample has a line of its own, and the lines of all are alike.

u and s of a sample are normal about what all samples share (empirical Bayes), so that a sample that no small model
ever passed is not lost: its zeros say what they say, and the others the rest. Where the loss on the reference is
known, the sample's own line through ln(loss) moves what is expected of the sample, as far as the data warrant
(loss assistance; in Hu et al. 2023, section 4.4, the loss stands in altogether).

Assumes: counts are binomial given the line; samples are independent but for their clusters; u and s are jointly
normal over samples; all models of the family lie on the law.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import optimize

from aggregate.laws.curve import slopes
from aggregate.laws.family import Family
from aggregate.laws.posterior import Counts, Posterior, posterior

SPREADS = (-4.0, 3.0)
"""Bounds of the logarithm of a standard deviation over samples."""


@dataclass(frozen=True, eq=False)
class Lines:
    """The law of a family, fitted."""

    counts: Counts
    centre: float
    """Mean of ln N over the sizes."""

    chord: np.ndarray
    """(2,) the line through the squares of t, which the bend leaves out."""

    theta: np.ndarray
    """(P,) mean of u and of s, root of their covariance (ln, plain, ln), then what loss and bend count."""

    loss: np.ndarray | None
    """(S, 2) each sample's line in the loss, less its mean over samples."""

    curved: bool
    evidence: float
    """The logarithm of the probability of the counts."""

    scores: np.ndarray
    """(C, P) derivatives of the evidence by theta, by cluster."""

    start: np.ndarray
    """(S, 2) the likeliest lines."""

    def at(self, parameters: float) -> tuple[float, float]:
        """t and bend of a size."""
        t = float(np.log(parameters)) - self.centre
        return t, t**2 - float(np.polynomial.polynomial.polyval(t, self.chord))

    @property
    def covariance(self) -> np.ndarray:
        """(P, P) of theta: sandwich by clusters, so that it holds whether or not u and s are normal."""
        return np.asarray(self.bread @ (self.scores.T @ self.scores) @ self.bread)

    @cached_property
    def found(self) -> Posterior:
        """Of each sample's line, given its counts and the fit."""
        return _evaluate(self, self.theta)[0]

    @cached_property
    def bread(self) -> np.ndarray:
        """(P, P) inverse of the observed information."""
        size = len(self.theta)
        total = np.zeros((size, size))
        for place in range(size):
            step = np.zeros(size)
            step[place] = 1e-3
            up, down = (_evaluate(self, self.theta + side * step)[1].sum(axis=0) for side in (1, -1))
            total[place] = (down - up) / 2e-3
        values, vectors = np.linalg.eigh((total + total.T) / 2)
        return np.asarray((vectors / np.maximum(values, 1e-6 * values.max())) @ vectors.T)


def fit(family: Family, *, curved: bool = False, near: Lines | None = None) -> Lines:
    """Fit the law by marginal likelihood.

    curved: let the common line bend. near: a fit of the straight law to the same family, to begin with.
    """
    t = np.log(family.parameters)
    centre = float(t.mean())
    t = t - centre
    chord = np.polynomial.polynomial.polyfit(t, t**2, 1)
    counts = Counts(
        family.passes,
        family.attempts - family.passes,
        family.chance[:, None],
        t,
        t**2 - np.polynomial.polynomial.polyval(t, chord),
    )
    loss = None if family.loss is None else _loss_lines(family.loss, t)
    begin = np.array([0.5, 0.2, 0.0, 0.0, -2.0] + [0.0, 0.0] * (loss is not None))
    begin = np.r_[near.theta if near else begin, [0.0] * curved]
    blank = np.zeros((len(family.passes), 2))
    made = Lines(counts, centre, chord, begin, loss, curved, 0.0, np.zeros((0, len(begin))), blank)
    made = replace(made, start=near.start if near else np.tile(begin[:2], (len(blank), 1)))
    kept = made.start

    def down(theta: np.ndarray) -> tuple[float, np.ndarray]:
        nonlocal kept
        found, scores = _evaluate(replace(made, start=kept), theta)
        kept = found.mode
        return -float(found.evidence.sum()), -scores.sum(axis=0)

    bounds: list[tuple[float | None, float | None]] = [(None, None)] * len(begin)
    bounds[2] = bounds[4] = SPREADS
    reached = optimize.minimize(down, begin, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 200})
    made = replace(made, theta=reached.x, start=kept)
    found, scores = _evaluate(made, reached.x)
    clustered = np.zeros((family.cluster.max() + 1, len(begin)))
    np.add.at(clustered, family.cluster, scores)
    return replace(made, evidence=float(found.evidence.sum()), scores=clustered)


def lines_given(made: Lines, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray | float]:
    """What a theta expects: mean of u and s of each sample (S, 2), their covariance (2, 2), and beta."""
    mean = np.tile(theta[:2], (len(made.counts.passes), 1))
    at = 5
    if made.loss is not None:
        mean = mean + theta[at : at + 2] * made.loss
        at += 2
    root = np.array([[np.exp(theta[2]), 0.0], [theta[3], np.exp(theta[4])]])
    return mean, root @ root.T, theta[at] if made.curved else 0.0


def _evaluate(made: Lines, theta: np.ndarray) -> tuple[Posterior, np.ndarray]:
    """The posterior under a theta, and (S, P) derivatives of the evidence by it: means over the posterior of those
    of the probability of counts and line together (Fisher's identity)."""
    mean, covariance, beta = lines_given(made, theta)
    found = posterior(made.counts, mean, covariance, beta, made.start)
    away = found.node - mean[:, None]
    precision = np.linalg.inv(covariance)
    first = np.einsum("rk,rki->ri", found.weight, away) @ precision
    second = precision @ np.einsum("rk,rki,rkj->rij", found.weight, away, away) @ precision - precision
    root = np.linalg.cholesky(covariance)
    by_root = second @ root
    columns = [
        first[:, 0],
        first[:, 1],
        by_root[:, 0, 0] * root[0, 0],
        by_root[:, 1, 0],
        by_root[:, 1, 1] * root[1, 1],
    ]
    if made.loss is not None:
        columns += [first[:, 0] * made.loss[:, 0], first[:, 1] * made.loss[:, 1]]
    if made.curved:
        of = made.counts
        rise, _ = slopes(found.f, of.passes[:, None], of.fails[:, None], of.chance[:, None])
        columns.append(np.einsum("rk,rkm,m->r", found.weight, rise, of.bend))
    return found, np.stack(columns, axis=1)


def _loss_lines(loss: np.ndarray, t: np.ndarray) -> np.ndarray:
    """(S, 2) intercept and fall of ln(loss) in t by least squares, less their means; 0 where fewer than two sizes
    have a loss."""
    with np.errstate(divide="ignore", invalid="ignore"):
        y = np.log(loss)
    there = np.isfinite(y)
    weight = there.astype(float)
    y = np.where(there, y, 0.0)
    count = weight.sum(axis=1)
    enough = count >= 2
    mean_t = (weight @ t) / np.maximum(count, 1)
    mean_y = (weight * y).sum(axis=1) / np.maximum(count, 1)
    away = weight * (t - mean_t[:, None])
    spread = (away * t).sum(axis=1)
    fall = -(away * y).sum(axis=1) / np.where(enough & (spread > 0), spread, 1.0)
    found = np.stack([mean_y + fall * mean_t, fall], axis=1)
    if not enough.any():
        return np.zeros_like(found)
    return np.asarray(np.where(enough[:, None], found - found[enough].mean(axis=0), 0.0))
