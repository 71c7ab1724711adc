"""The law of a family: fitted, tested against its largest model and for a bend, and drawn out to other sizes."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np
from scipy import stats

from aggregate.intervals import check_level
from aggregate.laws.curve import f_of
from aggregate.laws.family import FEWEST, Family, FamilyError, Means
from aggregate.laws.lines import Lines, NotFitted, fit
from aggregate.laws.means import ALWAYS, BASELINES, fit_means, scatter_interval
from aggregate.laws.outlook import curve, outlook, resampled

SAMPLES, MEANS = "law, sample by sample", "law of the mean"

REJECTED_AT = 0.05
"""How often a family that does follow the law is said to bend."""

_DRAWN = 24
"""Sizes at which the law is drawn."""

_FLOOR, _RISE, _STEP = 0.15, 0.1, 1 / 3
"""A floor of rates may be a guess's from here on, where they rise no more than so much, or where their first step
along the law is no more than this share of all steps'."""

_NO_REACH = (
    "all samples have the same counts, or are of one cluster: resampling them changes nothing, so alpha has no "
    "interval, and those of forecasts are too narrow"
)

Shape = Literal["accelerated", "slower", "straight", "unknown"]


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """A mean pass rate at a size."""

    way: str
    """`SAMPLES`, `MEANS`, or a baseline."""

    rate: float | None
    """None where the way gives none, as a power law through rates of 0, or a law of means through rates that are
    no more than chance, or all 1."""

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
    """None of means, and where resampling changes nothing: samples that all did the same, or one cluster."""

    log_c: float | None
    """ln c of exp(-c N^-alpha), N in parameters; sample by sample its mean over samples, whose law is the middle
    sample's and not that of the mean. None of a law kept by an older evalhub."""

    shape: Shape
    """`accelerated`: F bends down, large models gain more than the law says; `slower`: it bends up; `straight`: no
    bend is seen; `unknown`: only means are known, or no law that bends was found."""

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

    @property
    def finding(self) -> str:
        """What of the shape is behind the verdict, in words."""
        return {
            "accelerated": "F bends down: the large models gain more than the law says",
            "slower": "F bends up: the large models gain less than the law says",
            "straight": self._straight,
            "unknown": "the search for a law that bends did not end at one"
            if self.samples
            else "only means are known",
        }[self.shape]

    @property
    def _straight(self) -> str:
        """What it is worth that no bend is seen."""
        few = len(self.models) <= FEWEST
        said = "no bend is seen, but three sizes can hardly show one" if few else "no bend is seen"
        if self.held_out and self.held_out.inside is False:
            said += (
                f"{',' if few else ', but'} {'and ' if few else ''}the largest model is not where the others say"
            )
        return said

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        held = self.held_out and {**asdict(self.held_out), "inside": self.held_out.inside}
        outlooks = [{"parameters": size, **asdict(one)} for size, one in self.outlooks]
        return {**asdict(self), "verdict": self.verdict, "held_out": held, "outlooks": outlooks}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Law:
        """What `to_json` has made plain."""
        held = plain["held_out"] and {key: value for key, value in plain["held_out"].items() if key != "inside"}
        if held:
            held = HeldOut(**{**held, "forecasts": tuple(Forecast(**one) for one in held["forecasts"])})
        outlooks = (dict(one) for one in plain["outlooks"])
        again = {
            "held_out": held,
            "outlooks": tuple((one.pop("parameters"), Forecast(**one)) for one in outlooks),
            "curve": tuple((size, rate) for size, rate in plain["curve"]),
            **{name: tuple(plain[name]) for name in ("models", "parameters", "rates", "warnings")},
        }
        return cls(**{"log_c": None, **{key: value for key, value in plain.items() if key != "verdict"}, **again})


