"""Stop rules on recorded attempts: what PassUntil costs and how well it knows each sample's rate, beside a fixed
number of attempts.

    python -m benchmarks.replay_policies FILE [--permutations 2000]

FILE records the outcomes of as many attempts of each sample, in order (`ingest.recorded`). First those attempts
are put into other orders, thousands of times: then the rate over all of them is the truth, known without error to
whoever uses them all. Then attempts are drawn from them with replacement, as a model with these rates would go
on, up to a cap ten times as high.

Precision is looked at on the samples that have passed at all, since the others have no relative error; their
attempts cost in every case. It is called equal in two ways: by the root mean square of (estimate - rate) / rate
over samples and orders, or by the share of samples and orders in which the ends of the 95 % interval are at most
4.2 times apart, which is what 8 passes give (`pinned`). "fixed n for": the least fixed number of attempts of every
sample that does as well.
"""

from __future__ import annotations

import argparse
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aggregate.rates import rates
from ingest.recorded import PASS, TIMEOUT, read_recording

TARGETS = (2, 5, 8)
PINNED = 4.2
CAP = 10
"""How many times the recorded attempts, with replacement."""


@dataclass(frozen=True)
class Orders:
    """Attempts of n samples in many orders: running counts of shape (samples, orders, attempts)."""

    passes: np.ndarray
    counted: np.ndarray
    truth: np.ndarray
    """(samples,) rate over all recorded attempts that count."""

    @property
    def cap(self) -> int:
        """Attempts that there are."""
        return self.passes.shape[2]


@dataclass(frozen=True)
class Found:
    """What a stop rule came to; the fields of one sample and order are of shape (samples, orders)."""

    made: float
    """Mean attempts of a sample, missing ones included."""

    made_where_passed: float
    """The same over the samples that can pass."""

    rate: np.ndarray
    truth: np.ndarray
    pinned: float

    @property
    def error(self) -> float:
        """Root mean square of the relative error over samples that can pass."""
        return float(np.sqrt(np.nanmean(self._relative**2)))

    @property
    def _relative(self) -> np.ndarray:
        can = self.truth > 0
        relative: np.ndarray = self.rate[can] / self.truth[can][:, None] - 1
        return relative

    def row(self) -> list[str]:
        """Cost and bias, as cells of the table."""
        mean = np.nanmean(self.rate, axis=0)
        bias = self._relative.mean(axis=1)
        spread = self._relative.std(axis=1) / np.sqrt(self._relative.shape[1])
        surprise = np.abs(bias[spread > 0]) / spread[spread > 0]
        return [
            f"{self.made:.1f}",
            f"{self.made_where_passed:.1f}",
            f"{mean.mean() - self.truth.mean():+.4f}",
            f"{mean.std():.4f}",
            f"{bias.mean():+.1%}",
            f"{surprise.max(initial=0):.1f}",
        ]


def main() -> None:
    """Print a table for the permuted attempts, and one for those drawn with replacement."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--permutations", type=int, default=2000)
    options = parser.parse_args()
    outcomes = read(options.file)
    samples, attempts = outcomes.shape
    print(f"{samples} samples x {attempts} attempts; {(np.nanmean(outcomes, axis=1) > 0).sum()} have passed")
    generator = np.random.default_rng(0)
    print(f"\nrecorded attempts in {options.permutations} orders, at most {attempts} of each sample")
    table(permuted(outcomes, options.permutations, generator))
    fewer = max(options.permutations // CAP, 2)
    print(f"\ndrawn with replacement {fewer} times, at most {attempts * CAP} of each sample")
    table(drawn(outcomes, attempts * CAP, fewer, generator))


def read(file: Path) -> np.ndarray:
    """(samples, attempts): 1 passed, 0 failed, NaN missing."""
    recording = read_recording(file)
    counts = {count for _, count in recording.places.values()}
    if not recording.outcomes or len(counts) != 1:
        raise SystemExit(f"{file}: give a file with the outcomes of as many attempts of every sample")
    passed = (recording.texts == PASS).to_numpy().astype(float)
    passed[(recording.texts == TIMEOUT).to_numpy()] = np.nan
    return passed.reshape(-1, counts.pop())


def permuted(outcomes: np.ndarray, orders: int, generator: np.random.Generator) -> Orders:
    """Every recorded attempt once, each sample's in an order of its own."""
    return _orders(outcomes, lambda count: generator.permuted(np.tile(np.arange(count), (orders, 1)), axis=1))


