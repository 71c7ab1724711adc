"""Families whose law is known."""

from __future__ import annotations

import numpy as np

from aggregate.laws.curve import rate_of
from aggregate.laws.family import Family

SIZES = (1e7, 3e7, 1e8, 3e8, 1e9, 3e9)


def simulated(
    seed: int,
    *,
    samples: int = 60,
    attempts: int = 100,
    bend: float = 0.0,
    chance: float = 0.0,
    spread: float = 0.1,
    loss: bool = False,
    easy: float = 1.2,
) -> tuple[Family, np.ndarray]:
    """Six sizes, and the true rates (S, 6). The loss follows each sample's own line."""
    rng = np.random.default_rng(seed)
    t = np.log(SIZES) - np.log(SIZES).mean()
    u, s = rng.normal(easy, 0.8, samples), rng.normal(0.35, spread, samples)
    f = u[:, None] - s[:, None] * t + bend * (t**2 - (t**2).mean())
    rates = rate_of(f, chance)
    told = np.exp(f + 0.5 + rng.normal(0, 0.05, f.shape)) if loss else None
    passes = rng.binomial(attempts, rates)
    names = [f"m{size:.0e}" for size in SIZES]
    return (
        Family.of(
            names, SIZES, passes, np.full(passes.shape, attempts), chance=np.full(samples, chance), loss=told
        ),
        rates,
    )