def law_of(
    family: Family, *, sizes: Sequence[float] = (), level: float = 0.9, resamples: int = 1000, seed: int = 0
) -> Law:
    """The law of a family, sample by sample, with a verdict.

    The verdict is a likelihood-ratio test of a common bend (chi-squared, one degree of freedom); where clusters
    hold several samples, one by the variance between clusters. See `aggregate.laws.lines` for what is assumed.

    Args:
        sizes: for which rates are wanted, in parameters.

    Raises:
        FamilyError: no model ever passes, or more than a guess does, or all always do; or no law is found.
        ValueError: a size or the level is impossible.
    """
    check_level(level)
    if any(not size > 0 for size in sizes):
        raise ValueError("a size is a positive number of parameters")
    if not family.passes.any():
        raise FamilyError("no model ever passes: more attempts of easier samples would show a law")
    if _always(family):
        raise FamilyError(ALWAYS)
    if family.chance.any() and not (family.means > family.guesses).any():
        raise FamilyError("no model passes more than a guess does: there is nothing to lay a law through")
    straight = fit(family)
    bend, p = _test(family, straight)
    low, high = _reach(straight, level, resamples, seed)
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
        alpha_low=low,
        alpha_high=high,
        log_c=float(straight.theta[0] + straight.theta[1] * straight.centre),
        shape="unknown" if bend is None or p is None else _shape(bend, p),
        bend=bend,
        p=p,
        held_out=_held_out(family, level, resamples, seed),
        chance=float(family.chance.mean()),
        curve=_along(family.parameters, sizes, lambda at: curve(straight, at)),
        outlooks=tuple(outlooks),
        warnings=(*_warnings(family, sizes), *([_NO_REACH] if low is None else [])),
    )


