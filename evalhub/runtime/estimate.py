"""What an attempt would take and cost on an accelerator, and what a correct answer would."""

from __future__ import annotations

from dataclasses import dataclass, replace

from aggregate.rates import rate as rate_of_counts
from evalhub.errors import EvalhubError
from evalhub.runtime.accelerators import BYTES, Accelerator
from evalhub.runtime.calibration import Calibration
from evalhub.runtime.roofline import ROOFLINE, Architecture, Ceilings, Serving, decode, needed, prefill


@dataclass(frozen=True, kw_only=True)
class Load:
    """What is asked of models, and how they are run."""

    accelerator: Accelerator

    count: int | None = None
    """Accelerators; None: as few as hold the model, a power of two."""

    dtype: str = "bf16"
    batch: int = 1

    price: float | None = None
    """US dollars an hour of one; None: the accelerator's own."""

    def __post_init__(self) -> None:
        """Raises:
        EvalhubError: something of it cannot be.
        """
        if self.dtype not in BYTES:
            raise EvalhubError(f"weights are kept as {', '.join(BYTES)}, not {self.dtype!r}")
        if self.batch < 1 or (self.count is not None and self.count < 1):
            raise EvalhubError("count and batch are 1 or more")


@dataclass(frozen=True, kw_only=True)
class PassRate:
    """How often attempts pass."""

    rate: float
    low: float
    high: float


def pass_rate(passes: int, attempts: int, level: float) -> PassRate:
    """Of a fixed number of attempts of one kind, with the exact interval."""
    found = rate_of_counts(passes, attempts, attempts + 1, level=level)
    return PassRate(rate=found.rate or 0.0, low=found.low, high=found.high)


@dataclass(frozen=True, kw_only=True)
class Takes:
    """What an attempt takes under some ceilings."""

    first_token: float
    """Seconds until it, F(prompt)."""

    per_token: float
    """Seconds for each further one, G."""

    seconds: float
    """From the prompt to the last token."""

    cost: float | None
    """US dollars: its share of the batch's time on all accelerators; None without a price."""

    per_correct: float | None
    """US dollars for a correct answer: the cost over the pass rate; None without either, or where none passes."""

    per_correct_low: float | None
    per_correct_high: float | None
    """By the ends of the rate's interval; None: no bound."""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A model on an accelerator."""

    model: str
    accelerator: str
    count: int

    needed: int
    """As few as hold it; more than `count` where it does not fit."""

    dtype: str
    batch: int
    prompt: int
    """Tokens in."""

    output: int
    """Tokens out."""

    price: float | None
    """US dollars an hour of one accelerator."""

    rate: PassRate | None
    roofline: Takes

    calibrated: Takes | None
    """By ceilings fitted to measured runs; None without any."""


def estimate(
    model: str,
    of: Architecture,
    load: Load,
    prompt: int,
    output: int,
    *,
    calibration: Calibration | None = None,
    rate: PassRate | None = None,
) -> Estimate:
    """What a model would take for prompts and outputs of so many tokens, 1 or more each."""
    how = Serving(accelerator=load.accelerator, dtype=load.dtype, batch=load.batch)
    least = needed(of, how, prompt, output)
    how = replace(how, count=load.count or least)
    price = load.accelerator.price if load.price is None else load.price
    before, after = prefill(of, how, prompt), decode(of, how, prompt, output)

    def takes(ceilings: Ceilings) -> Takes:
        first, each = before.seconds(ceilings), after.seconds(ceilings)
        whole = first + after.times * each
        cost = None if price is None else whole * how.count * price / 3600 / load.batch
        by = (None, None, None) if rate is None else (rate.rate, rate.high, rate.low)
        correct = [None if cost is None or not one else cost / one for one in by]
        return Takes(
            first_token=first,
            per_token=each,
            seconds=whole,
            cost=cost,
            per_correct=correct[0],
            per_correct_low=correct[1],
            per_correct_high=correct[2],
        )

    return Estimate(
        model=model,
        accelerator=load.accelerator.name,
        count=how.count,
        needed=least,
        dtype=load.dtype,
        batch=load.batch,
        prompt=prompt,
        output=output,
        price=price,
        rate=rate,
        roofline=takes(ROOFLINE),
        calibrated=None if calibration is None else takes(calibration.ceilings),
    )
