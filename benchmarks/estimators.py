"""Whether pass rates are unbiased and their intervals hold, in a million simulated samples of each kind.

    python -m benchmarks.estimators [--runs 1000000]

A row for each stop rule: a fixed number of attempts, or PassUntil at r passes with a cap on attempts or none. A
column for each true rate, with the bias of the estimate in per cent of the rate, after it its standard error in
these runs, then how often the exact 95 % interval holds the rate, and how often the one does that may be looked at
after every attempt. Below, the bias of pass@10. Attempts are not made one by one: the one at which the r-th pass
comes is drawn from its negative binomial distribution.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np
from scipy import stats

from aggregate.anytime import anytime_interval
from aggregate.rates import pass_at, rates

TRUE = (1e-4, 1e-3, 0.01, 0.1, 0.5)
K = 10


@dataclass(frozen=True)
class Rule:
    """When a sample ends: at so many passes, or after so many attempts; None: not at any."""

    passes: int | None
    attempts: int | None

    def __str__(self) -> str:
        cap = f"{self.attempts:,}" if self.attempts else "no cap"
        return f"PassUntil {self.passes}, {cap}" if self.passes else f"fixed {cap}"

    def drawn(self, rate: float, runs: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Passes, attempts and how often, of every end that came about."""
        if self.passes is None:
            assert self.attempts is not None
            passes, times = np.unique(rng.binomial(self.attempts, rate, runs), return_counts=True)
            return passes, np.full(passes.size, self.attempts), times
        made = rng.negative_binomial(self.passes, rate, runs) + self.passes
        late = 0 if self.attempts is None else int((made > self.attempts).sum())
        attempts, times = np.unique(made[made <= self.attempts] if late else made, return_counts=True)
        passes = np.full(attempts.size, self.passes)
        if not late:
            return passes, attempts, times
        # Those that are cut short have fewer passes than it takes, with the chances of as many attempts.
        few = np.arange(self.passes)
        chance = stats.binom.pmf(few, self.attempts, rate)
        cut = rng.multinomial(late, chance / chance.sum())
        caps = np.full(self.passes, self.attempts)
        return np.r_[passes, few], np.r_[attempts, caps], np.r_[times, cut]


RULES = (
    Rule(None, 100),
    Rule(None, 1000),
    *(Rule(passes, cap) for passes in (2, 5, 8) for cap in (1000, 100_000, None)),
)


def bias(estimate: np.ndarray, truth: float, times: np.ndarray) -> str:
    """Of the truth, in per cent, and its standard error."""
    mean = np.average(estimate, weights=times)
    error = np.sqrt(np.average((estimate - mean) ** 2, weights=times) / times.sum())
    return f"{100 * (mean / truth - 1):+.2f} ± {100 * error / truth:.2f}"


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1_000_000)
    runs = parser.parse_args().runs
    at_k = []
    print("| stop | " + " | ".join(f"p {true:g}" for true in TRUE) + " |")
    print("|---" * (len(TRUE) + 1) + "|")
    for number, rule in enumerate(RULES):
        cells, more = [], []
        for place, true in enumerate(TRUE):
            passes, attempts, times = rule.drawn(true, runs, np.random.default_rng([number, place]))
            target = np.full(passes.size, rule.passes or (rule.attempts or 0) + 1)
            found = rates(passes, attempts, target)
            always = anytime_interval(passes, attempts)
            held = [
                np.average((low <= true) & (true <= high), weights=times)
                for low, high in ((found.low, found.high), always)
            ]
            cells.append(f"{bias(found.rate, true, times)}; {held[0]:.2%}, {held[1]:.2%}")
            more.append(bias(pass_at(K, passes, attempts, target), 1 - (1 - true) ** K, times))
        print(f"| {rule} | " + " | ".join(cells) + " |", flush=True)
        at_k.append(f"| {rule} | " + " | ".join(more) + " |")
    print(f"\nbias of pass@{K}\n")
    print("\n".join(at_k))


if __name__ == "__main__":
    main()
