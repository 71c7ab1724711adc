"""A family of models of several sizes, and how they did on the same samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FEWEST = 3
"""Sizes through which a law can be laid that has two parameters and can be wrong."""

_SIZES = (100, 10**18)
"""Weights that a model may have."""

_MOST_ATTEMPTS = 2**53
"""Above, numbers are not told from their neighbours."""


class FamilyError(ValueError):
    """No law can be laid through these models; the message is one line."""


@dataclass(frozen=True, eq=False)
class Family:
    """M models, from the smallest to the largest, on S samples. Made by `Family.of`, which checks."""

    models: tuple[str, ...]

    parameters: np.ndarray
    """(M,) sizes, all different."""

    passes: np.ndarray
    """(S, M) counts."""

    attempts: np.ndarray
    """(S, M) counts; 0 where a model was not measured."""

    rates: np.ndarray
    """(S, M) pass rates, NaN where missing. Where attempts stopped at a pass they are not passes/attempts."""

    chance: np.ndarray
    """(S,) pass rate of a guess."""

    cluster: np.ndarray
    """(S,) numbers from 0: which samples are resampled together."""

    loss: np.ndarray | None = None
    """(S, M) loss on the reference in nats, NaN where unknown."""

    @classmethod
    def of(
        cls,
        models: Sequence[str],
        parameters: Sequence[float] | np.ndarray,
        passes: np.ndarray,
        attempts: np.ndarray,
        *,
        rates: np.ndarray | None = None,
        chance: np.ndarray | None = None,
        cluster: np.ndarray | None = None,
        loss: np.ndarray | None = None,
    ) -> Family:
        """The family, put in order of size.

        models, parameters: (M,). passes, attempts: (S, M), attempts 0 where missing. rates: (S, M), by default
        passes/attempts. chance: (S,), 0 by default. cluster: (S,) numbers, each sample its own by default.

        Raises:
            FamilyError: fewer than 3 sizes, two models of one size, a size that is no positive number, counts that
                cannot be, or a model or all of the samples without an attempt.
        """
        size = np.asarray(parameters, float)
        x, n = np.asarray(passes, float), np.asarray(attempts, float)
        order = in_order(models, size)
        if x.shape != n.shape or x.ndim != 2 or x.shape[1] != len(size):
            raise FamilyError("passes and attempts are of samples by models")
        if not (np.isfinite(x) & np.isfinite(n)).all() or (x < 0).any() or (x > n).any():
            raise FamilyError("passes lie between 0 and attempts")
        if (x % 1 != 0).any() or (n % 1 != 0).any():
            raise FamilyError("passes and attempts are whole numbers")
        if n.max(initial=0) > _MOST_ATTEMPTS:
            raise FamilyError(f"{n.max():.3g} attempts: counts are {_MOST_ATTEMPTS:,} at most")
        guess = np.zeros(len(x)) if chance is None else np.asarray(chance, float)
        if not ((guess >= 0) & (guess < 1)).all():
            raise FamilyError("chance lies from 0 to below 1")
        with np.errstate(invalid="ignore"):
            rate = x / np.where(n > 0, n, np.nan) if rates is None else np.where(n > 0, rates, np.nan)
        if ((rate < 0) | (rate > 1)).any():
            raise FamilyError("a pass rate lies between 0 and 1")
        seen = (n > 0).any(axis=1)
        if not seen.any():
            raise FamilyError("no sample has an attempt")
        silent = [models[place] for place in range(len(size)) if not n[:, place].any()]
        if silent:
            raise FamilyError(f"nothing is measured of {', '.join(silent)}")
        count = x.shape[0]
        of = np.arange(count) if cluster is None else np.asarray(cluster)
        return cls(
            tuple(models[place] for place in order),
            size[order],
            x[seen][:, order],
            n[seen][:, order],
            rate[seen][:, order],
            guess[seen],
            np.unique(of[seen], return_inverse=True)[1],
            None if loss is None else np.asarray(loss, float)[seen][:, order],
        )

    @property
    def guesses(self) -> np.ndarray:
        """(M,) mean pass rates of a guess on the same samples."""
        return np.asarray(np.nanmean(np.where(self.attempts > 0, self.chance[:, None], np.nan), axis=0))

    @property
    def means(self) -> np.ndarray:
        """(M,) mean pass rates over the samples that each model was measured on."""
        return np.asarray(np.nanmean(self.rates, axis=0))

    def only(self, models: np.ndarray) -> Family:
        """The family of some of its models, by place or as a mask: no check of how many."""
        return Family(
            tuple(np.asarray(self.models)[models]),
            self.parameters[models],
            self.passes[:, models],
            self.attempts[:, models],
            self.rates[:, models],
            self.chance,
            self.cluster,
            None if self.loss is None else self.loss[:, models],
        )


@dataclass(frozen=True, eq=False)
class Means:
    """Mean pass rates of M models, from the smallest to the largest, where single samples are not known."""

    models: tuple[str, ...]

    parameters: np.ndarray
    """(M,)"""

    rates: np.ndarray
    """(M,)"""

    chance: float
    """Mean pass rate of a guess."""

    @classmethod
    def of(
        cls, models: Sequence[str], parameters: Sequence[float], rates: Sequence[float], chance: float
    ) -> Means:
        """The means, put in order of size.

        Raises:
            FamilyError: fewer than 3 sizes, two models of one size, an unknown size, or a rate outside [0, 1].
        """
        size, rate = np.asarray(parameters, float), np.asarray(rates, float)
        order = in_order(models, size)
        if not ((rate >= 0) & (rate <= 1)).all():
            raise FamilyError("a mean pass rate lies between 0 and 1")
        if not 0 <= chance < 1:
            raise FamilyError("chance lies from 0 to below 1")
        return cls(tuple(models[place] for place in order), size[order], rate[order], chance)


def in_order(models: Sequence[str], size: np.ndarray, what: str = "a law", by: str = "--models") -> np.ndarray:
    """Places of the models by size. what: needs these. by: the option that says which they are.

    Raises:
        FamilyError: fewer than 3 sizes, two models of one size, or an unknown or impossible size.
    """
    unknown = [name for name, one in zip(models, size, strict=True) if not (np.isfinite(one) and one > 0)]
    if unknown:
        raise FamilyError(f"{what} needs the size of each model; unknown for {', '.join(unknown)}")
    if len(size) < FEWEST:
        raise FamilyError(f"{what} needs models of {FEWEST} sizes or more, not {len(size)}")
    order = np.argsort(size, kind="stable")
    equal = np.flatnonzero(np.diff(size[order]) == 0)
    if len(equal):
        one, other = models[order[equal[0]]], models[order[equal[0] + 1]]
        raise FamilyError(
            f"{one} and {other} have the same size: {what} has one model of each, leave one out ({by})"
        )
    if size.min() < _SIZES[0] or size.max() > _SIZES[1]:
        raise FamilyError(
            f"sizes are numbers of weights, from {_SIZES[0]:,} on: {size.min():.3g} is none (are these billions?)"
        )
    return order