def law_of_means(means: Means, *, sizes: Sequence[float] = (), level: float = 0.9) -> Law:
    """The law of mean rates where single samples are not known. Intervals come from how the models scatter about
    their law; a bend is not tested.

    Raises:
        FamilyError: no rate is above chance, or all are 1.
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
        log_c=float(law.a[0] + law.alpha[0] * law.centre),
        shape="unknown",
        bend=None,
        p=None,
        held_out=held,
        chance=chance,
        curve=_along(size, sizes, lambda at: np.array([law.rate(one)[0] for one in at])),
        outlooks=tuple((float(one), _of_means(size, rate, one, chance, level)) for one in sizes),
        warnings=tuple(_mean_warnings(names, size, rate, chance, sizes)),
    )


def _along(
    parameters: np.ndarray, sizes: Sequence[float], rates: Callable[[np.ndarray], np.ndarray]
) -> tuple[tuple[float, float], ...]:
    """The law at sizes between the smallest and the largest that are spoken of."""
    ends = [*parameters, *sizes]
    at = np.geomspace(min(ends), max(ends), _DRAWN)
    return tuple(zip(at.tolist(), rates(at).tolist(), strict=True))


def _always(family: Family) -> bool:
    """Whether there is no failure to lay a law by."""
    return bool((family.passes == family.attempts).all())


def _reach(made: Lines, level: float, resamples: int, seed: int) -> tuple[float, float] | tuple[None, None]:
    """The interval of alpha; none where resampling changes nothing, which is not to be sure of it."""
    if len(made.counts.passes) == 1 or len(made.scores) == 1:
        return None, None
    slopes = resampled(made, resamples, np.random.default_rng(seed))[:, 1]
    low, high = np.quantile(slopes, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _test(family: Family, straight: Lines) -> tuple[float, float] | tuple[None, None]:
    """The bend, and its p-value; None where no law that bends was found."""
    try:
        curved = fit(family, curved=True, near=straight)
        if curved.nodes != straight.nodes:
            straight = fit(family, nodes=curved.nodes)
    except NotFitted:
        return None, None
    bend = float(curved.theta[-1])
    if len(curved.scores) < len(family.passes):
        return bend, float(2 * stats.norm.sf(abs(bend) / np.sqrt(curved.covariance[-1, -1])))
    return bend, float(stats.chi2.sf(max(0.0, 2 * (curved.evidence - straight.evidence)), 1))


def _shape(bend: float, p: float) -> Shape:
    if p >= REJECTED_AT:
        return "straight"
    return "accelerated" if bend < 0 else "slower"


def _held_out(family: Family, level: float, resamples: int, seed: int) -> HeldOut | None:
    """The largest model by the others; None where these never pass, or always."""
    smaller = family.only(np.arange(len(family.models) - 1))
    if not smaller.passes.any() or _always(smaller):
        return None
    attempts = family.attempts[:, -1]
    first = Forecast(way=SAMPLES, rate=None)
    with suppress(NotFitted):
        seen = outlook(
            fit(smaller), family.parameters[-1], attempts=attempts, level=level, resamples=resamples, seed=seed
        )
        first = Forecast(way=SAMPLES, rate=seen.rate, low=seen.seen_low, high=seen.seen_high)
    # The others are shown the samples that the largest model was measured on.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        means = np.nanmean(smaller.rates[attempts > 0], axis=0)
    there = np.isfinite(means)
    size, rate, last = smaller.parameters[there], means[there], family.parameters[-1]
    chance = float(family.chance[attempts > 0].mean())
    others = []
    if len(size) >= 2:
        told = rate.max() > chance and rate.min() < 1
        others.append(_of_means(size, rate, last, chance, level) if told else Forecast(way=MEANS, rate=None))
        others += _baselines(size, rate, last)
    return HeldOut(
        model=family.models[-1],
        parameters=float(last),
        rate=float(family.means[-1]),
        forecasts=(first, *others),
    )


def _of_means(size: np.ndarray, rate: np.ndarray, at: float, chance: float, level: float) -> Forecast:
    ends = scatter_interval(size, rate, at, chance=chance, level=level) or (None, None)
    return Forecast(way=MEANS, rate=float(fit_means(size, rate, chance).rate(at)[0]), low=ends[0], high=ends[1])


def _baselines(size: np.ndarray, rate: np.ndarray, at: float) -> list[Forecast]:
    found = {way: of(size, rate, at) for way, of in BASELINES.items()}
    return [Forecast(way=way, rate=None if np.isnan(one) else one) for way, one in found.items()]


def _mean_warnings(
    names: Sequence[str], size: np.ndarray, rate: np.ndarray, chance: float, sizes: Sequence[float]
) -> list[str]:
    said = ["only means are known: a bend cannot be told from scatter, and nothing is rejected"]
    if len(size) <= 3:
        said.append("two models leave nothing to tell scatter by: the held-out one has no interval")
    said += _by_chance(names, size, rate, np.full(len(rate), chance))
    if (rate[:-1] <= chance).all():
        said.append("the smaller models pass no more than a guess does: they do not foretell the largest one")
    return [*said, *_too_far(size, sizes)]


def _by_chance(names: Sequence[str], size: np.ndarray, rate: np.ndarray, chance: np.ndarray) -> list[str]:
    """What is to be said of rates (M,) beside those of a guess (M,)."""
    if chance.any():
        below = [name for name, one, guess in zip(names, rate, chance, strict=True) if one < guess]
        return [f"{', '.join(below)}: below chance, is that right for these samples?"] if below else []
    if rate.min() <= _FLOOR:
        return []
    f = f_of(np.clip(rate, 0, 1 - 1e-9))
    first, whole = ((f[0] - f[at]) / np.log(size[at] / size[0]) for at in (1, -1))
    if rate.max() > rate.min() + _RISE and first >= _STEP * whole:
        return []
    return ["rates that hardly rise from a floor may be a guess's: say --chance where there are choices"]


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
    said += _by_chance(family.models, family.parameters, family.means, family.guesses)
    said += _too_far(family.parameters, sizes)
    if len(family.passes) < 20:
        said.append(f"{len(family.passes)} samples are few: intervals and verdict hold for some 20 or more")
    return said
