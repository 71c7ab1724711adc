"""Lines of single samples: what their counts and a prior say of them.

Each row is a sample with a line F = u - s t (t the centred logarithm of size) of its own, whose (u, s) is normal a
priori. The posterior is stood for by Gauss-Hermite nodes about its mode, scaled by its curvature (adaptive
quadrature; Liu & Pierce 1994, Biometrika 81:624).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from aggregate.laws.curve import likelihood, slopes

_MANY = 2_000
"""Rows from which on fewer nodes do: their errors even out."""

_STEPS = 60
_CLOSE = 1e-3
_FARTHEST = 2.0
"""Of one step, in F or in F for each unit of t."""

_LEFT = 1e-3
"""Of log-likelihood, twice what is still to be climbed where a line counts as the likeliest: with many attempts a
short step is many errors long."""

_ROUNDED = 1e-14
"""Share of a log-likelihood by which it may fall by rounding."""


@dataclass(frozen=True, eq=False)
class Counts:
    """Counts of R rows on M sizes."""

    passes: np.ndarray
    """(R, M)"""

    fails: np.ndarray
    """(R, M)"""

    chance: np.ndarray
    """(R, 1)"""

    t: np.ndarray
    """(M,) ln N less its mean."""

    bend: np.ndarray
    """(M,) the square of t, less its line in t: what a curved law adds."""


@dataclass(frozen=True, eq=False)
class Posterior:
    """Of R rows, K nodes each."""

    mode: np.ndarray
    """(R, 2) the likeliest u and s."""

    node: np.ndarray
    """(R, K, 2)"""

    weight: np.ndarray
    """(R, K) sums to 1 over K."""

    evidence: np.ndarray
    """(R,) logarithm of the probability of the row's counts, less a constant of the counts."""

    f: np.ndarray
    """(R, K, M) F at the nodes."""


def posterior(
    counts: Counts,
    mean: np.ndarray,
    covariance: np.ndarray,
    beta: np.ndarray | float,
    start: np.ndarray | None,
    nodes: int | None = None,
) -> Posterior:
    """The posterior of each row.

    mean: (R, 2) a priori. covariance: (2, 2) or (R, 2, 2). beta: (R, 1) or a number, how much `bend` counts.
    start: (R, 2) near the mode; the prior mean where None. nodes: in each of two
    directions; None: as many as a fit needs, more where a guess can pass, which skews what counts say.
    """
    if nodes is None:
        nodes = 5 if len(counts.passes) > _MANY else 15 if counts.chance.any() else 9
    precision = np.linalg.inv(covariance)
    design = np.stack([np.ones_like(counts.t), -counts.t])
    curved = beta * counts.bend

    def of(line: np.ndarray) -> np.ndarray:
        return np.asarray(line @ design + curved)

    mode, hessian = _mode(counts, of, design, mean, precision, mean if start is None else start)
    root = np.linalg.inv(np.linalg.cholesky(hessian)).swapaxes(-1, -2)
    at, weight = np.polynomial.hermite_e.hermegauss(nodes)
    grid = np.stack(np.meshgrid(at, at), axis=-1).reshape(-1, 2)
    node = mode[:, None, :] + grid @ root.swapaxes(-1, -2)
    f = node @ design + (curved[:, None, :] if np.ndim(beta) else curved)
    here = likelihood(f, counts.passes[:, None], counts.fails[:, None], counts.chance[:, None]).sum(axis=-1)
    prior = -0.5 * (((node - mean[:, None, :]) @ np.linalg.cholesky(precision)) ** 2).sum(axis=-1)
    # The density of a standard normal at the nodes is part of their weights.
    total = here + prior + 0.5 * (grid**2).sum(axis=1) + np.log(np.outer(weight, weight)).ravel()
    top = total.max(axis=1, keepdims=True)
    share = np.exp(total - top)
    scale = np.log(np.abs(np.linalg.det(root))) - 0.5 * np.linalg.slogdet(covariance)[1] - np.log(2 * np.pi)
    evidence = top[:, 0] + np.log(share.sum(axis=1)) + scale
    return Posterior(mode, node, share / share.sum(axis=1, keepdims=True), evidence, f)


def _mode(
    counts: Counts,
    of: Callable[[np.ndarray], np.ndarray],
    design: np.ndarray,
    mean: np.ndarray,
    precision: np.ndarray,
    start: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """The likeliest lines and the curvature there, by Fisher scoring, halved where it does not climb."""
    outer = np.einsum("im,jm->mij", design, design).reshape(len(counts.t), 4)

    def pulled(line: np.ndarray) -> np.ndarray:
        return np.asarray((precision @ (line - mean)[..., None])[..., 0])

    def value(line: np.ndarray) -> np.ndarray:
        here = likelihood(of(line), counts.passes, counts.fails, counts.chance).sum(axis=1)
        return np.asarray(here - 0.5 * (pulled(line) * (line - mean)).sum(axis=1))

    line, best = start.copy(), value(start)
    for _ in range(_STEPS):
        first, information = slopes(of(line), counts.passes, counts.fails, counts.chance)
        gradient = first @ design.T - pulled(line)
        hessian = (information @ outer).reshape(-1, 2, 2) + precision
        step = np.linalg.solve(hessian, gradient[..., None])[..., 0]
        step *= np.minimum(1.0, _FARTHEST / np.maximum(np.abs(step).max(axis=1, keepdims=True), 1e-12))
        for _ in range(8):
            trial = line + step
            reached = value(trial)
            worse = reached < best - 1e-9 - _ROUNDED * np.abs(best)
            if not worse.any():
                break
            step = np.where(worse[:, None], step / 2, step)
        line = np.where(worse[:, None], line, trial)
        best = np.where(worse, best, reached)
        if np.abs(step).max() < _CLOSE and (step * gradient).sum(axis=1).max() < _LEFT:
            break
    _, information = slopes(of(line), counts.passes, counts.fails, counts.chance)
    return line, (information @ outer).reshape(-1, 2, 2) + precision
