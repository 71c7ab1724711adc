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
from aggregate.laws.family import Family, FamilyError
from aggregate.laws.posterior import Counts, Posterior, posterior

SPREADS = (-4.0, 3.0)
"""Bounds of the logarithm of a standard deviation over samples."""

_ALMOST = 1e-7
"""Rise of the evidence in one step, as a share of what it has risen, at which a fit ends."""

_OFF, _FAR_OFF = 0.01, 0.5
"""How many errors a parameter may be from where the evidence is greatest, before it is searched for again, and at
the end: with few passes the evidence and its slope, by quadrature, agree to some tenths of an error."""

_LITTLE = 1e-3
"""Rise of the evidence that is worth no further search."""

_SEARCHES = 4
_MORE_NODES = (15, 25)

_BENDINGS, _HALVINGS = 40, 8
_FARTHEST = 1.0
"""Of one step of the bend, in F at the size where it tells most."""


class NotFitted(FamilyError):
    """The search for the likeliest law did not end at one."""


@dataclass(frozen=True, eq=False)
class Lines:
    """The law of a family, fitted."""

    counts: Counts
    """Of R rows: samples with the same counts, chance and loss are one."""

    row: np.ndarray
    """(S,) each sample's row."""

    centre: float
    """Mean of ln N over the sizes."""

    chord: np.ndarray
    """(2,) the line through the squares of t, which the bend leaves out."""

    theta: np.ndarray
    """(P,) mean of u and of s, root of their covariance (ln, plain, ln), then what loss and bend count."""

    loss: np.ndarray | None
    """(R, 2) each row's line in the loss, less its mean over samples."""

    curved: bool
    evidence: float
    """The logarithm of the probability of the counts."""

    scores: np.ndarray
    """(C, P) derivatives of the evidence by theta, by cluster."""

    start: np.ndarray
    """(R, 2) the likeliest lines."""

    nodes: int | None
    """Of each row's posterior, in each of two directions; None: as many as `posterior` takes for enough."""

    def at(self, parameters: float) -> tuple[float, float]:
        """t and bend of a size."""
        t = float(np.log(parameters)) - self.centre
        return t, t**2 - float(np.polynomial.polynomial.polyval(t, self.chord))

    @property
    def covariance(self) -> np.ndarray:
        """(P, P) of theta: sandwich by clusters, so that it holds whether or not u and s are normal."""
        return np.asarray(self.bread @ (self.scores.T @ self.scores) @ self.bread)

    @property
    def times(self) -> np.ndarray:
        """(R,) samples of each row."""
        return np.bincount(self.row)

    @cached_property
    def found(self) -> Posterior:
        """Of each row's line, given its counts and the fit."""
        return _evaluate(self, self.theta)[0]

    @cached_property
    def bread(self) -> np.ndarray:
        """(P, P) inverse of the observed information."""
        unit = np.ones(len(self.theta))
        if self.curved:
            unit[-1] = 1 / np.sqrt(_about_bend(self, self.found, self.theta))
        total = _information(self, unit)
        values, vectors = np.linalg.eigh(total)
        found = (vectors / np.maximum(values, 1e-6 * values.max())) @ vectors.T
        return np.asarray(found * np.outer(unit, unit))


def fit(family: Family, *, curved: bool = False, near: Lines | None = None, nodes: int | None = None) -> Lines:
    """Fit the law by marginal likelihood.

    curved: let the common line bend. near: a fit of the straight law to the same family, to begin with. nodes: see
    `Lines.nodes`; more are taken where no law is found by these.

    Raises:
        NotFitted: no likeliest law was found.
    """
    # Of few passes posteriors are skewed, and by too few nodes evidence and slope do not agree.
    for taken in (near.nodes if near else nodes, *_MORE_NODES):
        try:
            return _fit(family, curved, near, taken)
        except NotFitted as error:
            failed = error
    raise failed


def _fit(family: Family, curved: bool, near: Lines | None, nodes: int | None) -> Lines:
    t = np.log(family.parameters)
    centre = float(t.mean())
    t = t - centre
    chord = np.polynomial.polynomial.polyfit(t, t**2, 1)
    loss = None if family.loss is None else _loss_lines(family.loss, t)
    alike = [family.passes, family.attempts, family.chance[:, None], *([] if loss is None else [loss])]
    _, first, row = np.unique(np.hstack(alike), axis=0, return_index=True, return_inverse=True)
    passes = family.passes[first]
    counts = Counts(
        passes,
        family.attempts[first] - passes,
        family.chance[first, None],
        t,
        t**2 - np.polynomial.polynomial.polyval(t, chord),
    )
    loss = None if loss is None else loss[first]
    begin = np.array([0.5, 0.2, 0.0, 0.0, -2.0] + [0.0, 0.0] * (loss is not None))
    begin = np.r_[near.theta if near else begin, [0.0] * curved]
    start = near.start if near else np.tile(begin[:2], (len(first), 1))
    none = np.zeros((0, len(begin)))
    made = Lines(counts, row.ravel(), centre, chord, begin, loss, curved, 0.0, none, start, nodes)
    if curved:
        made = _bent(made)
    found, scores = _evaluate(made, made.theta)
    # Steps are taken in units of each parameter's error.
    unit = 1 / (np.sqrt(made.times @ scores**2) + 1e-3) if near is None else np.ones(len(begin))
    if near is not None:
        unit[: len(near.theta)] = np.sqrt(np.diag(near.bread))
    unit = np.minimum(unit, 1.0)
    if curved:
        unit[-1] = 1 / np.sqrt(_about_bend(made, found, made.theta))
    evidence = float(made.times @ found.evidence)
    for _ in range(_SEARCHES):
        made = _climbed(made, unit)
        found, scores = _evaluate(made, made.theta)
        before, evidence = evidence, float(made.times @ found.evidence)
        off = _off(made.theta, made.times @ scores, unit)
        if off < _OFF or (off < _FAR_OFF and evidence - before < _LITTLE):
            break
        unit = unit / np.sqrt(np.maximum(np.diag(_information(made, unit)), unit**2))
    if not off < _FAR_OFF:
        raise NotFitted("the search for the likeliest law did not end at one: no law is laid through these counts")
    clustered = np.zeros((family.cluster.max() + 1, len(begin)))
    np.add.at(clustered, family.cluster, scores[made.row])
    return replace(made, evidence=evidence, scores=clustered)


