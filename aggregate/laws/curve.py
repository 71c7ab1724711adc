"""The task scaling law: pass rate = chance + (1 - chance) exp(-exp(F)), with F a line in the logarithm of size.

exp(-c N^-alpha) is F = ln c - alpha ln N (Hu et al. 2023, arXiv 2310.03262, section 4). A square in ln N beside
the line makes it curved: F convex is slower than the law, concave is faster.
"""

from __future__ import annotations

import numpy as np

_LOWEST, _HIGHEST = -25.0, 6.0
"""F where the rate is 1 or 0 to the last digit."""


def rate_of(f: np.ndarray, chance: np.ndarray | float = 0.0) -> np.ndarray:
    """Pass rates at F."""
    return np.asarray(chance + (1 - chance) * np.exp(-np.exp(np.clip(f, _LOWEST, _HIGHEST))))


def f_of(rate: np.ndarray, chance: np.ndarray | float = 0.0) -> np.ndarray:
    """F at pass rates between chance and 1, both excluded; NaN elsewhere."""
    with np.errstate(invalid="ignore", divide="ignore"):
        above = (rate - chance) / (1 - chance)
        return np.where((above > 0) & (above < 1), np.log(-np.log(above)), np.nan)


def likelihood(f: np.ndarray, passes: np.ndarray, fails: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """Log-likelihood of counts at F, without the constant; all of one shape, or broadcast to it. A stop at a pass
    does not change it."""
    e = np.exp(np.clip(f, _LOWEST, _HIGHEST))
    if not chance.any():
        return np.asarray(fails * np.log(-np.expm1(-e)) - passes * e)
    with np.errstate(divide="ignore"):
        passed = np.where(chance > 0, np.log(chance + (1 - chance) * np.exp(-e)), -e)
    return np.asarray(passes * passed + fails * (np.log1p(-chance) + np.log(-np.expm1(-e))))


def slopes(
    f: np.ndarray, passes: np.ndarray, fails: np.ndarray, chance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """First derivative of the log-likelihood by F, and the expected information about F."""
    e = np.exp(np.clip(f, _LOWEST, _HIGHEST))
    q = np.exp(-e)
    p = chance + (1 - chance) * q
    known = np.where(chance > 0, (1 - chance) * q / np.where(p > 0, p, 1), 1.0)
    failed = e / np.expm1(e)
    first = -passes * e * known + fails * failed
    information = (passes + fails) * e * known * failed
    return first, information
