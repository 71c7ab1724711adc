"""Maximum likelihood of models of paired comparisons, for many win matrices at once.

Strengths theta decide a comparison of i and j through their gap theta_i - theta_j; `kernels.tied_pairs` has the
models in which a further parameter decides how often they tie.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import numpy as np

_MOST_STEPS = 200


class Slopes(NamedTuple):
    """Derivatives of a log-probability by the gap and by the extra parameter; the last three None without one."""

    gap: np.ndarray
    gap_gap: np.ndarray
    extra: np.ndarray | None = None
    extra_extra: np.ndarray | None = None
    gap_extra: np.ndarray | None = None


class PairModel(Protocol):
    """What comparisons of two models follow; log-probabilities are concave in gap and extra parameter."""

    @property
    def least(self) -> float | None:
        """What the extra parameter is above; None where there is no such parameter."""
        ...

    def win(self, gap: np.ndarray, extra: Any) -> Slopes:
        """Of a win, at any gaps; extra: None, or an array that broadcasts against them."""
        ...

    def tie(self, gap: np.ndarray, extra: Any) -> Slopes:
        """Of a tie: its first derivative by the gap is odd."""
        ...

    def start(self, tied: np.ndarray) -> np.ndarray:
        """The extra parameter at which equals tie with this frequency."""
        ...


class HalfTies:
    """P(i beats j) = 1 / (1 + exp(theta_j - theta_i)) (Bradley & Terry 1952), a tie as half a win to each."""

    least = None

    def win(self, gap: np.ndarray, _: None) -> Slopes:
        lose = logistic(-gap)
        return Slopes(lose, -lose * logistic(gap))

    def tie(self, gap: np.ndarray, _: None) -> Slopes:
        win, lose = logistic(gap), logistic(-gap)
        return Slopes((lose - win) / 2, -win * lose)

    def start(self, tied: np.ndarray) -> np.ndarray:
        return np.zeros_like(tied)


class Strengths(NamedTuple):
    """A fit."""

    theta: np.ndarray
    """(..., M), on average 0."""

    extra: np.ndarray | None
    """(...,)"""


class Curvature(NamedTuple):
    """Derivatives of a log-likelihood by theta and, last, by the extra parameter if there is one."""

    gradient: np.ndarray
    """(..., P)"""

    information: np.ndarray
    """(..., P, P) minus the second derivatives: flat where all strengths grow alike."""


def fit_pairs(
    model: PairModel,
    wins: np.ndarray,
    ties: np.ndarray | None = None,
    prior: np.ndarray | None = None,
    start: Strengths | None = None,
    tolerance: float = 1e-10,
) -> Strengths:
    """Strengths, and the extra parameter, of greatest likelihood.

    wins: (..., M, M) how often the row beat the column, 0 or more; diagonal 0. ties: (..., M, M) symmetric.
    prior: (..., M, 3) wins, losses and ties of each model against an imaginary one of average strength. Needed
    where the graph of wins is not strongly connected, since no finite maximum exists there without it.
    start: where to begin, equal strengths if not given.
    The last step of every fit is below `tolerance` (times the largest strength, if above 1). Raises
    ArithmeticError where the steps do not die down, as without a maximum.

    Newton's method. Each step is shortened by ln(1+d)/d, d being the widest change of a log-odds in it,
    with which it converges from anywhere, as the loss is generalised self-concordant (Sun & Tran-Dinh 2019,
    Mathematical Programming 178:145-213, nu = 2).
    """
    models = wins.shape[-1]
    if start is not None:
        theta = np.broadcast_to(start.theta, wins.shape[:-1]).copy()
        extra = None if start.extra is None else np.broadcast_to(start.extra, wins.shape[:-2]).copy()
    else:
        theta, extra = np.zeros(wins.shape[:-1]), _start(model, wins, ties, prior)
    for _ in range(_MOST_STEPS):
        gradient, information = curvature(model, wins, ties, prior, Strengths(theta, extra))
        # Strengths are known up to a constant; this pins their sum and leaves the rest alone.
        pin = np.trace(information[..., :models, :models], axis1=-2, axis2=-1) / models**2
        information[..., :models, :models] += pin[..., None, None]
        try:
            step = np.linalg.solve(information, gradient[..., None])[..., 0]
        except np.linalg.LinAlgError:
            break
        moved = step[..., :models]
        widest = np.maximum(moved.max(axis=-1), 0) - np.minimum(moved.min(axis=-1), 0)
        if extra is not None:
            widest = widest + np.abs(step[..., models])
        short = np.log1p(widest) / np.maximum(widest, 1e-300)
        if extra is not None:
            room = extra - model.least
            short = np.minimum(short, 0.9 * room / np.maximum(-step[..., models], 1e-300))
            extra = extra + short * step[..., models]
        theta += moved * short[..., None]
        if (widest <= tolerance * np.maximum(1.0, np.abs(theta).max(axis=-1))).all():
            return Strengths(theta - theta.mean(axis=-1, keepdims=True), extra)
    raise ArithmeticError("Bradley-Terry has no finite fit here: is every model both beaten and beating?")


def _start(
    model: PairModel, wins: np.ndarray, ties: np.ndarray | None, prior: np.ndarray | None
) -> np.ndarray | None:
    if model.least is None:
        return None
    decided = wins.sum(axis=(-1, -2))
    tied = np.zeros_like(decided) if ties is None else ties.sum(axis=(-1, -2)) / 2
    if prior is not None:
        decided, tied = decided + prior[..., :2].sum(axis=(-1, -2)), tied + prior[..., 2].sum(axis=-1)
    return model.start(tied / (decided + tied))


def curvature(
    model: PairModel,
    wins: np.ndarray,
    ties: np.ndarray | None,
    prior: np.ndarray | None,
    at: Strengths,
) -> Curvature:
    """First and second derivatives of the log-likelihood that `fit_pairs` maximises."""
    theta, extra = at
    models = theta.shape[-1]
    of_pairs = None if extra is None else extra[..., None, None]
    gap = theta[..., :, None] - theta[..., None, :]
    win = model.win(gap, of_pairs)
    # Summed pair by pair: expected minus seen wins would cancel to noise for lopsided pairs.
    pull = _odd(wins * win.gap)
    bend = wins * win.gap_gap
    bend = bend + np.swapaxes(bend, -1, -2)
    if ties is not None:
        tie = model.tie(gap, of_pairs)
        pull += ties * tie.gap
        bend += ties * tie.gap_gap
    size = models + (extra is not None)
    gradient, information = np.zeros((*theta.shape[:-1], size)), np.zeros((*theta.shape[:-1], size, size))
    among = information[..., :models, :models]
    among[...] = bend
    diagonal = np.arange(models)
    among[..., diagonal, diagonal] -= bend.sum(axis=-1)
    gradient[..., :models] = pull.sum(axis=-1)
    if extra is not None:
        gradient[..., -1] = (wins * win.extra).sum(axis=(-1, -2))
        information[..., -1, -1] = -(wins * win.extra_extra).sum(axis=(-1, -2))
        cross = _odd(wins * win.gap_extra)
        if ties is not None:
            gradient[..., -1] += (ties * tie.extra).sum(axis=(-1, -2)) / 2
            information[..., -1, -1] -= (ties * tie.extra_extra).sum(axis=(-1, -2)) / 2
            cross += ties * tie.gap_extra
        information[..., :models, -1] = -cross.sum(axis=-1)
    if prior is not None:
        _add_prior(model, prior, at, gradient, information)
    if extra is not None:
        information[..., -1, :models] = information[..., :models, -1]
    return Curvature(gradient, information)


def _odd(matrix: np.ndarray) -> np.ndarray:
    return matrix - np.swapaxes(matrix, -1, -2)


def _add_prior(
    model: PairModel, prior: np.ndarray, at: Strengths, gradient: np.ndarray, information: np.ndarray
) -> None:
    """The imaginary model stands at the strengths' mean, and moves with it."""
    theta, extra = at
    models = theta.shape[-1]
    own = theta - theta.mean(axis=-1, keepdims=True)
    of_models = None if extra is None else extra[..., None]
    outcomes = (
        (prior[..., 0], 1, model.win(own, of_models)),
        (prior[..., 1], -1, model.win(-own, of_models)),
        (prior[..., 2], 1, model.tie(own, of_models)),
    )
    pull = sum(many * sign * slopes.gap for many, sign, slopes in outcomes)
    bend = -sum(many * slopes.gap_gap for many, _, slopes in outcomes)
    gradient[..., :models] += pull - pull.mean(axis=-1, keepdims=True)
    among = information[..., :models, :models]
    diagonal = np.arange(models)
    among[..., diagonal, diagonal] += bend
    among -= (bend[..., :, None] + bend[..., None, :]) / models
    among += bend.sum(axis=-1)[..., None, None] / models**2
    if extra is not None:
        gradient[..., -1] += sum((many * slopes.extra).sum(axis=-1) for many, _, slopes in outcomes)
        information[..., -1, -1] -= sum((many * slopes.extra_extra).sum(axis=-1) for many, _, slopes in outcomes)
        cross = sum(many * sign * slopes.gap_extra for many, sign, slopes in outcomes)
        information[..., :models, -1] -= cross - cross.mean(axis=-1, keepdims=True)


def fit_bradley_terry(
    wins: np.ndarray, prior: np.ndarray | None = None, start: np.ndarray | None = None
) -> np.ndarray:
    """Log-strengths (..., M) of wins in which a tie is half a win to each: `fit_pairs` with `HalfTies`.

    prior: (..., M, 2) or (..., M, 3).
    """
    return fit_pairs(HalfTies(), wins, prior=prior, start=None if start is None else Strengths(start, None)).theta


def logistic(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)), to full relative precision at both ends."""
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-x))