def drawn(outcomes: np.ndarray, cap: int, orders: int, generator: np.random.Generator) -> Orders:
    """Recorded attempts drawn with replacement."""
    return _orders(outcomes, lambda count: generator.integers(0, count, (orders, cap)))


def _orders(outcomes: np.ndarray, choose: Callable[[int], np.ndarray]) -> Orders:
    passes, counted = [], []
    for row in outcomes:
        taken = row[choose(len(row))]
        passes.append(np.nancumsum(taken, axis=1).astype(np.int16))
        counted.append(np.cumsum(~np.isnan(taken), axis=1, dtype=np.int16))
    return Orders(np.stack(passes), np.stack(counted), np.nanmean(outcomes, axis=1))


def pass_until(given: Orders, target: int, *, plain: bool = False) -> Found:
    """Stop a sample at so many passes. plain: passes/attempts instead of the unbiased estimate."""
    reached = given.passes >= target
    last = np.where(reached[:, :, -1], reached.argmax(axis=2), given.cap - 1)
    return _found(given, last, target, plain)


def fixed(given: Orders, attempts: int) -> Found:
    """As many attempts of every sample."""
    return _found(given, np.full(given.passes.shape[:2], attempts - 1), attempts + 1, plain=False)


def _found(given: Orders, last: np.ndarray, target: int, plain: bool) -> Found:
    passes, counted = (
        np.take_along_axis(counts, last[:, :, None], axis=2)[:, :, 0].astype(int)
        for counts in (given.passes, given.counted)
    )
    estimate = rates(passes, counted, target)
    can = given.truth > 0
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = passes / counted if plain else estimate.rate
        pinned = (estimate.high / estimate.low <= PINNED)[can].mean()
    return Found(float(last.mean() + 1), float(last[can].mean() + 1), rate, given.truth, float(pinned))


def table(given: Orders) -> None:
    """Print what each rule came to, and the fixed number that does as well."""
    heads = ["rule", "attempts", "where it can pass", "bias of mean", "sd of mean", "bias of a sample"]
    heads += ["largest, in standard errors", "relative error", "fixed n for that", "pinned", "fixed n for that"]
    print("| " + " | ".join(heads) + " |")
    print("|---" * len(heads) + "|")
    for target in TARGETS:
        found = pass_until(given, target)
        same_error = _least(given, lambda other, found=found: other.error <= found.error)
        same_share = _least(given, lambda other, found=found: other.pinned >= found.pinned)
        _print(f"PassUntil {target}, unbiased", found, same_error, same_share)
        _print(f"PassUntil {target}, r/K", pass_until(given, target, plain=True))
        _print(f"fixed {found.made:.0f}, which costs as much", fixed(given, round(found.made)))


def _least(given: Orders, good: Callable[[Found], bool]) -> str:
    """The least fixed number of attempts that is good; more attempts are never worse."""
    least = bisect_left(range(1, given.cap + 1), True, key=lambda attempts: good(fixed(given, attempts))) + 1
    return str(least) if least <= given.cap else f"over {given.cap}"


def _print(name: str, found: Found, same_error: str = "", same_share: str = "") -> None:
    precision = [f"{found.error:.3f}", same_error, f"{found.pinned:.0%}", same_share]
    print("| " + " | ".join([name, *found.row(), *precision]) + " |", flush=True)


if __name__ == "__main__":
    main()
