"""Maximum likelihood of the Bradley-Terry model, for many win matrices at once."""

from __future__ import annotations

import numpy as np

_MOST_STEPS = 200


def fit_bradley_terry(
    wins: np.ndarray,
    prior: np.ndarray | None = None,
    start: np.ndarray | None = None,
    tolerance: float = 1e-10,
) -> np.ndarray:
    """Log-strengths, centred at 0: P(i beats j) = 1 / (1 + exp(theta_j - theta_i)).

    wins: (..., M, M) how often the row beat the column, 0 or more, a tie as half a win to each; diagonal 0.
    prior: (..., M, 2) wins and losses of each model against an imaginary one of strength 0. Needed where
    the graph of wins is not strongly connected, since no finite maximum exists there without it.
    start: (..., M) where to begin, 0 if not given.
    Returns (..., M), the last step of every fit being below `tolerance` (times the largest strength, if
    above 1). Raises ArithmeticError where the steps do not die down, as without a maximum.

    Newton's method. Each step is shortened by ln(1+d)/d, d being the widest change of a log-odds in it,
    with which it converges from anywhere, as the loss is generalised self-concordant (Sun & Tran-Dinh 2019,
    Mathematical Programming 178:145-213, nu = 2).
    """
    models = wins.shape[-1]
    theta = np.zeros(wins.shape[:-1]) if start is None else np.broadcast_to(start, wins.shape[:-1]).copy()
    losses = np.swapaxes(wins, -1, -2)
    met = wins + losses
    diagonal = np.arange(models)
    for _ in range(_MOST_STEPS):
        beats = _logistic(theta[..., :, None] - theta[..., None, :])
        beaten = np.swapaxes(beats, -1, -2)
        # Summed pair by pair: expected minus seen wins would cancel to noise for lopsided pairs.
        gradient = (wins * beaten - losses * beats).sum(axis=-1)
        curvature = met * beats * beaten
        hessian = -curvature
        hessian[..., diagonal, diagonal] += curvature.sum(axis=-1)
        if prior is None:
            # Strengths are known up to a constant; this pins their sum and leaves the rest alone.
            hessian += curvature.mean(axis=(-1, -2))[..., None, None]
        else:
            up, down = _logistic(theta), _logistic(-theta)
            gradient += prior[..., 0] * down - prior[..., 1] * up
            hessian[..., diagonal, diagonal] += prior.sum(axis=-1) * up * down
        try:
            step = np.linalg.solve(hessian, gradient[..., None])[..., 0]
        except np.linalg.LinAlgError:
            break
        widest = np.maximum(step.max(axis=-1), 0) - np.minimum(step.min(axis=-1), 0)
        theta += step * (np.log1p(widest) / np.maximum(widest, 1e-300))[..., None]
        if (widest <= tolerance * np.maximum(1.0, np.abs(theta).max(axis=-1))).all():
            return theta - theta.mean(axis=-1, keepdims=True)
    raise ArithmeticError("Bradley-Terry has no finite fit here: is every model both beaten and beating?")


def _logistic(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)), to full relative precision at both ends."""
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-x))
