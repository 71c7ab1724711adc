"""The law of a family: fitted, tested against its largest model and for a bend, and drawn out to other sizes."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np
from scipy import stats

from aggregate.intervals import check_level
from aggregate.laws.family import Family, FamilyError, Means
from aggregate.laws.lines import Lines, fit
from aggregate.laws.means import BASELINES, fit_means, scatter_interval
from aggregate.laws.outlook import curve, outlook, resampled

SAMPLES, MEANS = "law, sample by sample", "law of the mean"

REJECTED_AT = 0.05
"""How often a family that does follow the law is said to bend."""

_DRAWN = 24
"""Sizes at which the law is drawn."""

Shape = Literal["accelerated", "slower", "straight", "unknown"]


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """A mean pass rate at a size."""

    way: str
    """`SAMPLES`, `MEANS`, or a baseline."""

    rate: float | None
    """None where the way gives none, as a power law through rates of 0."""

    low: float | None = None
    high: float | None = None
    """None where the way knows no interval."""


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """The largest model, as the smaller ones foretell it."""

    model: str
    parameters: float

    rate: float
    """Its measured mean pass rate."""

    forecasts: tuple[Forecast, ...]
    """The law first. Its interval is of the rate that would be measured with as many attempts."""

    @property
    def inside(self) -> bool | None:
        """Whether the rate lies in the law's interval; None where it has none."""
        first = self.forecasts[0]
        return None if first.low is None or first.high is None else first.low <= self.rate <= first.high


@dataclass(frozen=True, kw_only=True)
class Law:
    """What is known of a family."""

    models: tuple[str, ...]
    """From the smallest to the largest."""

    parameters: tuple[float, ...]
    rates: tuple[float, ...]
    """Mean pass rates."""

    samples: int
    """0 where only means are known."""

    way: str
    """`SAMPLES` or `MEANS`."""

    level: float
    """Of all intervals."""

    alpha: float
    """How fast F = ln(-ln(rate)) falls with ln(parameters); sample by sample, its mean over samples."""

    alpha_low: float | None
    alpha_high: float | None

    shape: Shape
    """`accelerated`: F bends down, large models gain more than the law says; `slower`: it bends up; `straight`: no
    bend is seen; `unknown`: there is nothing to see one by."""

    bend: float | None
    """Of F: its second derivative by ln(parameters), halved."""

    p: float | None
    """How likely so much of a bend is in a family that follows the law."""

    held_out: HeldOut | None
    """None where a law through the smaller models has nothing to be wrong by."""

    chance: float = 0.0
    """Mean pass rate of a guess."""

    curve: tuple[tuple[float, float], ...] = ()
    """The law through all models: sizes, and mean rates there."""

    outlooks: tuple[tuple[float, Forecast], ...] = ()
    """By size: what the law through all models says."""

    warnings: tuple[str, ...] = field(default=())

    @property
    def rejected(self) -> bool | None:
        """Whether the family bends; None where that cannot be tested."""
        return None if self.p is None else self.p < REJECTED_AT

    @property
    def verdict(self) -> str:
        """The same in words."""
        return {None: "not tested", True: "rejected", False: "not rejected"}[self.rejected]

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        held = self.held_out and {**asdict(self.held_out), "inside": self.held_out.inside}
        outlooks = [{"parameters": size, **asdict(one)} for size, one in self.outlooks]
        return {**asdict(self), "verdict": self.verdict, "held_out": held, "outlooks": outlooks}


def law_of(
    family: Family, *, sizes: Sequence[float] = (), level: float = 0.9, resamples: int = 1000, seed: int = 0
) -> Law:
    """The law of a family, sample by sample, with a verdict.

    The verdict is a likelihood-ratio test of a common bend (chi-squared, one degree of freedom); where clusters
    hold several samples, one by the variance between clusters. See `aggregate.laws.lines` for what is assumed.

    Args:
        sizes: for which rates are wanted, in parameters.

    Raises:
        FamilyError: no model ever passes.
        ValueError: a size or the level is impossible.
    """
    check_level(level)
    if any(not size > 0 for size in sizes):
        raise ValueError("a size is a positive number of parameters")
    if not family.passes.any():
        raise FamilyError("no model ever passes: more attempts of easier samples would show a law")
    straight = fit(family)
    curved = fit(family, curved=True, near=straight)
    bend, p = _test(family, straight, curved)
    slopes = resampled(straight, resamples, np.random.default_rng(seed))[:, 1]
    low, high = np.quantile(slopes, [(1 - level) / 2, (1 + level) / 2])
    outlooks = []
    for size in sizes:
        seen = outlook(straight, size, level=level, resamples=resamples, seed=seed)
        outlooks.append((float(size), Forecast(way=SAMPLES, rate=seen.rate, low=seen.low, high=seen.high)))
    return Law(
        models=family.models,
        parameters=tuple(map(float, family.parameters)),
        rates=tuple(map(float, family.means)),
        samples=len(family.passes),
        way=SAMPLES,
        level=level,
        alpha=float(straight.theta[1]),
        alpha_low=float(low),
        alpha_high=float(high),
        shape=_shape(bend, p),
        bend=bend,
        p=p,
        held_out=_held_out(family, level, resamples, seed),
        chance=float(family.chance.mean()),
        curve=_along(family.parameters, sizes, lambda at: curve(straight, at)),
        outlooks=tuple(outlooks),
        warnings=tuple(_warnings(family, sizes)),
    )