def lines_given(made: Lines, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray | float]:
    """What a theta expects: mean of u and s of each row (R, 2), their covariance (2, 2), and beta."""
    mean = np.tile(theta[:2], (len(made.counts.passes), 1))
    at = 5
    if made.loss is not None:
        mean = mean + theta[at : at + 2] * made.loss
        at += 2
    root = np.array([[np.exp(theta[2]), 0.0], [theta[3], np.exp(theta[4])]])
    return mean, root @ root.T, theta[at] if made.curved else 0.0


def _bent(made: Lines) -> Lines:
    """The fit with the bend by which its lines do best, all else as it was: Newton steps, halved where they do not
    climb. With many attempts a bend is known to so many digits that a search for all at once does not find it."""
    theta, times = made.theta.copy(), made.times
    found, scores = _evaluate(made, theta)
    for _ in range(_BENDINGS):
        rise, told = float(times @ scores[:, -1]), _about_bend(made, found, theta)
        step = np.zeros(len(theta))
        step[-1] = np.clip(rise / told, *(np.array([-1, 1]) * _FARTHEST / np.abs(made.counts.bend).max()))
        for _ in range(_HALVINGS):
            trial, scores = _evaluate(replace(made, start=found.mode), theta + step)
            if times @ (trial.evidence - found.evidence) >= 0:
                break
            step /= 2
        else:
            break
        theta, found = theta + step, trial
        if abs(rise * step[-1]) < _FAR_OFF**2:
            break
    return replace(made, theta=theta, start=found.mode)


def _about_bend(made: Lines, found: Posterior, theta: np.ndarray) -> float:
    """The information about the bend where each row's line goes along with it; 1 at the least."""
    _, covariance, beta = lines_given(made, theta)
    of = made.counts
    design = np.stack([np.ones_like(of.t), -of.t])
    _, weight = slopes(found.mode @ design + beta * of.bend, of.passes, of.fails, of.chance)
    lines = np.einsum("rm,im,jm->rij", weight, design, design) + np.linalg.inv(covariance)
    both = np.einsum("rm,im,m->ri", weight, design, of.bend)
    taken = (both * np.linalg.solve(lines, both[..., None])[..., 0]).sum(axis=1)
    return max(1.0, float(made.times @ (weight @ of.bend**2 - taken)))


def _climbed(made: Lines, unit: np.ndarray) -> Lines:
    """The fit with the theta of greatest evidence that a search in steps of `unit` (P,) finds."""
    times, kept = made.times, made.start
    before = float(times @ _evaluate(made, made.theta)[0].evidence)

    def down(steps: np.ndarray) -> tuple[float, np.ndarray]:
        nonlocal kept
        found, scores = _evaluate(replace(made, start=kept), steps * unit)
        kept = found.mode
        # Of many attempts the evidence is so large a number that a rise of a few would count as none beside it.
        return before - float(times @ found.evidence), -(times @ scores) * unit

    bounds: list[tuple[float | None, float | None]] = [(None, None)] * len(unit)
    for place in (2, 4):
        bounds[place] = (SPREADS[0] / unit[place], SPREADS[1] / unit[place])
    reached = optimize.minimize(
        down,
        made.theta / unit,
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"maxiter": 200, "ftol": _ALMOST, "gtol": 1e-4},
    )
    return replace(made, theta=reached.x * unit, start=kept)


def _off(theta: np.ndarray, slope: np.ndarray, unit: np.ndarray) -> float:
    """How many errors (each `unit`) a theta is about from where the evidence is greatest, by its slope there."""
    rise = slope * unit
    for place in (2, 4):
        least, most = (abs(theta[place] - end) < 1e-6 for end in SPREADS)
        if (least and rise[place] < 0) or (most and rise[place] > 0):
            rise[place] = 0.0
    return float(np.abs(rise).max()) if np.isfinite(theta).all() else np.inf


def _information(made: Lines, unit: np.ndarray) -> np.ndarray:
    """(P, P) the observed information, of theta in units (P,)."""
    total = np.zeros((len(unit), len(unit)))
    for place in range(len(unit)):
        step = np.zeros(len(unit))
        step[place] = 1e-3 * unit[place]
        up, down = (made.times @ _evaluate(made, made.theta + side * step)[1] for side in (1, -1))
        total[place] = (down - up) / 2e-3 * unit
    return np.asarray((total + total.T) / 2)


def _evaluate(made: Lines, theta: np.ndarray) -> tuple[Posterior, np.ndarray]:
    """The posterior under a theta, and (R, P) derivatives of the evidence by it: means over the posterior of those
    of the probability of counts and line together (Fisher's identity)."""
    mean, covariance, beta = lines_given(made, theta)
    found = posterior(made.counts, mean, covariance, beta, made.start, made.nodes)
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
