"""The law of a mean pass rate over sizes (dataset level), and what people fit instead.

A mean of samples that each follow the law follows it only about; where single samples are known,
`aggregate.laws.lines` is the better way. Here each size counts as one figure.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from aggregate.laws.curve import rate_of, slopes
from aggregate.laws.family import FamilyError

ALWAYS = "every model always passes: harder samples would show a law"
"""Why there is no law where there is no failure."""

_STEPS = 100
_FARTHEST = 2.0
_CLOSE = 1e-9
_SAYS_NOTHING = 1e-6
"""Information about F, as a share of the best size's."""


@dataclass(frozen=True, eq=False)
class MeanLaw:
    """Mean rate at size N: chance + (1 - chance) exp(-exp(a - alpha (ln N - centre))), of B fits at once."""

    a: np.ndarray
    """(B,)"""

    alpha: np.ndarray
    """(B,)"""

    centre: float
    chance: float

    def rate(self, parameters: float) -> np.ndarray:
        """(B,) mean rates at a size."""
        return rate_of(self.a - self.alpha * (np.log(parameters) - self.centre), self.chance)


def fit_means(parameters: np.ndarray, rates: np.ndarray, chance: float = 0.0) -> MeanLaw:
    """Fit by quasi-likelihood, in which a rate of 0 or 1 needs no special case.

    parameters: (M,). rates: (M,) or (B, M), each row a fit of its own.

    Raises:
        FamilyError: fewer than two sizes, no rate above chance, or none below 1.
    """
    rows = np.clip(np.atleast_2d(rates).astype(float), 0, 1)
    if len(parameters) < 2:
        raise FamilyError("a law needs two sizes or more to be fitted to")
    if (rows.max(axis=1) <= chance).any():
        raise FamilyError("no model passes more than a guess does: there is nothing to lay a law through")
    if (rows.min(axis=1) >= 1).any():
        raise FamilyError(ALWAYS)
    t = np.log(parameters)
    centre = float(t.mean())
    design = np.stack([np.ones_like(t), centre - t])
    theta = np.zeros((len(rows), 2))
    floor = np.full((1, 1), chance)
    for _ in range(_STEPS):
        first, information = slopes(theta @ design, rows, 1 - rows, floor)
        gradient = first @ design.T - 1e-9 * theta
        hessian = np.einsum("bm,im,jm->bij", information, design, design) + 1e-9 * np.eye(2)
        step = np.linalg.solve(hessian, gradient[..., None])[..., 0]
        step *= np.minimum(1.0, _FARTHEST / np.maximum(np.abs(step).max(axis=1, keepdims=True), 1e-300))
        theta = theta + step
        if np.abs(step).max() < _CLOSE:
            break
    return MeanLaw(theta[:, 0], theta[:, 1], centre, chance)


def scatter_interval(
    parameters: np.ndarray, rates: np.ndarray, size: float, *, chance: float = 0.0, level: float = 0.9
) -> tuple[float, float] | None:
    """Interval of the mean rate of another model of `size`, from how the rates (M,) scatter about their law; None
    for fewer than three that say anything. Assumes that F scatters alike at all sizes, normally."""
    law = fit_means(parameters, rates, chance)
    t = np.log(parameters) - law.centre
    f = law.a[0] - law.alpha[0] * t
    _, weight = slopes(f, np.asarray(rates, float), 1 - np.asarray(rates, float), np.full(1, chance))
    # A rate that is 0, 1 or chance to many digits says nothing of F.
    told = weight > _SAYS_NOTHING * weight.max()
    left = int(told.sum()) - 2
    if left < 1:
        return None
    t, f, weight = t[told], f[told], weight[told]
    e = np.exp(f)
    away = (rate_of(f, chance) - np.asarray(rates)[told]) / ((1 - chance) * e * np.exp(-e))
    design = np.stack([np.ones_like(t), -t])
    lever = np.linalg.solve((design * weight) @ design.T, design * weight)
    rest = np.eye(len(t)) - design.T @ lever
    scatter = (away**2).sum() / (rest**2).sum()
    at = np.array([1.0, -(np.log(size) - law.centre)])
    middle = float(law.a[0] * at[0] + law.alpha[0] * at[1])
    reach = float(stats.t.ppf((1 + level) / 2, left) * np.sqrt(scatter * (1 + ((at @ lever) ** 2).sum())))
    low, high = rate_of(np.array([middle + reach, middle - reach]), chance)
    return float(low), float(high)


Baseline = Callable[[np.ndarray, np.ndarray, float], float]


def last(parameters: np.ndarray, rates: np.ndarray, size: float) -> float:
    """The rate of the largest model that is known."""
    del size
    return float(rates[np.argmax(parameters)])


def power_law(parameters: np.ndarray, rates: np.ndarray, size: float) -> float:
    """ln rate linear in ln N, by least squares, without the rates of 0; NaN for fewer than two."""
    return float(min(1.0, np.exp(_line(parameters, rates, np.log, rates > 0, size))))


def logit_line(parameters: np.ndarray, rates: np.ndarray, size: float) -> float:
    """logit of the rate linear in ln N, by least squares, without the rates of 0 and 1; NaN for fewer than two."""
    return float(special.expit(_line(parameters, rates, special.logit, (rates > 0) & (rates < 1), size)))


BASELINES: dict[str, Baseline] = {"the last model's": last, "power law": power_law, "logit line": logit_line}


def _line(
    parameters: np.ndarray,
    rates: np.ndarray,
    of: Callable[[np.ndarray], np.ndarray],
    used: np.ndarray,
    size: float,
) -> float:
    if used.sum() < 2:
        return float("nan")
    fitted = np.polynomial.polynomial.polyfit(np.log(parameters[used]), of(rates[used]), 1)
    return float(np.polynomial.polynomial.polyval(np.log(size), fitted))