def law_of_means(means: Means, *, sizes: Sequence[float] = (), level: float = 0.9) -> Law:
    """The law of mean rates where single samples are not known. Intervals come from how the models scatter about
    their law; a bend is not tested.

    Raises:
        FamilyError: no rate is above chance.
    """
    check_level(level)
    size, rate, chance, names = means.parameters, means.rates, means.chance, means.models
    law = fit_means(size, rate, chance)
    try:
        held = HeldOut(
            model=names[-1],
            parameters=float(size[-1]),
            rate=float(rate[-1]),
            forecasts=(
                _of_means(size[:-1], rate[:-1], size[-1], chance, level),
                *_baselines(size[:-1], rate[:-1], size[-1]),
            ),
        )
    except FamilyError:
        held = None
    return Law(
        models=names,
        parameters=tuple(map(float, size)),
        rates=tuple(map(float, rate)),
        samples=0,
        way=MEANS,
        level=level,
        alpha=float(law.alpha[0]),
        alpha_low=None,
        alpha_high=None,
        shape="unknown",
        bend=None,
        p=None,
        held_out=held,
        chance=chance,
        curve=_along(size, sizes, lambda at: np.array([law.rate(one)[0] for one in at])),
        outlooks=tuple((float(one), _of_means(size, rate, one, chance, level)) for one in sizes),
        warnings=tuple(_mean_warnings(size, rate, chance, sizes)),
    )


def _along(
    parameters: np.ndarray, sizes: Sequence[float], rates: Callable[[np.ndarray], np.ndarray]
) -> tuple[tuple[float, float], ...]:
    """The law at sizes between the smallest and the largest that are spoken of."""
    ends = [*parameters, *sizes]
    at = np.geomspace(min(ends), max(ends), _DRAWN)
    return tuple(zip(at.tolist(), rates(at).tolist(), strict=True))


def _test(family: Family, straight: Lines, curved: Lines) -> tuple[float, float]:
    """The bend, and its p-value."""
    bend = float(curved.theta[-1])
    if len(curved.scores) < len(family.passes):
        return bend, float(2 * stats.norm.sf(abs(bend) / np.sqrt(curved.covariance[-1, -1])))
    return bend, float(stats.chi2.sf(max(0.0, 2 * (curved.evidence - straight.evidence)), 1))


def _shape(bend: float, p: float) -> Shape:
    if p >= REJECTED_AT:
        return "straight"
    return "accelerated" if bend < 0 else "slower"


def _held_out(family: Family, level: float, resamples: int, seed: int) -> HeldOut | None:
    """The largest model by the others; None where these never pass."""
    smaller = family.only(np.arange(len(family.models) - 1))
    if not smaller.passes.any():
        return None
    attempts = family.attempts[:, -1]
    seen = outlook(
        fit(smaller), family.parameters[-1], attempts=attempts, level=level, resamples=resamples, seed=seed
    )
    # The others are shown the samples that the largest model was measured on.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        means = np.nanmean(smaller.rates[attempts > 0], axis=0)
    there = np.isfinite(means)
    size, rate, last = smaller.parameters[there], means[there], family.parameters[-1]
    chance = float(family.chance[attempts > 0].mean())
    others = []
    if len(size) >= 2:
        if rate.max() > chance:
            others.append(_of_means(size, rate, last, chance, level))
        others += _baselines(size, rate, last)
    return HeldOut(
        model=family.models[-1],
        parameters=float(last),
        rate=float(family.means[-1]),
        forecasts=(Forecast(way=SAMPLES, rate=seen.rate, low=seen.seen_low, high=seen.seen_high), *others),
    )


def _of_means(size: np.ndarray, rate: np.ndarray, at: float, chance: float, level: float) -> Forecast:
    ends = scatter_interval(size, rate, at, chance=chance, level=level) or (None, None)
    return Forecast(way=MEANS, rate=float(fit_means(size, rate, chance).rate(at)[0]), low=ends[0], high=ends[1])


def _baselines(size: np.ndarray, rate: np.ndarray, at: float) -> list[Forecast]:
    found = {way: of(size, rate, at) for way, of in BASELINES.items()}
    return [Forecast(way=way, rate=None if np.isnan(one) else one) for way, one in found.items()]


def _mean_warnings(size: np.ndarray, rate: np.ndarray, chance: float, sizes: Sequence[float]) -> list[str]:
    said = ["only means are known: a bend cannot be told from scatter, and nothing is rejected"]
    if len(size) <= 3:
        said.append("two models leave nothing to tell scatter by: the held-out one has no interval")
    if chance == 0 and rate.min() > 0.15 and rate.min() > 0.6 * rate.max():
        said.append("rates that hardly rise from a floor may be a guess's: say --chance where there are choices")
    return [*said, *_too_far(size, sizes)]


def _too_far(parameters: np.ndarray, sizes: Sequence[float]) -> list[str]:
    reach = np.log(parameters[-1] / parameters[0])
    far = [size for size in sizes if np.log(size / parameters[-1]) > reach]
    return (
        [f"{max(far):.3g} parameters lie farther off than the family reaches: no data vouch for that"]
        if far
        else []
    )


def _warnings(family: Family, sizes: Sequence[float]) -> list[str]:
    said = []
    never = [name for name, one in zip(family.models, family.passes.T, strict=True) if not one.any()]
    if never:
        said.append(f"{', '.join(never)} never passed: their attempts say only how rare a pass is")
    said += _too_far(family.parameters, sizes)
    if len(family.passes) < 20:
        said.append(f"{len(family.passes)} samples are few: intervals and verdict hold for some 20 or more")
    return said
